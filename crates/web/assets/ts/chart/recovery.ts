/** "Did it come back by itself?" The grey funnel is what was to be expected without doing anything. */
import * as Plot from "@observablehq/plot";
import type { Frame, RecoveryData } from "./data";
import { clean, eventMarks, extent, place, points, present, v } from "./common";
import { after, date, dayTick, tickWriter } from "./words";

export function recovery(d: RecoveryData, { width, narrow }: Frame): [Element, string] {
  const came = points(d.readings);
  const seen = came.filter((p) => Number.isFinite(p.value));
  const funnel = d.expected.map((e) => ({ ...e, date: date(e.start) }));
  const last = d.readings.at(-1);
  const dates = [...came.map((p) => p.date), ...funnel.map((e) => e.date), ...d.events.map((e) => date(e.day))];
  if (last) dates.push(after(last[0], d.cadence));
  const x0 = new Date(Math.min(...dates.map(Number)));
  const x1 = new Date(Math.max(...dates.map(Number)));
  const domain = extent([...seen.map((p) => p.value), ...funnel.flatMap((e) => [e.lo, e.hi]), ...(d.usual ?? [])]);
  const write = tickWriter(domain, d.style);
  const marginLeft = Math.max(30, Math.max(write(domain[0]).length, write(domain[1]).length) * 6.4 + 10);
  const marginRight = 14;
  const px = (day: Date) => marginLeft + ((+day - +x0) / (+x1 - +x0 || 1)) * (width - marginLeft - marginRight);
  const placed = place(d.events, false, px, 0, width);
  const marginTop = 10 + 14 * placed.reduce((most, e) => Math.max(most, e.row + 1), 0);
  const drawing = Plot.plot({
    className: "plot",
    width,
    height: (narrow ? 124 : 160) + marginTop,
    marginLeft,
    marginRight,
    marginTop,
    marginBottom: 22,
    x: { type: "utc", domain: [x0, x1], label: null },
    y: { domain, label: null },
    marks: present([
      d.usual && Plot.rect([d.usual], { x1: () => x0, x2: () => x1, y1: (u) => u[0], y2: (u) => u[1], fill: v("c-usual") }),
      Plot.gridY({ stroke: v("c-grid"), strokeOpacity: 1, ticks: 4 }),
      Plot.axisY({ ticks: 4, tickSize: 0, fill: v("ink-3"), tickFormat: write }),
      Plot.axisX({ ticks: narrow ? 3 : 5, tickSize: 4, stroke: v("line-2"), fill: v("ink-3"), tickFormat: dayTick }),
      Plot.areaY(funnel, { x: "date", y1: "lo", y2: "hi", fill: v("c-others"), fillOpacity: 0.22 }),
      Plot.line(funnel, { x: "date", y: "mid", stroke: v("ink-3"), strokeWidth: 1.4, strokeDasharray: "2 3" }),
      ...eventMarks(placed, domain),
      Plot.line(came, { x: "date", y: "value", stroke: v("c-self"), strokeWidth: 1.8 }),
      Plot.dot(seen, { x: "date", y: "value", r: 2.8, fill: v("c-self"), stroke: v("c-halo"), strokeWidth: 1 }),
    ]),
  });
  return [clean(drawing), ""];
}
