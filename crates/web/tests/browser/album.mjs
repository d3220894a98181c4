// Pictures of every page of the demo: `node album.mjs DIR` writes PERSONA-PAGE-light.png, -dark.png and -phone.png for each.
import { mkdir } from "node:fs/promises";
import { launch } from "./browser.mjs";
import { demo, linked } from "./demo.mjs";
import { PAGES } from "./pages.mjs";
import { shoot } from "./shots.mjs";

const dir = process.argv[2];
if (!dir) {
  console.error("usage: node album.mjs DIR");
  process.exit(2);
}
await mkdir(dir, { recursive: true });
const [world, browser] = await Promise.all([demo(), launch()]);
const plain = (text) => text.toLowerCase().replaceAll(/[^a-z]+/g, "-").replaceAll(/^-|-$/g, "");
try {
  for (const [persona, paths] of PAGES) {
    const { cookies } = await world.as(persona);
    for (const path of paths) {
      const [from, prefix] = path.split(" → ");
      const found = prefix ? await linked(world.address, cookies, from, prefix) : from;
      await shoot(browser, dir, world.address + found, `${plain(persona)}-${plain(prefix ?? from)}`, cookies);
    }
  }
} finally {
  await browser.close();
  await world.stop();
}
