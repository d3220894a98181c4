// Builds what the server embeds: dist/app.css, dist/app.js, dist/chart.js,
// dist/early.js, dist/icons.svg, dist/mark.svg.
// The server names the files by a hash of their content, so the names here stay plain.
import { build } from "esbuild";
import { cp, mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

await mkdir(here("dist"), { recursive: true });

await build({
  entryPoints: { app: here("ts/app.ts"), chart: here("ts/chart.ts") },
  outdir: here("dist"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
});
// Runs before the first paint, so that nothing flashes; as small as can be.
await build({
  entryPoints: { early: here("ts/early.ts") },
  outdir: here("dist"),
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: true,
  logLevel: "warning",
});
await build({
  entryPoints: { app: here("css/main.css") },
  outdir: here("dist"),
  bundle: true,
  minify: true,
  target: "esnext",
  logLevel: "warning",
});
for (const name of ["icons.svg", "mark.svg"]) await cp(here(name), here(`dist/${name}`));

for (const name of ["app.css", "app.js", "chart.js", "early.js", "icons.svg", "mark.svg"]) {
  const { size } = await stat(here(`dist/${name}`));
  console.log(`${name.padEnd(10)} ${(size / 1024).toFixed(1).padStart(7)} kB`);
}
