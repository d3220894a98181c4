// What a leader does with a red besides talking, and notes that nobody else reads, on the served demo: within their clicks
// (product/stories.md 2.2), and every page of it passes what a page must pass.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { launch, settled } from "./browser.mjs";
import { cookiesFor, faults } from "./checks.mjs";
import { demo, linked } from "./demo.mjs";

let world;
let browser;
before(async () => {
  world = await demo();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

/** A page of the leader's, and a way to click that counts. */
async function leader(path) {
  const { cookies } = await world.as("Branch leader");
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  await context.addCookies(cookiesFor(world.address, cookies));
  const page = await context.newPage();
  await page.goto(world.address + (path ?? (await linked(world.address, cookies, "/team", "/sessions/"))));
  await settled(page);
  const clicks = { count: 0 };
  const click = async (found) => {
    clicks.count += 1;
    await found.click();
    await page.waitForLoadState("load");
  };
  return { page, click, clicks, cookies };
}

for (const path of ["/silences", "/me/notes", "/questions"]) {
  test(`${path} passes what a page must pass`, async () => {
    const { cookies } = await world.as("Branch leader");
    assert.deepEqual(await faults(browser, world.address + path, cookies), []);
  });
}

test("a leader waits until a date, in two clicks, and takes it back in one more", async () => {
  const { page, click, clicks } = await leader("/team");
  await click(page.getByRole("link", { name: "Wait until…" }).first());
  await page.locator("#wait-why").fill("The phones are being replaced.");
  await click(page.locator("#wait").getByRole("button", { name: "Wait", exact: true }));
  assert.equal(clicks.count, 2);
  assert.match(await page.locator(".toast").innerText(), /It waits until/);
  await click(page.locator(".toast").getByRole("button", { name: "Undo" }));
  assert.match(await page.locator("#history").innerText(), /took the last step back/);
  await page.context().close();
});

test("a leader has data checked, in two clicks", async () => {
  const { page, click, clicks } = await leader("/team");
  await click(page.getByRole("link", { name: "Data is wrong" }).first());
  await page.locator("#wrong-text").fill("A line is missing.");
  await click(page.locator("#wrong").getByRole("button", { name: "Mark as in question" }));
  assert.equal(clicks.count, 2);
  assert.match(await page.locator("main").innerText(), /Data in question/);
  await page.context().close();
});

test("a note that nobody else can read, in three clicks from the talk", async () => {
  const { page, click, clicks } = await leader();
  await click(page.getByRole("link", { name: "Choose a phrase" }));
  await page.locator("#phrase").fill("the quiet blue door");
  await click(page.getByRole("button", { name: "Use this phrase" }));
  assert.match(await page.locator("code").innerText(), /^([0-9a-z]{4}-){7}[0-9a-z]{4}$/);
  await click(page.getByRole("link", { name: "I have written it down" }));
  assert.equal(clicks.count, 3);
  await page.locator("#note-text").fill("Ask about the desk.");
  await click(page.getByRole("button", { name: "Keep" }));
  assert.equal(await page.locator("#note-text").inputValue(), "Ask about the desk.");
  await page.context().close();
});
