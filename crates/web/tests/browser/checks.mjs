// What every page must pass in a real browser: no axe violation (light, and then dark, 1280 and 375 wide), no console message
// of error level, no refused resource, no sideways scroll at 320, and its title and tables without script.
import { readFile } from "node:fs/promises";
import { axePath, settled } from "./browser.mjs";

const axe = await readFile(axePath, "utf8");

const WIDTHS = [
  { name: "1280", width: 1280, height: 900 },
  { name: "375", width: 375, height: 812 },
];

/** What a colour scheme can change; everything else that axe looks at is the same in light and dark. */
const OF_COLOUR = ["color-contrast", "link-in-text-block"];

/** Cookies given as `name=value`, for the site of `url`. */
export const cookiesFor = (url, cookies) =>
  cookies.map((cookie) => ({ name: cookie.slice(0, cookie.indexOf("=")), value: cookie.slice(cookie.indexOf("=") + 1), url }));

/** Opens a page in every view and without script; returns what is wrong with it, a line each. */
export async function faults(browser, url, cookies = []) {
  const lists = await Promise.all([
    ...WIDTHS.map((width) => atWidth(browser, url, width, cookies)),
    plain(browser, url, cookies).then((list) => list.map((fault) => `no script: ${fault}`)),
  ]);
  return lists.flat();
}

async function atWidth(browser, url, { name, width, height }, cookies) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: "light", reducedMotion: "reduce" });
  await context.addCookies(cookiesFor(url, cookies));
  const page = await context.newPage();
  const found = new Set();
  let view = `light ${name}`;
  const add = (fault) => found.add(`${view}: ${fault}`);
  page.on("console", (message) => {
    // A stream that ends with the page, or is not there in a gallery, is no fault of the page.
    if (message.type() === "error" && !message.location().url.endsWith("/live")) add(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => add(`script: ${error.message}`));
  if (!(await page.goto(url))) add("no answer");
  await settled(page).catch((error) => add(`charts: ${error.message.split("\n")[0]}`));
  // Put in by the debugger, which the page's policy does not stop; the policy itself stays on.
  await page.evaluate(axe);
  const judge = async (options) => {
    const report = await page.evaluate((options) => globalThis.axe.run(document, options), { resultTypes: ["violations"], ...options });
    for (const { id, nodes } of report.violations) {
      const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""})`);
      add(`axe ${id}: ${where.join("; ")}${nodes.length > 3 ? ` and ${nodes.length - 3} more` : ""}`);
    }
  };
  await judge({});
  view = `dark ${name}`;
  await page.emulateMedia({ colorScheme: "dark" });
  await settled(page).catch((error) => add(`charts: ${error.message.split("\n")[0]}`));
  await judge({ runOnly: OF_COLOUR });
  if (width === 375) {
    await page.setViewportSize({ width: 320, height: 700 });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    // What a card cuts off does not make the page scroll, and is lost all the same.
    const who = await page.evaluate(() => {
      const right = document.documentElement.clientWidth + 0.5;
      const scrolls = (e) => e && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement?.closest("main *")));
      const out = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > right && !e.closest("svg, .vh") && !scrolls(e));
      return out.slice(0, 3).map((e) => `${e.tagName.toLowerCase()}.${String(e.className).replaceAll(" ", ".")}`);
    });
    if (wide > 0) add(`scrolls sideways by ${wide} at 320: ${who.join(", ")}`);
    else if (who.length > 0) add(`cut off at 320: ${who.join(", ")}`);
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
