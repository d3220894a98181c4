// What every page must pass in a real browser: no axe violation (light and dark, 1280 and 375 wide), no console message
// of error level, no refused resource, no sideways scroll at 320, and its title and tables without script.
import { readFile } from "node:fs/promises";
import { axePath, settled } from "./browser.mjs";

const axe = await readFile(axePath, "utf8");

export const VIEWS = [
  { name: "light 1280", width: 1280, height: 900, colorScheme: "light" },
  { name: "dark 1280", width: 1280, height: 900, colorScheme: "dark" },
  { name: "light 375", width: 375, height: 812, colorScheme: "light" },
  { name: "dark 375", width: 375, height: 812, colorScheme: "dark" },
];

/** Cookies given as `name=value`, for the site of `url`. */
export const cookiesFor = (url, cookies) =>
  cookies.map((cookie) => ({ name: cookie.slice(0, cookie.indexOf("=")), value: cookie.slice(cookie.indexOf("=") + 1), url }));

/** Opens a page in every view and without script; returns what is wrong with it, a line each. */
export async function faults(browser, url, cookies = []) {
  const lists = await Promise.all([
    ...VIEWS.map(async (view) => (await inView(browser, url, view, cookies)).map((fault) => `${view.name}: ${fault}`)),
    plain(browser, url, cookies).then((list) => list.map((fault) => `no script: ${fault}`)),
  ]);
  return lists.flat();
}

async function inView(browser, url, { width, height, colorScheme }, cookies) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
  await context.addCookies(cookiesFor(url, cookies));
  const page = await context.newPage();
  const found = new Set();
  page.on("console", (message) => {
    // A stream that ends with the page, or is not there in a gallery, is no fault of the page.
    if (message.type() === "error" && !message.location().url.endsWith("/live")) found.add(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => found.add(`script: ${error.message}`));
  if (!(await page.goto(url))) found.add("no answer");
  await settled(page).catch((error) => found.add(`charts: ${error.message.split("\n")[0]}`));
  // Put in by the debugger, which the page's policy does not stop; the policy itself stays on.
  await page.evaluate(axe);
  const report = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, nodes } of report.violations) {
    const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""})`);
    found.add(`axe ${id}: ${where.join("; ")}${nodes.length > 3 ? ` and ${nodes.length - 3} more` : ""}`);
  }
  if (width === 375) {
    await page.setViewportSize({ width: 320, height: 700 });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) {
      const who = await page.evaluate(() => {
        const right = document.documentElement.clientWidth + 0.5;
        const out = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > right && !e.closest(".tablewrap, svg"));
        return out.slice(0, 3).map((e) => `${e.tagName.toLowerCase()}.${String(e.className).replaceAll(" ", ".")}`);
      });
      found.add(`scrolls sideways by ${wide} at 320: ${who.join(", ")}`);
    }
  }
  await context.close();
  return [...found];
}

async function plain(browser, url, cookies) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
  await context.addCookies(cookiesFor(url, cookies));
  const page = await context.newPage();
  await page.goto(url);
  const found = [];
  if ((await page.locator("h1").count()) !== 1) found.push("not exactly one h1");
  for (const table of await page.locator("tl-chart details table").all()) {
    if (!(await table.isVisible())) found.push("a chart's table is hidden");
  }
  await context.close();
  return found;
}
