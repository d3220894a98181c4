/** "Did something change?" Draw order: bands, grid, reference lines, events, series, marks, words. */
import * as Plot from "@observablehq/plot";
import type { ControlData, Drawn, Event, Frame } from "./data";
import { clean, endLabels, eventKey, eventMarks, extent, heights, place, points, present, v, type Label } from "./common";
import { after, date, monthTick, periodName, shortDay, shown, tickWriter } from "./words";

export function control(d: ControlData, { width, narrow }: Frame): Drawn {
  const all = points(d.readings);
  const seen = all.filter((p) => Number.isFinite(p.value));
  const earlier = points(d.before);
  const gaps = all.filter((p) => !Number.isFinite(p.value));
  const last = d.readings.at(-1);
  const first = all[0]?.date ?? date(d.today);
  const dates = [first, last ? after(last[0], d.cadence) : date(d.today), ...d.events.map((e) => date(e.day))];
  const x0 = new Date(Math.min(...dates.map(Number)));
  const x1 = new Date(Math.max(...dates.map(Number)));
  const domain = extent([
    ...seen.map((p) => p.value),
    ...earlier.map((p) => p.value),
    ...d.phases.flatMap((p) => [p.lo - (p.hi - p.lo) * 0.25, p.hi + (p.hi - p.lo) * 0.25]),
    d.target,
    d.commitment,
    ...(d.target_band ?? []),
  ]);
  const write = tickWriter(domain, d.style);
  const marginLeft = Math.max(34, Math.max(write(domain[0]).length, write(domain[1]).length) * 6.4 + 12);
  const change = d.change_from ? date(d.change_from) : null;
  const newest = seen.at(-1);
  const phase = d.phases.at(-1);
  const labels: Label[] = narrow
    ? []
    : ([
        d.target != null && { at: d.target, text: `Target ${shown(d.target, d.style)}`, color: "well" },
        d.commitment != null && { at: d.commitment, text: `Own commitment ${shown(d.commitment, d.style)}`, color: "doubt" },
        phase && { at: phase.hi, text: `Usual to ${shown(phase.hi, d.style)}`, color: "accent" },
        phase && { at: phase.lo, text: `Usual from ${shown(phase.lo, d.style)}`, color: "accent" },
        earlier.length > 0 && { at: earlier.filter((p) => Number.isFinite(p.value)).at(-1)?.value ?? domain[0], text: "A year before", color: "ink-3" },
        newest && { at: newest.value, text: `Newest ${shown(newest.value, d.style)}`, color: change ? "look" : "ink" },
      ].filter(Boolean) as Label[]);
  const marginRight = narrow ? 10 : Math.max(110, Math.max(0, ...labels.map((l) => l.text.length)) * 7.2 + 18);
  const px = (day: Date) => marginLeft + ((+day - +x0) / (+x1 - +x0 || 1)) * (width - marginLeft - marginRight);

  const named: Event[] = d.events.map((e) => ({ ...e }));
  const placed = place(named, narrow, px, marginLeft, width - (narrow ? 4 : 40));
  const rows = placed.reduce((most, e) => Math.max(most, e.row + 1), 0);
  // The change has its own row above the events, so that its words never meet theirs.
  const changeRow = placed.length === 0 ? 0 : rows;
  const marginTop = 14 + 14 * (rows + (change ? 1 : 0));
  const marginBottom = 26;
  const height = (narrow ? 216 : 288) + marginTop;
  const foot = height - marginBottom;
  const y = heights(domain, marginTop, foot);
  const floor = domain[0] + (domain[1] - domain[0]) * 0.035;

  const before = change ? all.filter((p) => p.date <= change) : all;
  const since = change ? all.filter((p) => p.date >= change) : [];
  const yearly = d.cadence === "year" || +x1 - +x0 > 6 * 365 * 864e5;

  const drawing = Plot.plot({
    className: "plot",
    width,
    height,
    marginLeft,
    marginRight,
    marginTop,
    marginBottom,
    x: { type: "utc", domain: [x0, x1], label: null },
    y: { domain, label: null },
    marks: present([
      d.target_band && Plot.rect([d.target_band], { x1: () => x0, x2: () => x1, y1: (b) => b[0], y2: (b) => b[1], fill: v("c-target") }),
      Plot.rect(d.phases, { x1: (p) => new Date(Math.max(+date(p.from), +x0)), x2: (p) => new Date(Math.min(+date(p.to), +x1)), y1: "lo", y2: "hi", fill: v("c-usual"), ...(d.target_band ? { fillOpacity: 0.75 } : {}) }),
      Plot.gridY({ stroke: v("c-grid"), strokeOpacity: 1, ticks: 5 }),
      Plot.axisY({ ticks: 5, tickSize: 0, tickPadding: 6, fill: v("ink-3"), tickFormat: write }),
      Plot.axisX({ ticks: narrow ? 4 : width < 680 ? 6 : 9, tickSize: 4, stroke: v("line-2"), fill: v("ink-3"), tickFormat: yearly ? (t: Date) => String(t.getUTCFullYear()) : monthTick }),
      d.target != null && Plot.ruleY([d.target], { x1: x0, x2: x1, stroke: v("well-mark"), strokeDasharray: "6 4", strokeWidth: 1.5 }),
      d.commitment != null && Plot.ruleY([d.commitment], { x1: x0, x2: x1, stroke: v("doubt"), strokeDasharray: "1.5 3", strokeWidth: 1.8, strokeLinecap: "round" }),
      Plot.ruleY(d.phases, { x1: (p) => new Date(Math.max(+date(p.from), +x0)), x2: (p) => new Date(Math.min(+date(p.to), +x1)), y: "mean", stroke: v("c-self"), strokeWidth: 1, strokeOpacity: 0.75 }),
      date(d.today) < x1 && Plot.ruleX([date(d.today)], { stroke: v("line-control"), strokeWidth: 1 }),
      ...eventMarks(placed, domain),
      change && Plot.ruleX([change], { y1: domain[1], y2: domain[0], insetTop: -(14 * changeRow + (changeRow ? 3 : 0)), stroke: v("look-mark"), strokeWidth: 1.5 }),
      Plot.line(earlier, { x: "date", y: "value", stroke: v("c-others"), strokeWidth: 1.6 }),
      Plot.line(before, { x: "date", y: "value", stroke: v("c-self"), strokeWidth: 1.6 }),
      Plot.line(since, { x: "date", y: "value", stroke: v("look-mark"), strokeWidth: 2 }),
      Plot.dot(seen.filter((p) => !p.marked), { x: "date", y: "value", r: narrow ? 2 : 2.8, fill: v("c-self"), stroke: v("c-halo"), strokeWidth: 1 }),
      Plot.dot(seen.filter((p) => p.marked), { x: "date", y: "value", r: narrow ? 4 : 5.4, symbol: "diamond", fill: v("look-mark"), stroke: v("c-halo"), strokeWidth: 1.2 }),
      Plot.dot(gaps, { x: "date", y: () => floor, r: 4, fill: v("c-halo"), stroke: v("ink-3"), strokeDasharray: "2 2" }),
      change && Plot.text([change], { x: (t) => t, y: domain[1], text: () => (narrow ? "Change" : `Changed from ${shortDay(d.change_from!)}`), dy: -8 - 14 * changeRow, lineAnchor: "bottom", textAnchor: px(change) > width - marginRight - 60 ? "end" : px(change) < marginLeft + 60 ? "start" : "middle", fill: v("look"), fontWeight: 600 }),
      ...endLabels(labels, x1, y, foot),
    ]),
  });
  const stops = d.readings.map(([start, value, marked]) => {
    const end = after(start, d.cadence);
    const was = d.before.find(([day]) => day === start)?.[1];
    const phase = d.phases.find((p) => p.from <= start && start < p.to);
    const text = [
      periodName(start, d.cadence),
      value == null ? "No data" : shown(value, d.style) + (marked ? ", part of the change" : ""),
      ...(was == null ? [] : [`A year before ${shown(was, d.style)}`]),
      ...(phase ? [`Usual ${shown(phase.lo, d.style)} to ${shown(phase.hi, d.style)}`] : []),
      ...d.events.filter((e) => date(e.day) >= date(start) && date(e.day) < end).map((e) => e.label),
    ];
    return { x: px(date(start)), y: y(value ?? floor), text };
  });
  return { drawing: clean(drawing), key: narrow ? eventKey(d.events) : "", stops };
}
