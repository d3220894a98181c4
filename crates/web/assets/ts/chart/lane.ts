/** The lanes of a chain page: one time scale and one set of margins for all, so that marks run through every row. */
import * as Plot from "@observablehq/plot";
import type { AxisData, Drawn, Frame, LaneData } from "./data";
import { clean, endLabels, extent, halo, heights, points, present, v, type Label } from "./common";
import { date, monthTick, periodName, shortDay, shown, tickWriter, wide } from "./words";

const LEFT = 44;
const right = (narrow: boolean) => (narrow ? 70 : 132);

/** Old data ends long before today: what lies beyond the axis is not drawn. */
const within = (axis: AxisData, day: string): boolean => axis.from <= day && day <= axis.to;

/** Started marks run past their own frame and join up from lane to lane; planned ones stay inside and are broken. */
function marks(axis: AxisData, inset: { insetTop: number; insetBottom: number }) {
  return [
    ...(within(axis, axis.today) ? [Plot.ruleX([date(axis.today)], { ...inset, stroke: v("line-control"), strokeWidth: 1 })] : []),
    ...axis.marks.filter((mark) => within(axis, mark.day)).map((mark) =>
      mark.planned
        ? Plot.ruleX([date(mark.day)], { insetTop: -10, insetBottom: -8, stroke: v("try-mark"), strokeWidth: 1.3, strokeDasharray: "3 3" })
        : Plot.ruleX([date(mark.day)], { ...inset, stroke: v("try-mark"), strokeWidth: 1.5 }),
    ),
  ];
}

const months = (axis: AxisData): number => (+date(axis.to) - +date(axis.from)) / (30.4 * 864e5);
const yearly = (axis: AxisData): boolean => months(axis) > 30;
const step = (axis: AxisData, narrow: boolean): string => {
  const n = months(axis) / (narrow ? 3 : 9);
  if (yearly(axis)) return n > 36 ? "5 years" : n > 12 ? "2 years" : "1 year";
  return n > 6 ? "1 year" : n > 3 ? "6 months" : n > 2 ? "3 months" : n > 1 ? "2 months" : "1 month";
};
const tick = (axis: AxisData, narrow: boolean) => (t: Date) =>
  yearly(axis) ? String(t.getUTCFullYear()) : narrow ? t.toLocaleDateString("en-GB", { month: "short", year: "2-digit", timeZone: "UTC" }) : monthTick(t);

/** The shared axis above the lanes, with the names of the starts. */
export function axis(d: AxisData, { width, narrow }: Frame): Drawn {
  const [x0, x1] = [date(d.from), date(d.to)];
  const px = (day: Date) => LEFT + ((+day - +x0) / (+x1 - +x0 || 1)) * (width - LEFT - right(narrow));
  const names = [
    ...d.marks.filter((m) => within(d, m.day)).map((m) => ({ day: date(m.day), text: `${m.label}${m.planned ? " planned" : ""}, ${yearly(d) ? m.day.slice(0, 4) : shortDay(m.day)}`, color: "try" })),
    ...(within(d, d.today) ? [{ day: date(d.today), text: "Today", color: "ink-2" }] : []),
  ].sort((a, b) => +a.day - +b.day);
  const ends: number[] = [];
  const placed = names.map((name) => {
    const half = wide(name.text) / 2;
    const from = Math.min(Math.max(px(name.day) - half, 0), width - 2 * half);
    let row = 0;
    while ((ends[row] ?? -Infinity) > from) row++;
    ends[row] = from + 2 * half + 10;
    return { ...name, row, shift: from + half - px(name.day) };
  });
  const rows = ends.length;
  const marginTop = 12 + 14 * rows;
  const drawing = Plot.plot({
    className: "plot",
    width,
    height: marginTop + 22,
    marginLeft: LEFT,
    marginRight: right(narrow),
    marginTop,
    marginBottom: 4,
    x: { type: "utc", domain: [x0, x1], label: null, axis: null },
    y: { domain: [0, 1], axis: null },
    marks: [
      Plot.axisX({ anchor: "bottom", ticks: step(d, narrow), tickSize: 0, tickPadding: -14, fill: v("ink-3"), tickFormat: tick(d, narrow) }),
      ...marks(d, { insetTop: -3, insetBottom: -8 }),
      ...placed.map((name) =>
        Plot.text([name], { x: "day", y: 1, text: "text", dx: name.shift, dy: -5 - 14 * name.row, lineAnchor: "bottom", fill: v(name.color), fontWeight: 600 }),
      ),
    ],
  });
  return { drawing: clean(drawing), key: "", stops: [] };
}

