// Pictures of pages: `node shots.mjs [--cookie name=value] DIR URL…` writes NAME-light.png, -dark.png, -phone.png for each.
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, settled } from "./browser.mjs";
import { cookiesFor } from "./checks.mjs";

const VIEWS = [["light", 1280, 900, "light"], ["dark", 1280, 900, "dark"], ["phone", 375, 812, "light"]];

/** Takes the three pictures of one page. */
export async function shoot(browser, dir, url, name, cookies) {
  for (const [view, width, height, colorScheme] of VIEWS) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
    await context.addCookies(cookiesFor(url, cookies));
    const page = await context.newPage();
    await page.goto(url);
    await settled(page);
    await page.screenshot({ path: `${dir}/${name}-${view}.png`, fullPage: true });
    await context.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  const cookies = [];
  while (args[0] === "--cookie") cookies.push(args.splice(0, 2)[1]);
  const [dir, ...urls] = args;
  if (!dir || urls.length === 0) {
    console.error("usage: node shots.mjs [--cookie name=value] DIR URL…");
    process.exit(2);
  }
  await mkdir(dir, { recursive: true });
  const browser = await launch();
  try {
    for (const url of urls) {
      const name = new URL(url).pathname.replaceAll("/", "-").replace(/^-/, "") || "index";
      await shoot(browser, dir, url, name, cookies);
    }
  } finally {
    await browser.close();
  }
}
