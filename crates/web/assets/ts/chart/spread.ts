/** "How far apart are we?" Bars count values; the middle half and the middle stand above them. Nobody is in it by name. */
import * as Plot from "@observablehq/plot";
import type { Drawn, Frame, SpreadData } from "./data";
import { clean, halo, present, v } from "./common";
import { shown, tickWriter } from "./words";

export function spread(d: SpreadData, { width, narrow }: Frame): Drawn {
  const [lo, hi] = [d.bins[0]?.lo ?? 0, d.bins.at(-1)?.hi ?? 1];
  const most = Math.max(1, ...d.bins.map((bin) => bin.count));
  const [marginLeft, marginRight, marginTop, marginBottom] = [30, 26, 40, 24];
  const height = narrow ? 180 : 220;
  const px = (value: number) => marginLeft + ((value - lo) / (hi - lo || 1)) * (width - marginLeft - marginRight);
  const y = (count: number) => height - marginBottom - (count / most) * (height - marginTop - marginBottom);
  const write = tickWriter([lo, hi], d.style);
  // Where bars begin and end: anything between would read as another number once it is rounded.
  const edges = [lo, ...d.bins.map((bin) => bin.hi)];
  const each = Math.ceil(edges.length / (narrow ? 5 : 9));
  const target = d.target != null && d.target >= lo && d.target <= hi ? d.target : null;
  const drawing = Plot.plot({
    className: "plot",
    width,
    height,
    marginLeft,
    marginRight,
    marginTop,
    marginBottom,
    x: { domain: [lo, hi], label: null },
    y: { domain: [0, most], label: null },
    marks: present([
      Plot.gridY({ stroke: v("c-grid"), strokeOpacity: 1, ticks: 4 }),
      Plot.axisY({ ticks: Math.min(4, most), tickSize: 0, fill: v("ink-3"), tickFormat: (t: number) => (Number.isInteger(t) ? String(t) : "") }),
      Plot.axisX({ ticks: edges.filter((_, i) => i % each === 0), tickSize: 4, stroke: v("line-2"), fill: v("ink-3"), tickFormat: write }),
      Plot.rectY(d.bins, { x1: "lo", x2: "hi", y: "count", inset: 1, fill: v("c-self"), fillOpacity: 0.72 }),
      Plot.ruleY([most], { x1: d.half[0], x2: d.half[1], dy: -10, stroke: v("accent-line"), strokeWidth: 8 }),
      Plot.dot([d.middle], { x: (m: number) => m, y: most, dy: -10, r: 4.4, fill: v("ink"), stroke: v("c-halo") }),
      Plot.text([d.middle], { x: (m: number) => m, y: most, dy: -24, text: (m: number) => `Middle ${shown(m, d.style)}`, fill: v("ink"), fontWeight: 600, ...halo }),
      target != null && Plot.ruleX([target], { stroke: v("well-mark"), strokeDasharray: "6 4", strokeWidth: 1.5 }),
      target != null && Plot.text([target], { x: (t: number) => t, y: most, dy: -38 + (Math.abs(px(target) - px(d.middle)) < 110 ? 0 : 14), text: (t: number) => `Target ${shown(t, d.style)}`, textAnchor: px(target) > width - 60 ? "end" : px(target) < 60 ? "start" : "middle", fill: v("well"), fontWeight: 600, ...halo }),
    ]),
  });
  const stops = d.bins.map((bin) => ({
    x: px((bin.lo + bin.hi) / 2),
    y: y(bin.count),
    text: [`${shown(bin.lo, d.style)} to under ${shown(bin.hi, d.style)}`, `${bin.count} ${d.counted}`],
  }));
  return { drawing: clean(drawing), key: "", stops };
}
