// The served demo in a real browser: every page that its people see passes what a page must pass, and what they come
// for every day stays within its clicks. A picker or a radio counts one click, typing none.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { launch, settled } from "./browser.mjs";
import { cookiesFor, faults } from "./checks.mjs";
import { demo, linked, through } from "./demo.mjs";
import { PAGES } from "./pages.mjs";

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

// Read first, before anything below changes the demo.
describe("every page of the demo", () => {
  test("/demo", async () => assert.deepEqual(await faults(browser, `${world.address}/demo`), []));
  for (const [persona, paths] of PAGES) {
    for (const path of paths) {
      test(`${persona}: ${path}`, async () => {
        const { cookies } = await world.as(persona);
        const [from, prefix] = path.split(" → ");
        const found = prefix ? await linked(world.address, cookies, from, prefix) : from;
        assert.deepEqual(await faults(browser, world.address + found, cookies), []);
      });
    }
  }
});

test("each chain prints on one page", async () => {
  const { cookies } = await world.as("VP Operations");
  const list = await (await fetch(`${world.address}/chains`, { headers: { cookie: cookies.join("; ") } })).text();
  const chains = [...new Set([...list.matchAll(/href="(\/chains\/study_[^"]+)"/g)].map((match) => match[1]))];
  assert.ok(chains.length >= 5);
  for (const path of chains) {
    const page = await opened(cookies, path);
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
    assert.equal(pdf.match(/\/Type\s*\/Page\b/g)?.length, 1, await page.locator("h1").innerText());
    await page.context().close();
  }
});

test("moments say their time zone or are the organisation's, and no page shows a raw one", async () => {
  for (const [persona, paths] of PAGES) {
    const { cookies } = await world.as(persona);
    for (const path of paths.filter((path) => !path.includes(" → "))) {
      const text = await (await fetch(world.address + path, { headers: { cookie: cookies.join("; ") } })).text();
      const shown = text.replaceAll(/<script[\s\S]*?<\/script>|<[^>]*>/g, " ");
      assert.doesNotMatch(shown, /\d{4}-\d{2}-\d{2}T\d{2}:/, path);
      assert.doesNotMatch(shown, /\b1 (people|weeks|alerts|rows|metrics|talks|units|mails|days)\b/, path);
      assert.doesNotMatch(shown, /\b(undefined|NaN|null|None\)|Some\()\b/, path);
    }
  }
});

/** A page of somebody, opened and drawn. */
async function opened(cookies, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  await context.addCookies(cookiesFor(world.address, cookies));
  const page = await context.newPage();
  await page.goto(world.address + path);
  if (options.javaScriptEnabled !== false) await settled(page);
  return page;
}

/**
 * Does a job from somebody's own home page, or from the page that a message brings them to, and counts the clicks.
 * `from` is `page → prefix`: the first address under the prefix that the page links to, as a mail would.
 */
function job(name, persona, budget, steps, from) {
  test(`${name}: ${budget} clicks`, async () => {
    const { cookies, home } = await world.as(persona);
    const [start, prefix] = from?.split(" → ") ?? [];
    const page = await opened(cookies, from ? await linked(world.address, cookies, start, prefix) : home);
    let clicks = 0;
    const click = async (found) => {
      clicks += 1;
      await found.click();
      await page.waitForLoadState("load");
    };
    await steps(page, click);
    assert.ok(clicks <= budget, `${clicks} clicks`);
    await page.context().close();
  });
}

const button = (page, name) => page.getByRole("button", { name }).first();
const card = (page, person) => page.locator(".alertcard").filter({ hasText: person });
const link = (page, name) => page.getByRole("link", { name }).first();

describe("jobs stay within their clicks", () => {
  // In this order: each leaves the demo as the next one finds it.
  job("a team member sees how they are doing", "Account manager", 0, async (page) => {
    const tiles = await page.locator(".tile").count();
    assert.ok(tiles >= 3 && tiles <= 6, `${tiles} metrics`);
    assert.match(await page.locator(".tile").first().innerText(), /target/);
    assert.match(await page.locator("h1").innerText(), /worth a look|Nothing needs you today/);
  });
  job("a team member sees all of it on a phone without scrolling", "Account manager", 0, async (page) => {
    await page.setViewportSize({ width: 375, height: 812 });
    const bottom = (found) => found.evaluate((element) => element.getBoundingClientRect().bottom);
    const [foot, bar] = [await bottom(page.locator(".tile").last()), await page.locator(".tabbar").evaluate((bar) => bar.getBoundingClientRect().top)];
    assert.ok(foot <= bar, `the last metric ends at ${foot}, the bar begins at ${bar}`);
  });
  job("a team member starts the one useful small thing", "Account manager", 3, async (page, click) => {
    const card = page.locator(".alertcard--try");
    assert.match(await card.innerText(), /For .+\./, "its why");
    assert.match(await card.innerText(), /\d+ min|no extra minutes/, "its minutes");
    await click(card.getByRole("button", { name: "I’ll take it" }));
    assert.match(await page.locator("main, .toast").first().innerText(), /./);
    assert.equal(await page.locator(".alertcard--try").count(), 0);
  });
  job("a team member answers a red", "Account manager", 2, async (page, click) => {
    await click(page.locator("#alerts").getByRole("link", { name: "Open" }));
    assert.match(await page.locator("#likely").innerText(), /change/);
    await page.locator("textarea[name=text]").first().fill("The phones were moved.");
    await click(button(page, "Send my answer"));
    assert.match(await page.locator("main").innerText(), /The phones were moved/);
  });
  job("a team member changes their commitment", "Account manager", 2, async (page, click) => {
    await click(page.locator(".tile a").first());
    await page.locator("#level").fill("39");
    await page.locator("#why").fill("A quieter month");
    await click(button(page, "Save my commitment"));
    assert.match(await page.locator("main").innerText(), /A quieter month/);
  });
  job("a team member sees who looked", "Account manager", 2, async (page, click) => {
    await click(link(page, /My data/));
    assert.match(await page.locator("main").innerText(), /looked/i);
  });
  job("a leader knows who needs them", "Branch leader", 0, async (page) => {
    assert.match(await page.locator("h1").innerText(), /^2 of your 9 people need you/);
  });
  job("a leader answers a message", "Branch leader", 1, async (page, click) => {
    await page.locator("#text").fill("Let us look at the desk first.");
    await click(button(page, "Send"));
    assert.match(await page.locator("#thread").innerText(), /Let us look at the desk first/);
  }, "/team → /alerts/");
  job("a leader proposes support that fits", "Branch leader", 2, async (page, click) => {
    await click(card(page, "Maya Lindqvist").locator("h3 a"));
    const kinds = await page.locator(".support__kind > span:first-child").allInnerTexts();
    assert.ok(new Set(kinds).size >= 2 && kinds.some((kind) => !/lesson/i.test(kind)), `kinds: ${kinds}`);
    await click(button(page, /^Propose to/));
    assert.match(await page.locator("main").innerText(), /Proposed/i);
  });
  job("a team member swaps what was proposed", "Account manager", 2, async (page, click) => {
    await click(page.locator(".alertcard--try summary"));
    await page.locator("#reason").fill("I do this already");
    await click(button(page, "Swap"));
    assert.equal(await page.locator("h1").count(), 1);
  });
  job("a leader waits until a date", "Branch leader", 2, async (page, click) => {
    await click(card(page, "Rafael Ortega").getByRole("link", { name: "Wait until…" }));
    await page.locator("#wait-why").fill("The route is being planned anew.");
    await click(page.getByRole("button", { name: "Wait", exact: true }));
    assert.match(await page.locator("h1").innerText(), /^1 of your 9 people needs you/);
    // Not part of the job: it is there again for the next one.
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await page.waitForLoadState("load");
  });
  job("a leader says that data are wrong", "Branch leader", 2, async (page, click) => {
    await click(card(page, "Rafael Ortega").getByRole("link", { name: "Data is wrong" }));
    await page.locator("#wrong-text").fill("Meetings by phone are not counted.");
    await click(button(page, "Mark as in question"));
    assert.match(await page.locator("main").innerText(), /Data in question/);
    // Not part of the job either: taken back.
    await page.evaluate(() => fetch(`${location.pathname}/undo`, { method: "POST" }));
  });
  job("a leader follows up what was agreed", "Branch leader", 2, async (page, click) => {
    assert.match(await page.locator("#checks").innerText(), /Talked on/);
    await click(page.locator("#checks").getByRole("button", { name: "Continue" }).first());
    assert.equal(await page.locator("h1").count(), 1);
  });
  job("a leader compares the team with itself", "Branch leader", 1, async (page, click) => {
    await click(page.locator("#board thead").getByRole("link", { name: "Successful calls" }));
    await settled(page);
    assert.equal(await page.locator("tl-chart.is-drawn").count(), 3, "each, the spread, the season");
    assert.match(await page.locator("#aim-section").innerText(), /12 of 12/);
  });
  job("a leader sets a target with the team", "Branch leader", 4, async (page, click) => {
    await click(page.locator("#board thead").getByRole("link", { name: "Successful calls" }));
    await page.locator("#level").fill("38");
    await page.locator("#why").fill("What the year has shown.");
    await click(button(page, "What would it do?"));
    assert.match(await page.locator("#target .note").innerText(), /missed in \d+\s?% of weeks by chance alone/);
    assert.equal(await page.locator("#why").inputValue(), "What the year has shown.");
    await click(button(page, /^Set it for all nine/));
    assert.match(await page.locator("#aim-section").innerText(), /\b38\b/);
  });
  job("a leader goes from a red to a recorded talk", "Branch leader", 3, async (page, click) => {
    const began = Date.now();
    await click(card(page, "Maya Lindqvist").getByRole("button", { name: /^Talk/ }));
    assert.match(await page.locator("#agenda").innerText(), /The phones were moved/, "the agenda is drafted from facts");
    await page.locator("[name=going_on]").fill("The desk by the entrance cuts calls short.");
    await page.locator("[name=we_try]").fill("Two quiet mornings in the room with a door.");
    await click(button(page, /^Agree and send/));
    assert.match(await page.locator("main").innerText(), /Daniel Osei agreed/);
    assert.ok(Date.now() - began < 30_000);
  });
  job("the person adds a point and agrees in the 1:1", "Account manager", 3, async (page, click) => {
    await click(page.locator("#coming a[href^='/sessions/']").first());
    await page.locator("#point").fill("Friday hours in April");
    await click(button(page, "Add"));
    await click(button(page, "I agree"));
    assert.match(await page.locator("main").innerText(), /Maya Lindqvist agreed/);
    assert.match(await page.locator("main").innerText(), /Friday hours in April/);
  });
  job("an executive sees which supports pay", "VP Operations", 1, async (page, click) => {
    await click(link(page, "Results"));
    assert.match(await page.locator("main").innerText(), /grade/i);
  });
  job("an executive reads how sure a result is", "VP Operations", 1, async (page, click) => {
    await click(page.locator("main a[href^='/chains/study_']").first());
    assert.match(await page.locator("main").innerText(), /Grade [A-E]/);
  });
  job("an executive gives finance something to compute again", "VP Operations", 2, async (page, click) => {
    // Of whole units: rows about small groups of people are the analyst's to give.
    await click(page.locator("main a[href^='/chains/study_']", { hasText: "planning routine" }).first());
    const file = page.waitForEvent("download");
    await click(link(page, "Evidence pack"));
    assert.match((await file).suggestedFilename(), /reading-\d+\.json$/);
  });
  job("an analyst watches what is under way", "Performance analyst", 1, async (page, click) => {
    await click(link(page, "Chains"));
    const board = await page.locator("section:has(#running)").innerText();
    assert.match(board, /Two quiet calling blocks/);
    assert.match(board, /Complaints: (not seen to be worse|worse)/);
    assert.match(board, /in \d+ weeks/);
  });
  job("an analyst reads a result and writes it up", "Performance analyst", 3, async (page, click) => {
    await click(link(page, "Chains"));
    await click(page.locator("main a[href^='/chains/study_']").first());
    assert.match(await page.locator("main").innerText(), /Why grade [A-E]/);
    await click(page.locator("summary", { hasText: "Decide…" }));
    await page.locator("#reason").fill("To be looked at with the owner.");
  });
  job("an analyst writes a hypothesis and sees what could be seen", "Performance analyst", 6, async (page, click) => {
    await click(link(page, "Chains"));
    await click(link(page, "A new hypothesis"));
    const chosen = async (field, label) => click({ click: () => page.locator(field).selectOption({ label }) });
    await chosen("#support", "Call opener card");
    await chosen("#metric", "Successful calls");
    await page.locator("#by").fill("2");
    await page.locator("#because").fill("calls end before the first question");
    await click(page.getByLabel("Complaints"));
    await click(button(page, "Save the draft"));
    const text = await page.locator("main").innerText();
    assert.match(text, /Can this metric carry it\?/);
    assert.match(text, /All in waves, order by lot/);
  });
  job("an analyst checks whether a metric can carry a study", "Performance analyst", 2, async (page, click) => {
    await click(link(page, "Chains"));
    await click(page.locator("main a[href^='/studies/study_']").last());
    assert.match(await page.locator("main").innerText(), /Can this metric carry it\?|in a hundred arrived/);
  });
  job("an analyst retires what costs minutes and shows nothing", "Performance analyst", 2, async (page, click) => {
    await click(link(page, "Results"));
    const name = (await page.locator("section:has(form[action$='/decide']) h2").first().innerText()).match(/“(.+)”/)[1];
    await page.locator("input[name=reason]").first().fill("Forty-five minutes each, and nothing to show for it.");
    await click(button(page, "Retire it"));
    assert.match(await page.locator("main").innerText(), /[Ss]top: .*Forty-five minutes each/);
    assert.ok(name.length > 3);
  });
  job("an administrator sees whether everything is flowing", "IT integrator", 1, async (page) => {
    assert.match(await page.locator("h1").innerText(), /feeds are flowing/);
  });
});

describe("pictures", () => {
  test("a chart is read value by value from the keyboard, and prints without what is for the hand", async () => {
    const { cookies } = await world.as("Account manager");
    const page = await opened(cookies, await linked(world.address, cookies, "/today", "/people/"));
    const reader = page.locator("tl-chart .chart__reader").first();
    await reader.focus();
    const newest = await reader.getAttribute("aria-valuetext");
    assert.match(newest, /^Week of \d+ \w+\. /);
    await page.keyboard.press("ArrowLeft");
    const before = await reader.getAttribute("aria-valuetext");
    assert.notEqual(before, newest);
    const tip = page.locator("tl-chart .chart__tip").first();
    assert.ok(await tip.isVisible());
    assert.ok(before.startsWith(await tip.locator("b").innerText()));
    await page.keyboard.press("Home");
    assert.equal(await reader.getAttribute("aria-valuenow"), "1");
    await page.keyboard.press("Escape");
    assert.ok(!(await tip.isVisible()));
    await page.emulateMedia({ media: "print" });
    assert.ok(await page.locator("tl-chart svg.plot").first().isVisible());
    for (const gone of [".topbar", ".chart__reader", "form", ".btn"]) {
      for (const one of await page.locator(gone).all()) assert.ok(!(await one.isVisible()), gone);
    }
    await page.context().close();
  });
});

test("a page that was cut off catches up with what happened meanwhile", async () => {
  const { cookies } = await world.as("Branch leader");
  const wire = await through(world.address);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addCookies(cookiesFor(wire.address, cookies));
  const page = await context.newPage();
  await page.goto(`${wire.address}/coaching`);
  await settled(page);
  await wire.carries("/live");
  // Nothing has been heard of yet when the line is cut, and while it is cut something happens.
  await wire.cut();
  const talk = await linked(world.address, cookies, "/coaching", "/sessions/");
  const sent = await fetch(`${world.address}${talk}/point`, {
    method: "POST",
    headers: { cookie: cookies.join("; "), origin: world.address },
    body: new URLSearchParams({ text: "Said while the line was cut" }),
    redirect: "manual",
  });
  assert.equal(sent.status, 303);
  await page.evaluate(() => document.getElementById("talks").setAttribute("data-stale", "yes"));
  wire.mend();
  await page.locator("#talks:not([data-stale])").waitFor({ timeout: 20_000 });
  await context.close();
  await wire.stop();
});

test("a talk can be opened and recorded without script", async () => {
  const { cookies } = await world.as("Branch leader");
  const page = await opened(cookies, "/team", { javaScriptEnabled: false });
  await button(page, /^Talk/).click();
  await page.locator("[name=going_on]").fill("Without script.");
  await page.locator("[name=we_try]").fill("The same page.");
  await button(page, /^Save without sending/).click();
  assert.equal(await page.locator("[name=going_on]").inputValue(), "Without script.");
  await page.context().close();
});
