// @xapi/xapi against a real server: one statement, a batch, both read back, a filter, a state document, and a fault.
// Reads ENDPOINT, KEY and SECRET from the environment; ends with 1 and the reason where something is not as it should be.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const XAPI = createRequire(import.meta.url)("@xapi/xapi").default;
const { ENDPOINT, KEY, SECRET } = process.env;

for (const version of ["1.0.3", "2.0.0"]) {
  const xapi = new XAPI({ endpoint: ENDPOINT, auth: XAPI.toBasicAuth(KEY, SECRET), version });
  const actor = { objectType: "Agent", name: "Maya", mbox: `mailto:maya.${version}@northwind.example` };
  const statement = (n) => ({
    actor,
    verb: XAPI.Verbs.COMPLETED,
    object: { objectType: "Activity", id: `https://learn.northwind.example/lessons/${n}` },
    result: { completion: true, duration: "PT6M" },
  });

  const about = await xapi.getAbout();
  assert.ok(about.data.version.includes(version), "about names the version");

  const one = await xapi.sendStatement({ statement: statement(1) });
  assert.equal(one.data.length, 1);
  const read = await xapi.getStatement({ statementId: one.data[0] });
  assert.equal(read.data.actor.mbox, actor.mbox);
  assert.equal(read.data.result.duration, "PT6M");
  assert.ok(read.data.stored && read.data.authority, "the server adds when it stored it and who vouches");

  const batch = await xapi.sendStatements({ statements: [2, 3, 4, 5].map(statement) });
  assert.equal(batch.data.length, 4);
  const seen = [];
  let answer = await xapi.getStatements({ agent: actor, limit: 2 });
  for (;;) {
    seen.push(...answer.data.statements.map((s) => s.id));
    if (!answer.data.more) break;
    answer = await xapi.getMoreStatements({ more: answer.data.more });
  }
  assert.deepEqual(seen, [...one.data, ...batch.data].reverse(), "newest first, over every page");

  await xapi.voidStatement({ actor, statementId: one.data[0] });
  const voided = await xapi.getVoidedStatement({ voidedStatementId: one.data[0] });
  assert.equal(voided.data.id, one.data[0]);

  const place = { agent: actor, activityId: "https://learn.northwind.example/lessons/1", stateId: "bookmark" };
  await xapi.createState({ ...place, state: { page: 3 } });
  assert.deepEqual((await xapi.getState(place)).data, { page: 3 });

  const refused = await xapi.sendStatement({ statement: { ...statement(6), actor: { mbox: "maya" } } }).catch((e) => e);
  const told = refused.response?.data ?? refused.data ?? refused;
  assert.match(JSON.stringify(told), /actor\.mbox/, "a fault names its place");
}
console.log("@xapi/xapi: done");
