// tincanjs against a real server: one statement, a batch, both read back, and a state document.
// Reads ENDPOINT, KEY and SECRET from the environment; ends with 1 and the reason where something is not as it should be.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const TinCan = createRequire(import.meta.url)("tincanjs");
const { ENDPOINT, KEY, SECRET } = process.env;

const lrs = new TinCan.LRS({ endpoint: `${ENDPOINT}/`, username: KEY, password: SECRET, version: "1.0.2", allowFail: false });
const call = (start) =>
  new Promise((resolve, reject) =>
    start((error, answer) => (error === null || error === undefined ? resolve(answer) : reject(new Error(`refused with ${error}`)))),
  );

const agent = new TinCan.Agent({ name: "Daniel", mbox: "mailto:daniel@northwind.example" });
const statement = (n) =>
  new TinCan.Statement({
    actor: agent,
    verb: { id: "http://adlnet.gov/expapi/verbs/completed", display: { en: "completed" } },
    target: { id: `https://learn.northwind.example/lessons/${n}`, definition: { name: { en: `Lesson ${n}` } } },
    result: { completion: true, score: { scaled: 0.9 } },
  });

const one = statement(1);
await call((callback) => lrs.saveStatement(one, { callback }));
const read = await call((callback) => lrs.retrieveStatement(one.id, { callback }));
assert.equal(read.id, one.id);
assert.equal(read.result.score.scaled, 0.9);

const many = [2, 3, 4].map(statement);
await call((callback) => lrs.saveStatements(many, { callback }));
const found = await call((callback) => lrs.queryStatements({ params: { agent, limit: 3 }, callback }));
assert.deepEqual(found.statements.map((s) => s.id).sort(), many.map((s) => s.id).sort());
const rest = await call((callback) => lrs.moreStatements({ url: found.more, callback }));
assert.deepEqual(rest.statements.map((s) => s.id), [one.id]);

const activity = new TinCan.Activity({ id: "https://learn.northwind.example/lessons/1" });
await call((callback) => lrs.saveState("place", "page 3", { agent, activity, callback }));
const state = await call((callback) => lrs.retrieveState("place", { agent, activity, callback }));
assert.equal(state.contents, "page 3");
console.log("tincanjs: done");
