/** "What do several people think?" Each dot a voice, a bar for the middle half, a tick for the middle. */
import * as Plot from "@observablehq/plot";
import type { Drawn, Frame, PanelData } from "./data";
import { clean, v } from "./common";

export function panel(d: PanelData, { width, narrow }: Frame): Drawn {
  const dots = d.rows.flatMap((row) => row.voices.map((share) => ({ key: row.key, share })));
  const most = Math.max(10, ...dots.map((dot) => dot.share), ...d.rows.map((row) => row.q3));
  const top = Math.ceil(most / 10) * 10;
  const marginLeft = narrow ? 26 : 224;
  const drawing = Plot.plot({
    className: "plot",
    width,
    height: 30 + d.rows.length * 44,
    marginLeft,
    marginRight: 48,
    marginTop: 4,
    marginBottom: 24,
    x: { domain: [0, top], label: null },
    y: { domain: d.rows.map((row) => row.key), label: null, padding: 0.2, axis: null },
    marks: [
      Plot.gridX({ stroke: v("c-grid"), strokeOpacity: 1, ticks: 6 }),
      Plot.axisX({ ticks: 6, tickSize: 0, fill: v("ink-3"), tickFormat: (t: number) => `${t}\u202f%` }),
      Plot.text(d.rows, { x: 0, y: "key", text: (row) => (narrow ? row.key : `${row.key}  ${row.name}`), textAnchor: narrow ? "middle" : "start", dx: narrow ? -14 : -220, lineWidth: narrow ? 20 : 17, fill: v("ink-2"), fontWeight: 600 }),
      Plot.ruleY(d.rows, { y: "key", x1: "q1", x2: "q3", stroke: v("accent-line"), strokeWidth: 12 }),
      Plot.dot(dots, { x: "share", y: "key", r: 3.6, fill: v("c-self"), fillOpacity: 0.8, stroke: v("c-halo") }),
      Plot.tickX(d.rows, { x: "mid", y: "key", stroke: v("ink"), strokeWidth: 2.4, inset: 5 }),
      Plot.text(d.rows, { x: top, y: "key", text: (row) => `${Math.round(row.mid)}\u202f%`, textAnchor: "start", dx: 8, fill: v("ink"), fontWeight: 600 }),
    ],
  });
  const height = 30 + d.rows.length * 44;
  const band = (height - 28) / Math.max(1, d.rows.length);
  const stops = d.rows.map((row, i) => ({
    x: marginLeft + (row.mid / top) * (width - marginLeft - 48),
    y: 4 + band * (i + 0.5),
    row: i,
    text: [row.name, `Middle ${Math.round(row.mid)}\u202f%`, `Middle half ${Math.round(row.q1)} to ${Math.round(row.q3)}\u202f%`, `Voices ${row.voices.map(Math.round).join(", ")}`],
  }));
  return { drawing: clean(drawing), key: narrow ? d.rows.map((row) => `${row.key} ${row.name}`).join(". ") : "", stops };
}
