// Checks pages in a real browser: `node check.mjs [--cookie name=value] URL…`. Prints what is wrong; exits 1 if anything is.
import { launch } from "./browser.mjs";
import { faults } from "./checks.mjs";

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
const browser = await launch();
let wrong = 0;
try {
  for (const url of urls) {
    const found = await faults(browser, url, cookies);
    console.log(`${found.length === 0 ? "ok   " : "WRONG"} ${url}`);
    for (const fault of found) console.log(`  ${fault}`);
    wrong += found.length;
  }
} finally {
  await browser.close();
}
process.exit(wrong === 0 ? 0 : 1);
