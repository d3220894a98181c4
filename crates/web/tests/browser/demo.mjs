// The demo as a newcomer meets it: the real binary (`THROUGHLINE_BIN`, or what `cargo build` left) over data that are thrown
// away. One server for everything; `as(persona)` signs somebody in as the picker does.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BUILT = fileURLToPath(new URL("../../../../target/debug/throughline", import.meta.url));

/** Starts the demo; gives its address, the personas, a way to sign in and a way to end it. */
export async function demo() {
  const data = await mkdtemp(join(tmpdir(), "throughline-browser-"));
  // Variables that begin like ours are configuration to the server, and it refuses those that it does not know.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("THROUGHLINE_")));
  const server = spawn(process.env.THROUGHLINE_BIN ?? BUILT, ["demo", "--listen", "127.0.0.1:0", "--data", data], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = async () => {
    server.kill();
    await new Promise((done) => (server.exitCode === null ? server.once("exit", done) : done()));
    await rm(data, { recursive: true, force: true });
  };
  const address = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the demo ended with ${code}`)));
    createInterface(server.stdout).once("line", (line) => resolve(line.replace("ready ", "")));
  });
  return { address, stop, as: (persona) => signIn(address, persona) };
}

/** The session cookie of a persona, named by a word of their job role on the picker. */
async function signIn(address, persona) {
  const picker = await (await fetch(`${address}/demo`)).text();
  const form = picker.split('<form class="persona"').find((part) => part.includes(persona));
  const person = form?.match(/name="person" value="([^"]+)"/)?.[1];
  if (!person) throw new Error(`nobody on the picker is a ${persona}`);
  const answer = await fetch(`${address}/demo`, {
    method: "POST",
    body: new URLSearchParams({ person }),
    redirect: "manual",
  });
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  return { cookies, home: answer.headers.get("location") };
}

/** The first address under `prefix` that a page links to. */
export async function linked(address, cookies, path, prefix) {
  const page = await (await fetch(address + path, { headers: { cookie: cookies.join("; ") } })).text();
  const found = [...page.matchAll(/href="([^"]+)"/g)].map((match) => match[1]).find((href) => href.startsWith(prefix));
  if (!found) throw new Error(`${path} links to nothing under ${prefix}`);
  return found.replaceAll("&amp;", "&");
}

/** A wire to the demo that can be cut: what goes through it is ended, and nothing gets through until it is mended. */
export async function through(address) {
  const { hostname, port } = new URL(address);
  const open = new Set();
  const asked = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [from, to] of [[near, far], [far, near]]) {
      open.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => (open.delete(from), to.destroy()));
    }
    near.on("data", (bytes) => asked.add(/^\w+ (\S+)/.exec(bytes.toString("latin1"))?.[1]));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    /** Waits until a request for a path is under way. */
    carries: async (path) => {
      for (let i = 0; i < 400 && !asked.has(path); i++) await new Promise((done) => setTimeout(done, 25));
      if (!asked.has(path)) throw new Error(`nobody asked for ${path}`);
      await new Promise((done) => setTimeout(done, 300));
    },
    cut: async () => {
      whole = false;
      for (const end of open) end.destroy();
      await new Promise((done) => setTimeout(done, 100));
    },
    mend: () => (whole = true),
    stop: () => new Promise((done) => (open.forEach((end) => end.destroy()), server.close(done))),
  };
}
