/** What all drawings share. Colours are custom properties, so light and dark need no redraw. */
import * as Plot from "@observablehq/plot";
import type { Event, Reading } from "./data";
import { date, shortDay, wide } from "./words";

export const v = (name: string): string => `var(--${name})`;
export const halo = { stroke: v("c-halo"), strokeWidth: 4 } as const;

/** The marks that are there: what a chart has no data for is left out. */
export const present = (marks: (Plot.Markish | false | null | undefined)[]): Plot.Markish[] =>
  marks.filter((mark): mark is Plot.Markish => Boolean(mark));

export interface Point {
  date: Date;
  value: number;
  marked: boolean;
}

/** Readings as points; a hole stays in as NaN, so that a line never bridges a period without data. */
export const points = (readings: readonly Reading[]): Point[] =>
  readings.map(([start, value, marked]) => ({ date: date(start), value: value ?? NaN, marked: marked === 1 }));

/** Both ends of what was given, with a little room; never empty. */
export function extent(values: Iterable<number | null | undefined>, room = 0.08): [number, number] {
  let lo = Infinity;
  let hi = -Infinity;
  for (const value of values) {
    if (value == null || !Number.isFinite(value)) continue;
    if (value < lo) lo = value;
    if (value > hi) hi = value;
  }
  if (lo > hi) return [0, 1];
  const span = hi - lo || Math.abs(hi) || 1;
  // Zero is kept where the data starts at or near it; a margin below zero would be drawn for nothing.
  const floor = lo >= 0 && lo - span * room < 0 ? 0 : lo - span * room;
  return [floor, hi + span * room];
}

export interface Label {
  at: number;
  text: string;
  color: string;
}

/** Pushes end labels apart to `gap` pixels, downwards and then up from the foot; returns their pixel heights. */
export function apart(labels: readonly Label[], y: (value: number) => number, gap: number, foot: number): (Label & { py: number })[] {
  const sorted = labels.map((label) => ({ ...label, py: y(label.at) })).sort((a, b) => a.py - b.py);
  for (let i = 1; i < sorted.length; i++) {
    const [above, here] = [sorted[i - 1]!, sorted[i]!];
    here.py = Math.max(here.py, above.py + gap);
  }
  for (let i = sorted.length - 1; i >= 0; i--) {
    const below = sorted[i + 1];
    sorted[i]!.py = Math.min(sorted[i]!.py, below ? below.py - gap : foot);
  }
  return sorted;
}

/** A linear scale from values to pixels, the same that Plot uses for our margins. */
export const heights = (domain: [number, number], top: number, bottom: number) => (value: number) =>
  bottom - ((value - domain[0]) / (domain[1] - domain[0] || 1)) * (bottom - top);

/** Labels at the right end of the lines, in the lines' colours. */
export const endLabels = (labels: readonly Label[], x: Date, y: (value: number) => number, foot: number) =>
  apart(labels, y, 14, foot).map((label) =>
    Plot.text([label], {
      x: () => x,
      y: "at",
      text: "text",
      dx: 8,
      dy: label.py - y(label.at),
      textAnchor: "start",
      fill: v(label.color),
      fontWeight: 600,
    }),
  );

export interface PlacedEvent extends Event {
  date: Date;
  text: string;
  row: number;
  anchor: "start" | "middle" | "end";
}

/** Puts the names of events above the frame, in as many rows as they need; on narrow frames numbers stand for names. */
export function place(events: readonly Event[], narrow: boolean, x: (day: Date) => number, left: number, right: number): PlacedEvent[] {
  const ends: number[] = [];
  const sorted = [...events].sort((a, b) => a.day.localeCompare(b.day));
  return sorted.map((event, i) => {
    const text = narrow ? String(i + 1) : `${event.label}, ${shortDay(event.day)}`;
    const at = x(date(event.day));
    const half = wide(text) / 2;
    const anchor = at - half < left ? "start" : at + half > right ? "end" : "middle";
    const from = anchor === "start" ? at : anchor === "end" ? at - 2 * half : at - half;
    let row = 0;
    while ((ends[row] ?? -Infinity) > from) row++;
    ends[row] = from + 2 * half + 10;
    return { ...event, date: date(event.day), text, row, anchor };
  });
}

export const eventColor = (event: Event): string => (event.kind === "ours" ? v("try-mark") : v("ink-3"));
export const eventWordColor = (event: Event): string => (event.kind === "ours" ? v("try") : v("ink-3"));

/** The rule and the name of each event: plum for ours, grey for what happened, broken where planned. */
export const eventMarks = (placed: readonly PlacedEvent[], domain: [number, number]) => [
  ...placed.map((event) =>
    Plot.ruleX([event], {
      x: "date",
      y1: domain[1],
      y2: domain[0],
      insetTop: event.row > 0 ? -(14 * event.row + 3) : 0,
      stroke: eventColor(event),
      strokeWidth: event.kind === "ours" ? 1.4 : 1,
      ...(event.planned ? { strokeDasharray: "3 3" } : event.kind === "ours" ? {} : { strokeDasharray: "2 3" }),
    }),
  ),
  ...placed.map((event) =>
    Plot.text([event], {
      x: "date",
      y: domain[1],
      text: "text",
      ...halo,
      dy: -8 - 14 * event.row,
      lineAnchor: "bottom",
      textAnchor: event.anchor,
      fill: eventWordColor(event),
      fontWeight: event.kind === "ours" ? 600 : 400,
    }),
  ),
];

/** What the numbers stand for, on narrow frames. */
export const eventKey = (events: readonly Event[]): string =>
  [...events]
    .sort((a, b) => a.day.localeCompare(b.day))
    .map((event, i) => `${i + 1} ${event.label}, ${shortDay(event.day)}${event.planned ? " (planned)" : ""}`)
    .join(". ");

/** Plot's own <style> element would be refused by the content security policy; app.css has its few rules. */
export function clean(drawing: SVGSVGElement | HTMLElement): Element {
  for (const style of drawing.querySelectorAll("style")) style.remove();
  drawing.removeAttribute("role");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("focusable", "false");
  return drawing;
}
