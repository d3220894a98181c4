// Chromium through Playwright, from the packages that the assets are built with.
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const require = createRequire(fileURLToPath(new URL("../../assets/package.json", import.meta.url)));
const { chromium } = require("playwright-core");

/** Where axe's script lies. */
export const axePath = require.resolve("axe-core/axe.min.js");

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Starts the system's Chromium; `THROUGHLINE_CHROMIUM` names another one. */
export function launch() {
  const executablePath = process.env.THROUGHLINE_CHROMIUM ?? CANDIDATES.find((path) => existsSync(path));
  if (!executablePath) throw new Error("no Chromium found: install it (apt install chromium) or set THROUGHLINE_CHROMIUM to its path");
  return chromium.launch({
    executablePath,
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** Waits until every chart in the page is drawn and fonts have settled. */
export async function settled(page) {
  await page.waitForLoadState("load");
  await page.waitForFunction(() => [...document.querySelectorAll("tl-chart")].every((chart) => chart.clientWidth < 80 || chart.classList.contains("is-drawn")), undefined, { timeout: 10_000 });
}
