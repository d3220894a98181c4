// Every page in every state of the gallery: what a page must pass, before any real data meets it.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { launch } from "./browser.mjs";
import { faults } from "./checks.mjs";
import { gallery } from "./gallery.mjs";

const { address, names, stop } = await gallery();

describe("every page of the gallery", () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    stop();
  });
  for (const name of names) {
    test(name, async () => assert.deepEqual(await faults(browser, `${address}/${name}`), []));
  }
});
