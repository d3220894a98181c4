/** "Did it come back by itself?" The grey funnel is what was to be expected without doing anything. */
import * as Plot from "@observablehq/plot";
import type { Drawn, Frame, RecoveryData, Stop } from "./data";
import { clean, endLabels, eventMarks, extent, heights, place, points, present, v, type Label } from "./common";
import { after, date, dayTick, periodName, shown, tickWriter } from "./words";

const DAYS = { day: 1, week: 7, month: 30.44, quarter: 91.31, year: 365.25 } as const;

export function recovery(d: RecoveryData, { width, narrow }: Frame): Drawn {
  const came = points(d.readings);
  const compared = points(d.compare);
  const seen = came.filter((p) => Number.isFinite(p.value));
  const beside = compared.filter((p) => Number.isFinite(p.value));
  const funnel = d.expected.map((e) => ({ ...e, date: date(e.start) }));
  const last = d.readings.at(-1);
  const dates = [...came.map((p) => p.date), ...compared.map((p) => p.date), ...funnel.map((e) => e.date), ...d.events.map((e) => date(e.day))];
  // Counted periods end with the last one, days with the end of the last one.
  if (last && !d.since) dates.push(after(last[0], d.cadence));
  const x0 = new Date(Math.min(...dates.map(Number)));
  const x1 = new Date(Math.max(...dates.map(Number)));
  const domain = extent([...seen.map((p) => p.value), ...beside.map((p) => p.value), ...funnel.flatMap((e) => [e.lo, e.hi]), ...(d.usual ?? [])]);
  const write = tickWriter(domain, d.style);
  const marginLeft = Math.max(30, Math.max(write(domain[0]).length, write(domain[1]).length) * 6.4 + 10);
  const labelled = compared.length > 0;
  const marginRight = labelled ? (narrow ? 62 : 132) : 14;
  const px = (day: Date) => marginLeft + ((+day - +x0) / (+x1 - +x0 || 1)) * (width - marginLeft - marginRight);
  const named = d.since ? [] : d.events;
  const placed = place(named, false, px, 0, width);
  const marginTop = 10 + 14 * placed.reduce((most, e) => Math.max(most, e.row + 1), d.since ? 1 : 0);
  const marginBottom = d.since ? 36 : 22;
  const height = (narrow ? 124 : 160) + marginTop + (d.since ? 14 : 0);
  const y = heights(domain, marginTop, height - marginBottom);
  const counted = (t: Date): string => {
    const n = Math.round((+t - +date(d.since!)) / (DAYS[d.cadence] * 864e5));
    return n < 0 ? `\u2212${-n}` : String(n);
  };
  const ticks = d.since ? [...new Set([...came, ...compared].map((p) => +p.date))].map((t) => new Date(t)).filter((t) => Number(counted(t).replace("\u2212", "-")) % 2 === 0) : [];
  const labels: Label[] = [];
  if (labelled) {
    const word = (text: string) => (narrow ? "" : ` ${text}`);
    const [a, b] = [seen.at(-1), beside.at(-1)];
    if (a) labels.push({ at: a.value, text: shown(a.value, d.style) + word("with it"), color: "accent" });
    if (b) labels.push({ at: b.value, text: shown(b.value, d.style) + word("to compare"), color: "ink-2" });
  }
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
      d.usual && Plot.rect([d.usual], { x1: () => x0, x2: () => x1, y1: (u) => u[0], y2: (u) => u[1], fill: v("c-usual") }),
      Plot.gridY({ stroke: v("c-grid"), strokeOpacity: 1, ticks: 4 }),
      Plot.axisY({ ticks: 4, tickSize: 0, fill: v("ink-3"), tickFormat: write }),
      d.since
        ? Plot.axisX(ticks, { tickSize: 4, stroke: v("line-2"), fill: v("ink-3"), tickFormat: counted, label: `${d.cadence}s since people were picked`, labelAnchor: "left", labelArrow: "none", labelOffset: 34 })
        : Plot.axisX({ ticks: narrow ? 3 : 5, tickSize: 4, stroke: v("line-2"), fill: v("ink-3"), tickFormat: dayTick }),
      Plot.areaY(funnel, { x: "date", y1: "lo", y2: "hi", fill: v("c-others"), fillOpacity: 0.22 }),
      Plot.line(funnel, { x: "date", y: "mid", stroke: v("ink-3"), strokeWidth: 1.4, strokeDasharray: "2 3" }),
      ...eventMarks(placed, domain),
      d.since != null && Plot.ruleX([date(d.since)], { stroke: v("try-mark"), strokeWidth: 1.4 }),
      d.since != null && Plot.text([date(d.since)], { x: (t) => t, y: domain[1], text: () => d.events[0]?.label ?? "", dy: -8, lineAnchor: "bottom", fill: v("try"), fontWeight: 600 }),
      Plot.line(compared, { x: "date", y: "value", stroke: v("c-others"), strokeWidth: 2.2 }),
      Plot.dot(beside, { x: "date", y: "value", r: 2.8, fill: v("c-others"), stroke: v("c-halo"), strokeWidth: 1 }),
      Plot.line(came, { x: "date", y: "value", stroke: v("c-self"), strokeWidth: labelled ? 2.4 : 1.8 }),
      Plot.dot(seen, { x: "date", y: "value", r: 2.8, fill: v("c-self"), stroke: v("c-halo"), strokeWidth: 1 }),
      ...endLabels(labels, x1, y, height - marginBottom),
    ]),
  });
  const value = (line: RecoveryData["readings"], start: string) => line.find(([day]) => day === start)?.[1];
  const starts = [...new Set([...d.readings, ...d.compare].map(([start]) => start).concat(d.expected.map((e) => e.start)))].sort();
  const stops = starts.map((start): Stop => {
    const here = value(d.readings, start);
    const other = value(d.compare, start);
    const expected = d.expected.find((e) => e.start === start);
    const at = here ?? other ?? expected?.mid;
    const named = d.since ? `${counted(date(start))} ${d.cadence}s since people were picked` : periodName(start, d.cadence);
    const came = here == null ? (expected && other == null ? [] : ["No data"]) : [`${labelled ? "With it" : "Came"} ${shown(here, d.style)}`];
    return {
      x: px(date(start)),
      y: at == null ? null : y(at),
      text: [
        named,
        ...came,
        ...(other == null ? [] : [`To compare ${shown(other, d.style)}`]),
        ...(expected ? [`Expected ${shown(expected.lo, d.style)} to ${shown(expected.hi, d.style)}`] : []),
      ],
    };
  });
  return { drawing: clean(drawing), key: "", stops };
}
