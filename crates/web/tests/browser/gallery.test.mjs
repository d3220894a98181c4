// Every page in every state of the gallery: what a page must pass, before any real data meets it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { faults } from "./checks.mjs";

const binary = process.env.THROUGHLINE_BIN ?? fileURLToPath(new URL("../../../../target/debug/throughline", import.meta.url));
const gallery = join(dirname(binary), "examples", "gallery");
assert.ok(existsSync(gallery), `${gallery} is not built: cargo build -p web --example gallery`);

const server = spawn(gallery, ["127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
const address = await new Promise((resolve, reject) => {
  server.once("exit", (code) => reject(new Error(`the gallery ended with ${code}`)));
  createInterface(server.stdout).once("line", (line) => resolve(line.replace("ready ", "")));
});
const names = [...(await (await fetch(address)).text()).matchAll(/href="\/([^"]+)"/g)].map((match) => match[1]);

describe("every page of the gallery", () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    server.kill();
  });
  for (const name of names) {
    test(name, async () => assert.deepEqual(await faults(browser, `${address}/${name}`), []));
  }
});
