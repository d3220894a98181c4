// Signs in to the demo as the leader and takes a picture of the team page.
// Arguments: the browser, the address of the demo, the file to write.
import { createRequire } from 'node:module';

const [browserPath, address, file] = process.argv.slice(-3);
const { chromium } = createRequire(`${process.cwd()}/`)('playwright-core');

const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
// The superuser cannot use Chromium's sandbox; what is opened here is our own page.
const sandbox = process.getuid() === 0 ? ['--no-sandbox'] : [];
const browser = await chromium.launch({ executablePath: browserPath, args: [...quiet, ...sandbox] });
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 960 },
    colorScheme: 'light',
    locale: 'en-GB',
  });
  await page.goto(address);
  await page.locator('form.persona', { hasText: 'Branch leader' }).first().getByRole('button').click();
  await page.goto(new URL('/team', address).href);
  await page.waitForLoadState('load');
  await page.waitForTimeout(500);
  const heading = (await page.locator('h1').first().textContent())?.trim();
  await page.screenshot({ path: file, animations: 'disabled' });
  console.log(`team page: ${heading}`);
} finally {
  await browser.close();
}
