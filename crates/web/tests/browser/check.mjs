// Checks pages in a real browser: `node check.mjs [--cookie name=value] URL…`
//
// For each: no axe violation (light and dark, 1280 and 375 wide), no console message of error level, no refused
// resource, no sideways scroll at 320, and something to read without script. Prints what is wrong; exits 1 if anything is.
import { readFile } from "node:fs/promises";
import { axePath, launch, settled } from "./browser.mjs";

const axe = await readFile(axePath, "utf8");

const args = process.argv.slice(2);
const cookies = [];
const urls = [];
for (let i = 0; i < args.length; i++) {
  if (args[i] === "--cookie") cookies.push(args[++i]);
  else urls.push(args[i]);
}
if (urls.length === 0) {
  console.error("usage: node check.mjs [--cookie name=value] URL…");
  process.exit(2);
}

const VIEWS = [
  { name: "light 1280", width: 1280, height: 900, colorScheme: "light" },
  { name: "dark 1280", width: 1280, height: 900, colorScheme: "dark" },
  { name: "light 375", width: 375, height: 812, colorScheme: "light" },
  { name: "dark 375", width: 375, height: 812, colorScheme: "dark" },
];

/** Opens one page in one view and returns what is wrong with it. */
async function check(browser, url, view) {
  const { width, height, colorScheme } = view;
  // axe is put in by the debugger, which the page's policy does not stop; the policy itself stays on.
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: "reduce" });
  await context.addCookies(cookies.map((cookie) => ({ name: cookie.slice(0, cookie.indexOf("=")), value: cookie.slice(cookie.indexOf("=") + 1), url })));
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    // A stream that ends with the page, or is not there in a gallery, is no fault of the page.
    if (message.type() === "error" && !message.location().url.endsWith("/live")) faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  const response = await page.goto(url);
  if (!response) faults.push("no answer");
  await settled(page).catch((error) => faults.push(`charts: ${error.message.split("\n")[0]}`));
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const violation of found.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""})`);
    faults.push(`axe ${violation.id}: ${where.join("; ")}${violation.nodes.length > 3 ? ` and ${violation.nodes.length - 3} more` : ""}`);
  }
  if (width === 375) {
    await page.setViewportSize({ width: 320, height: 700 });
    await page.waitForTimeout(60);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) {
      const who = await page.evaluate(() => {
        const right = document.documentElement.clientWidth + 0.5;
        const out = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > right && !e.closest(".tablewrap, svg"));
        return out.slice(0, 3).map((e) => `${e.tagName.toLowerCase()}.${String(e.className).replaceAll(" ", ".")}`);
      });
      faults.push(`scrolls sideways by ${wide} at 320: ${who.join(", ")}`);
    }
  }
  await context.close();
  return faults.filter((fault, i) => faults.indexOf(fault) === i);
}

/** Without script a page must still say its title and hold its tables. */
async function plain(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
  await context.addCookies(cookies.map((cookie) => ({ name: cookie.slice(0, cookie.indexOf("=")), value: cookie.slice(cookie.indexOf("=") + 1), url })));
  const page = await context.newPage();
  await page.goto(url);
  const faults = [];
  if ((await page.locator("h1").count()) !== 1) faults.push("without script: not exactly one h1");
  for (const table of await page.locator("tl-chart details table").all()) {
    if (!(await table.isVisible())) faults.push("without script: a chart's table is hidden");
  }
  await context.close();
  return faults;
}

const browser = await launch();
let wrong = 0;
try {
  for (const url of urls) {
    const results = [];
    for (const view of VIEWS) results.push([view.name, await check(browser, url, view)]);
    results.push(["no script", await plain(browser, url)]);
    const faults = results.flatMap(([name, list]) => list.map((fault) => `  ${name}: ${fault}`));
    console.log(`${faults.length === 0 ? "ok   " : "WRONG"} ${url}`);
    for (const fault of faults) console.log(fault);
    wrong += faults.length;
  }
} finally {
  await browser.close();
}
process.exit(wrong === 0 ? 0 : 1);
