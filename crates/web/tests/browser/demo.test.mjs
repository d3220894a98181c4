// The served demo in a real browser: every page that its people see passes what a page must pass, and what they come
// for every day stays within its clicks. A picker or a radio counts one click, typing none.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { launch, settled } from "./browser.mjs";
import { cookiesFor, faults } from "./checks.mjs";
import { demo, linked } from "./demo.mjs";
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

/** Does a job from somebody's own home page, with and without script, and counts the clicks. */
function job(name, persona, budget, steps) {
  test(`${name}: ${budget} clicks`, async () => {
    const { cookies, home } = await world.as(persona);
    const page = await opened(cookies, home);
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
const link = (page, name) => page.getByRole("link", { name }).first();

describe("jobs stay within their clicks", () => {
  job("a team member sees how they are doing", "Account manager", 0, async (page) => {
    assert.ok((await page.locator(".tile").count()) >= 3);
    assert.match(await page.locator(".tile").first().innerText(), /target/);
  });
  job("a team member answers a red", "Account manager", 2, async (page, click) => {
    await click(page.locator("#alerts").getByRole("link", { name: "Open" }));
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
  job("a leader proposes support that fits", "Branch leader", 2, async (page, click) => {
    await click(page.locator(".alertcard h3 a").first());
    await click(button(page, /^Propose to/));
    assert.match(await page.locator("main").innerText(), /Proposed/i);
  });
  job("a leader follows up what was agreed", "Branch leader", 2, async (page, click) => {
    await click(page.locator("#checks").getByRole("button", { name: "Continue" }).first());
    assert.equal(await page.locator("h1").count(), 1);
  });
  job("a leader holds the talk and records it", "Branch leader", 3, async (page, click) => {
    await click(button(page, /^Talk/));
    await page.locator("[name=going_on]").fill("The desk by the entrance cuts calls short.");
    await page.locator("[name=we_try]").fill("Two quiet mornings in the room with a door.");
    await click(button(page, /^Agree and send/));
    assert.match(await page.locator("main").innerText(), /Daniel Osei agreed/);
  });
  job("the person agrees in the 1:1", "Account manager", 3, async (page, click) => {
    await click(link(page, "Coaching"));
    await click(page.locator("main a[href^='/sessions/']").first());
    await click(button(page, "I agree"));
    assert.match(await page.locator("main").innerText(), /Two quiet mornings/);
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
    await click(page.locator("main a[href^='/chains/study_']").first());
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
