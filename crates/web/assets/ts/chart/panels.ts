/** "How is each, against their own?" One small panel each, in a fixed order, all on one scale. */
import * as Plot from "@observablehq/plot";
import type { Drawn, Frame, PanelsData } from "./data";
import { clean, extent, halo, heights, points, present, v } from "./common";
import { date, periodName, shown, tickWriter } from "./words";

const GAP = 18;
const HEAD = 20;

export function panels(d: PanelsData, { width, narrow }: Frame): Drawn {
  const columns = Math.max(1, Math.min(d.panels.length, Math.floor((width + GAP) / ((narrow ? 112 : 176) + GAP))));
  const rows = Math.ceil(d.panels.length / columns);
  const starts = [...new Set(d.panels.flatMap((p) => p.readings.map(([start]) => start)))].sort();
  const [x0, x1] = [date(starts[0] ?? "2000-01-01"), date(starts.at(-1) ?? "2000-01-02")];
  const domain = extent([...d.panels.flatMap((p) => [...p.readings.map(([, value]) => value), ...(p.usual ?? [])]), d.target]);
  const write = tickWriter(domain, d.style);
  const marginLeft = Math.max(28, Math.max(write(domain[0]).length, write(domain[1]).length) * 6.4 + 8);
  const wide = (width - marginLeft - GAP * (columns - 1)) / columns;
  const tall = 72;
  const pitch = tall + HEAD + 10;
  const height = rows * pitch + 4;

  // One drawing of the whole, each panel moved to its place: Plot's own facets would draw the axes of every one.
  const px = (day: Date) => ((+day - +x0) / (+x1 - +x0 || 1)) * (wide - 6) + 3;
  const y = heights(domain, 0, tall);
  const place = (i: number) => ({ left: marginLeft + (i % columns) * (wide + GAP), top: HEAD + Math.floor(i / columns) * pitch });
  const flat = d.panels.map((p, i) => {
    const { left, top } = place(i);
    const all = points(p.readings).map((q) => ({ ...q, x: left + px(q.date), y: Number.isFinite(q.value) ? top + y(q.value) : NaN }));
    const from = p.from ? date(p.from) : null;
    const last = all.filter((q) => Number.isFinite(q.value)).at(-1);
    return { ...p, left, top, all, newest: last ? shown(last.value, d.style) : "", since: from ? all.filter((q) => q.date >= from) : [], calm: from ? all.filter((q) => q.date <= from) : all };
  });
  const ticks = [domain[0] + (domain[1] - domain[0]) * 0.15, domain[1] - (domain[1] - domain[0]) * 0.15];
  const drawing = Plot.plot({
    className: "plot",
    width,
    height,
    margin: 0,
    x: { domain: [0, width], range: [0, width], axis: null },
    y: { domain: [0, height], range: [0, height], axis: null },
    marks: present([
      Plot.rect(flat.filter((p) => p.usual), { x1: "left", x2: (p) => p.left + wide, y1: (p) => p.top + y(p.usual![1]), y2: (p) => p.top + y(p.usual![0]), fill: v("c-usual"), rx: 2 }),
      ...flat.map((p) => Plot.ruleY([p.top + tall], { x1: p.left, x2: p.left + wide, stroke: v("c-grid"), strokeOpacity: 1 })),
      d.target != null && Plot.ruleY(flat, { x1: "left", x2: (p) => p.left + wide, y: (p) => p.top + y(d.target!), stroke: v("well-mark"), strokeDasharray: "5 3", strokeWidth: 1.3 }),
      ...flat.filter((_, i) => i % columns === 0).map((p) => Plot.text(ticks, { x: marginLeft - 6, y: (t: number) => p.top + y(t), text: (t: number) => write(t), textAnchor: "end", fill: v("ink-3") })),
      ...flat.flatMap((p) => [
        Plot.line(p.calm, { x: "x", y: "y", stroke: v("c-self"), strokeWidth: 1.5 }),
        Plot.line(p.since, { x: "x", y: "y", stroke: v("look-mark"), strokeWidth: 2 }),
        Plot.dot(p.all.filter((q) => !Number.isFinite(q.y)), { x: "x", y: () => p.top + tall - 4, r: 2.6, fill: v("c-halo"), stroke: v("ink-3"), strokeDasharray: "2 2" }),
        Plot.dot(p.all.filter((q) => Number.isFinite(q.y)).slice(-1), { x: "x", y: "y", r: p.from ? 4.4 : 3, symbol: p.from ? "diamond" : "circle", fill: p.from ? v("look-mark") : v("c-self"), stroke: v("c-halo") }),
      ]),
      Plot.text(flat, { x: "left", y: (p) => p.top - 7, text: "name", textAnchor: "start", fill: v("ink-2"), fontWeight: 600 }),
      Plot.text(flat, {
        x: (p) => p.left + wide,
        y: (p) => p.top - 7,
        text: "newest",
        textAnchor: "end",
        fill: v("ink"),
        fontWeight: 600,
        ...halo,
      }),
    ]),
  });
  // The reader goes panel by panel, week by week.
  const stops = flat.flatMap((p, row) =>
    p.all.map((q, i) => ({
      x: q.x,
      y: Number.isFinite(q.y) ? q.y : p.top + tall - 4,
      row,
      text: [
        ...(p.name === "" ? [] : [p.name]),
        periodName(p.readings[i]![0], d.cadence),
        Number.isFinite(q.value) ? shown(q.value, d.style) : "No data",
        ...(p.usual ? [`Usual ${shown(p.usual[0], d.style)} to ${shown(p.usual[1], d.style)}`] : []),
      ],
    })),
  );
  return { drawing: clean(drawing), key: "", stops };
}
