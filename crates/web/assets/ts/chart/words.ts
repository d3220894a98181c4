/** Numbers and days as the server writes them (`format.rs`). */
import type { Cadence, Style } from "./data";

const MINUS = "\u2212";

function decimal(value: number, places: number): string {
  const text = Math.abs(value).toLocaleString("en-GB", { minimumFractionDigits: places, maximumFractionDigits: places });
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** A value with its signs: "€212", "86 %". `places` overrides the metric's own, for axis ticks. */
export function shown(value: number, style: Style, places = style.places): string {
  const digits = decimal(value / (style.divide || 1), places);
  return digits.startsWith(MINUS) ? `${MINUS}${style.before}${digits.slice(1)}${style.after}` : style.before + digits + style.after;
}

/** Writes ticks with as many decimals as the step between them asks for, and no more. */
export function tickWriter(domain: [number, number], style: Style): (value: number) => string {
  const span = Math.abs(domain[1] - domain[0]) / (style.divide || 1);
  const places = span >= 4 ? 0 : span >= 0.4 ? 1 : span >= 0.04 ? 2 : 3;
  // Beside an axis there is no room for "€410,000".
  const most = Math.max(Math.abs(domain[0]), Math.abs(domain[1])) / (style.divide || 1);
  for (const [unit, size] of [["m", 1e6], ["k", 1e3]] as const) {
    if (most < 10 * size) continue;
    const short: Style = { ...style, after: `\u202f${unit}${style.after}`, divide: (style.divide || 1) * size };
    const fine = span / size;
    return (value) => (value === 0 ? shown(0, style, 0) : shown(value, short, fine >= 4 ? 0 : fine >= 0.4 ? 1 : 2));
  }
  return (value) => shown(value, style, places);
}

export const date = (day: string): Date => new Date(`${day}T00:00:00Z`);

const UTC = { timeZone: "UTC" } as const;
/** "16 Feb" */
export const shortDay = (day: string): string =>
  date(day).toLocaleDateString("en-GB", { day: "numeric", month: "short", ...UTC });
/** "Feb", and the year at January. */
export const monthTick = (day: Date): string =>
  day.toLocaleDateString("en-GB", day.getUTCMonth() === 0 ? { month: "short", year: "numeric", ...UTC } : { month: "short", ...UTC });
/** "16 Feb" on short axes. */
export const dayTick = (day: Date): string => day.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...UTC });

/** The day after a period that starts on `start`. */
export function after(start: string, cadence: Cadence): Date {
  const day = date(start);
  if (cadence === "day") day.setUTCDate(day.getUTCDate() + 1);
  else if (cadence === "week") day.setUTCDate(day.getUTCDate() + 7);
  else day.setUTCMonth(day.getUTCMonth() + (cadence === "month" ? 1 : cadence === "quarter" ? 3 : 12));
  return day;
}

/** A written width in pixels, near enough at 11.5 px to keep labels apart. */
export const wide = (text: string): number => text.length * 7.1;

/** A period by its first day: "Week of 16 Feb". */
export const periodName = (start: string, cadence: Cadence): string => {
  if (cadence === "year") return start.slice(0, 4);
  return cadence === "day" ? shortDay(start) : `${cadence === "week" ? "Week of" : `${cadence === "month" ? "Month" : "Quarter"} from`} ${shortDay(start)}`;
};
