// Starts the gallery of all pages (`cargo run -p web --example gallery`) and gives its address and a way to end it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export async function gallery() {
  const server = spawn("cargo", ["run", "--quiet", "--package", "web", "--example", "gallery", "--", "127.0.0.1:0"], {
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
