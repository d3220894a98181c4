/** The shapes of the JSON in the page; `view/chart.rs` writes them. Days are texts like 2026-03-16. */

export interface Style {
  before: string;
  after: string;
  word: string;
  change: string;
  places: number;
  divide: number;
}
/** The period's first day, its value, and 1 where it is marked. */
export type Reading = [start: string, value: number | null, marked?: 1];
export interface Phase {
  from: string;
  to: string;
  mean: number;
  lo: number;
  hi: number;
}
export interface Event {
  day: string;
  label: string;
  kind: "ours" | "happened";
  planned: boolean;
}
export type Cadence = "day" | "week" | "month" | "quarter" | "year";
export interface ControlData {
  name: string;
  style: Style;
  cadence: Cadence;
  today: string;
  readings: Reading[];
  phases: Phase[];
  target: number | null;
  target_band: [number, number] | null;
  commitment: number | null;
  change_from: string | null;
  /** The same weeks a year before, moved to where they stand now. */
  before: Reading[];
  events: Event[];
}
export interface Expected {
  start: string;
  lo: number;
  mid: number;
  hi: number;
}
export interface RecoveryData {
  style: Style;
  cadence: Cadence;
  readings: Reading[];
  compare: Reading[];
  since: string | null;
  expected: Expected[];
  usual: [number, number] | null;
  events: Event[];
}
export interface AxisData {
  from: string;
  to: string;
  today: string;
  marks: Event[];
}
export interface Group {
  name: string;
  mean: Reading[];
  units: Reading[][];
}
export interface LaneData {
  axis: AxisData;
  last: boolean;
  lane: {
    name: string;
    style: Style;
    cadence: Cadence;
    kind: "lines" | "steps" | "bars";
    treated: Group | null;
    compare: Group | null;
    target: [number, number] | null;
    target_label: string;
    left_out: { from: string; to: string; reason: string }[];
    tall: boolean;
  };
}
export interface PanelData {
  rows: { key: string; name: string; voices: number[]; mid: number; q1: number; q3: number }[];
}

export interface PanelsData {
  style: Style;
  cadence: Cadence;
  target: number | null;
  panels: { name: string; readings: Reading[]; usual: [number, number] | null; from: string | null }[];
}
export interface SpreadData {
  style: Style;
  bins: { lo: number; hi: number; count: number }[];
  target: number | null;
  middle: number;
  half: [number, number];
  /** What is counted: "weeks". */
  counted: string;
}

/** One stop of the reader: where it points, in the drawing's pixels, and what it says, a line each. */
export interface Stop {
  x: number;
  y: number | null;
  text: string[];
  /** Set where stops stand above one another, so that the pointer's height counts too. */
  row?: number;
}
/** A drawing, the words under it on narrow frames, and the stops of its reader. */
export interface Drawn {
  drawing: Element;
  key: string;
  stops: Stop[];
}
/** Where a chart is drawn: its width in pixels, and whether that is narrow (below 32rem). */
export interface Frame {
  width: number;
  narrow: boolean;
}