export function lane({ axis: a, lane: d, last }: LaneData, { width, narrow }: Frame): Drawn {
  const [x0, x1] = [date(a.from), date(a.to)];
  const bars = d.kind === "bars";
  const curve = d.kind === "steps" ? "step-after" : "linear";
  const groups = [d.treated, d.compare].filter((g) => g != null);
  const treated = d.treated ? points(d.treated.mean) : [];
  const compared = d.compare ? points(d.compare.mean) : [];
  const values = groups.flatMap((g) => [...g.mean, ...g.units.flat()].map(([, value]) => value));
  const domain: [number, number] = bars
    ? [0, Math.max(d.target?.[1] ?? 0, ...values.map((n) => n ?? 0)) * 1.08 || 1]
    : extent([...values, ...(d.target ?? [])], 0.06);
  const write = tickWriter(domain, d.style);
  const ownAxis = last || narrow;
  const marginTop = 12;
  const marginBottom = ownAxis ? 24 : 10;
  const height = (d.tall ? (narrow ? 180 : 236) : bars ? 66 : 96) + (ownAxis ? 14 : 0);
  const foot = height - marginBottom;
  const y = heights(domain, marginTop, foot);
  const newest = (ps: { value: number }[]) => ps.filter((p) => Number.isFinite(p.value)).at(-1)?.value;
  const short = (name: string) => (narrow || wide(name) > 88 ? "" : ` ${name}`);
  const labels: Label[] = [];
  const [endTreated, endCompared] = [newest(treated), newest(compared)];
  if (endTreated != null && d.treated) labels.push({ at: endTreated, text: shown(endTreated, d.style) + short(d.treated.name), color: bars ? "try" : "accent" });
  if (endCompared != null && d.compare) labels.push({ at: endCompared, text: shown(endCompared, d.style) + short(d.compare.name), color: "ink-2" });
  const period = treated.length > 1 ? (+treated[1]!.date - +treated[0]!.date) * 0.78 : 5.4 * 864e5;

  const drawing = Plot.plot({
    className: "plot",
    width,
    height,
    marginLeft: LEFT,
    marginRight: right(narrow),
    marginTop,
    marginBottom,
    x: { type: "utc", domain: [x0, x1], label: null, axis: null },
    y: { domain, label: null, axis: null },
    marks: present([
      d.target && Plot.rect([d.target], { x1: () => x0, x2: () => x1, y1: (t) => t[0], y2: (t) => t[1], fill: v("c-target") }),
      Plot.gridY({ stroke: v("c-grid"), strokeOpacity: 1, ticks: d.tall ? 5 : bars ? 2 : 3 }),
      Plot.axisY({ ticks: d.tall ? 5 : bars ? 2 : 3, tickSize: 0, tickPadding: 5, fill: v("ink-3"), tickFormat: write }),
      ownAxis && Plot.axisX({ ticks: step(a, narrow), tickSize: 4, stroke: v("line-2"), fill: v("ink-3"), tickFormat: tick(a, narrow) }),
      Plot.rect(d.left_out, { x1: (s) => date(s.from), x2: (s) => date(s.to), y1: domain[0], y2: domain[1], fill: v("doubt-soft"), stroke: v("doubt-line") }),
      ...marks(a, narrow ? { insetTop: -6, insetBottom: 0 } : { insetTop: -160, insetBottom: -80 }),
      bars && Plot.rectY(treated.filter((p) => p.value > 0), { x1: "date", x2: (p) => new Date(+p.date + period), y: "value", fill: v("try-mark"), fillOpacity: 0.85 }),
      ...(bars ? [] : (d.compare?.units ?? []).map((u) => Plot.line(points(u), { x: "date", y: "value", stroke: v("c-others"), strokeWidth: 0.9, strokeOpacity: 0.55, curve }))),
      ...(bars ? [] : (d.treated?.units ?? []).map((u) => Plot.line(points(u), { x: "date", y: (p) => (p.marked ? NaN : p.value), stroke: v("c-self"), strokeWidth: 0.9, strokeOpacity: 0.5, curve }))),
      ...(bars ? [] : (d.treated?.units ?? []).filter((u) => u.some(([, , marked]) => marked === 1)).map((u) => Plot.line(points(u), { x: "date", y: (p) => (p.marked ? p.value : NaN), stroke: v("c-self"), strokeWidth: 1.2, strokeDasharray: "1.5 2.5", curve }))),
      !bars && Plot.line(compared, { x: "date", y: "value", stroke: v("c-others"), strokeWidth: 2.2, curve }),
      !bars && Plot.line(treated, { x: "date", y: "value", stroke: v("c-self"), strokeWidth: 2.4, curve }),
      d.target && d.target_label !== "" && Plot.text([d.target], { x: () => x0, y: (t) => (t[0] + t[1]) / 2, text: () => d.target_label, textAnchor: "start", dx: 6, fill: v("well"), fontWeight: 600, ...halo, stroke: v("c-target") }),
      ...(narrow ? [] : d.left_out.map((s) => Plot.text([s], { x: (t) => date(t.to), y: domain[1], text: "reason", textAnchor: "start", lineAnchor: "top", dx: 6, dy: 2, lineWidth: 11, fill: v("doubt"), ...halo }))),
      ...endLabels(labels, x1, y, foot),
    ]),
  });
  const px = (day: Date) => LEFT + ((+day - +x0) / (+x1 - +x0 || 1)) * (width - LEFT - right(narrow));
  const starts = [...new Set(groups.flatMap((g) => g.mean.map(([start]) => start)))].filter((day) => within(a, day)).sort();
  const stops = starts.map((start) => {
    const values = groups.map((g) => ({ name: g.name, value: g.mean.find(([day]) => day === start)?.[1] }));
    const at = values.find((one) => one.value != null)?.value;
    const out = d.left_out.find((s) => s.from <= start && start < s.to);
    return {
      x: px(date(start)),
      y: at == null ? null : y(at),
      text: [
        yearly(a) ? `${periodName(start, d.cadence)} ${start.slice(0, 4)}` : periodName(start, d.cadence),
        ...values.map((one) => `${one.name}: ${one.value == null ? "no data" : shown(one.value, d.style)}`),
        ...(out ? [out.reason] : []),
      ],
    };
  });
  return { drawing: clean(drawing), key: narrow ? d.left_out.map((s) => s.reason).join(". ") : "", stops };
}
