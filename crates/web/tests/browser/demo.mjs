// The demo as a newcomer meets it: the real binary (`THROUGHLINE_BIN`, or what `cargo build` left) over data that are thrown
// away. One server for everything; `as(persona)` signs somebody in as the picker does.
import { spawn } from "node:child_process";
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
