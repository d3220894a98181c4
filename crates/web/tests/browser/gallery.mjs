// Starts the gallery of all pages (`cargo run -p web --example gallery`) and gives its address and a way to end it.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// Built beside the binary where that is named: for one package alone, cargo would build half of everything anew.
const built = process.env.THROUGHLINE_BIN && join(dirname(process.env.THROUGHLINE_BIN), "examples", "gallery");
const [command, before] = built ? [built, []] : ["cargo", ["run", "--quiet", "-p", "web", "--example", "gallery", "--"]];

export async function gallery() {
  const server = spawn(command, [...before, "127.0.0.1:0"], {
    cwd: fileURLToPath(new URL("../../../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the gallery ended with ${code}`)));
    createInterface(server.stdout).once("line", (line) => resolve(line.replace("ready ", "")));
  });
  const index = await (await fetch(address)).text();
  const names = [...index.matchAll(/href="\/([^"]+)"/g)].map((match) => match[1]);
  return { address, names, stop: () => server.kill() };
}
