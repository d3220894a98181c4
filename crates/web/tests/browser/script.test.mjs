// What the script adds to a page: live parts, drawings that follow the width, theme, keys, toasts.
import { createServer } from "node:http";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import assert from "node:assert/strict";
import { launch, settled } from "./browser.mjs";
import { gallery } from "./gallery.mjs";

const pages = await gallery();
const streams = new Set();
let edit = (html) => html;
let asked = [];
// The gallery with a stream in front of it, and with pages that can change.
const front = createServer(async (request, response) => {
  if (request.url === "/live") {
    asked.push(request.headers["last-event-id"] ?? "");
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(": hello\n\n");
    streams.add(response);
    request.on("close", () => streams.delete(response));
    return;
  }
  const answer = await fetch(pages.address + request.url);
  const headers = Object.fromEntries(["content-type", "content-security-policy"].map((name) => [name, answer.headers.get(name)]).filter(([, value]) => value));
  response.writeHead(answer.status, headers);
  const type = headers["content-type"] ?? "";
  response.end(type.startsWith("text/html") ? edit(await answer.text()) : Buffer.from(await answer.arrayBuffer()));
});
await new Promise((done) => front.listen(0, "127.0.0.1", done));
const address = `http://127.0.0.1:${front.address().port}`;
const say = (event, id = "1") => {
  for (const stream of streams) stream.write(`id: ${id}\nevent: ${event}\ndata: {}\n\n`);
};
const connected = async () => {
  for (let i = 0; i < 200 && streams.size === 0; i++) await new Promise((done) => setTimeout(done, 25));
  assert.ok(streams.size > 0, "the page listens");
};

describe("the page's script", () => {
  let browser, context, page;
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    for (const stream of streams) stream.destroy();
    front.close();
    pages.stop();
  });
  beforeEach(async () => {
    edit = (html) => html;
    asked = [];
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
  });
  const open = async (name) => {
    await page.goto(`${address}/${name}`);
    await settled(page);
  };

  test("an event brings the parts of its name up to date, and no others", async () => {
    await open("team");
    await connected();
    edit = (html) => html.replaceAll("Maya Lindqvist", "Maya Changed");
    say("team");
    await page.locator("#alerts >> text=Maya Changed").first().waitFor({ timeout: 5000 });
    assert.equal(await page.locator("#also >> text=Chiara").count(), 1);
    edit = (html) => html.replaceAll("2 of your 9", "1 of your 9");
    say("alert");
    await page.locator("#alerts >> text=Maya Lindqvist").first().waitFor({ timeout: 5000 });
    assert.match(await page.locator("h1").textContent(), /^2 of your 9/);
  });

  test("charts that come with an update are drawn", async () => {
    await open("metric");
    await connected();
    edit = (html) => html.replace("Lower since the week", "Still lower since the week");
    say("alert");
    await page.locator("#chart >> text=Still lower").waitFor({ timeout: 5000 });
    await page.locator("#chart tl-chart.is-drawn svg").first().waitFor({ timeout: 5000 });
    assert.equal(await page.locator("#chart tl-chart svg.plot").count(), 1);
  });

  test("what someone is writing is not taken away", async () => {
    await open("session");
    await connected();
    await page.locator("#going_on").fill("Half a thought");
    await page.locator("#point").focus();
    edit = (html) => html.replaceAll("Hana", "Changed").replace("Thanks, that makes sense.", "A new message.");
    say("session");
    await page.locator("#thread >> text=A new message.").waitFor({ timeout: 5000 });
    assert.equal(await page.locator("#going_on").inputValue(), "Half a thought");
    assert.ok(await page.locator("#point").evaluate((field) => field === document.activeElement));
  });

  test("a lost stream is taken up again where it was", async () => {
    await open("team");
    await connected();
    for (const stream of streams) stream.write("retry: 100\n\n");
    say("team", "41");
    await page.waitForTimeout(400);
    for (const stream of streams) stream.destroy();
    streams.clear();
    await connected();
    assert.equal(asked.at(-1), "41");
  });

  test("drawings follow the width, and the table stays beside them", async () => {
    await open("metric");
    const width = () => page.locator("#chart svg.plot").evaluate((svg) => svg.clientWidth);
    const wide = await width();
    await page.setViewportSize({ width: 375, height: 812 });
    await page.waitForFunction((was) => document.querySelector("#chart svg.plot").clientWidth < was - 200, wide);
    assert.equal(await page.locator("#chart .chart__plot").getAttribute("role"), "img");
    assert.match(await page.locator("#chart .chart__plot").getAttribute("aria-label"), /usual range/);
    await page.locator("#chart summary", { hasText: "Show as a table" }).click();
    assert.ok(await page.locator("#chart table").isVisible());
    assert.equal(await page.locator("svg style").count(), 0);
  });

  test("the chosen colours stay, before the first paint", async () => {
    await open("today");
    await page.locator("summary.me").click();
    await page.getByRole("button", { name: "Dark" }).click();
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    await open("team");
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), ["theme"]);
    await page.locator("summary.me").click();
    await page.getByRole("button", { name: "System" }).click();
    assert.equal(await page.locator("html").getAttribute("data-theme"), null);
    await page.keyboard.press("Escape");
    assert.ok(!(await page.locator(".menu__body").isVisible()));
  });

  test("a slash goes to the find box, but not while writing", async () => {
    await open("people");
    await page.keyboard.press("/");
    assert.ok(await page.locator("#q").evaluate((field) => field === document.activeElement));
    await page.keyboard.type("a/b");
    assert.equal(await page.locator("#q").inputValue(), "a/b");
  });

  test("a toast can be sent away", async () => {
    await open("today-calm");
    await page.locator(".toast").getByRole("button", { name: "Close" }).click();
    assert.equal(await page.locator(".toast").count(), 0);
  });

  test("a link to a folded way out opens it", async () => {
    await open("alert");
    assert.ok(!(await page.locator("#until").isVisible()));
    await page.goto(`${address}/alert#wait`);
    await page.locator("#until").waitFor({ timeout: 5000 });
  });
});
