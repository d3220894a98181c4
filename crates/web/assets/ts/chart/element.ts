/**
 * `<tl-chart data-kind data-sentence>` holds a chart's numbers as JSON and, where it has one, its table. The drawing
 * is put above the table, which closes, with a reader over it. It is drawn again when the width changes; colours follow
 * the theme by themselves.
 */
import type { AxisData, ControlData, Drawn, Frame, LaneData, PanelData, PanelsData, RecoveryData, SpreadData } from "./data";
import { control } from "./control";
import { axis, lane } from "./lane";
import { panel } from "./panel";
import { panels } from "./panels";
import { Reader } from "./reader";
import { recovery } from "./recovery";
import { spread } from "./spread";

type Draw = (data: unknown, frame: Frame) => Drawn;
const KINDS: Record<string, Draw> = {
  control: (data, frame) => control(data as ControlData, frame),
  recovery: (data, frame) => recovery(data as RecoveryData, frame),
  axis: (data, frame) => axis(data as AxisData, frame),
  lane: (data, frame) => lane(data as LaneData, frame),
  panel: (data, frame) => panel(data as PanelData, frame),
  panels: (data, frame) => panels(data as PanelsData, frame),
  spread: (data, frame) => spread(data as SpreadData, frame),
};
const NARROW = 512;

export class ChartElement extends HTMLElement {
  #data: unknown;
  #width = 0;
  #plot: HTMLElement | undefined;
  #key: HTMLElement | undefined;
  #reader: Reader | undefined;
  #watch: ResizeObserver | undefined;

  connectedCallback(): void {
    const draw = KINDS[this.dataset["kind"] ?? ""];
    const json = this.querySelector<HTMLScriptElement>(":scope > script[type='application/json']")?.textContent;
    if (!draw || !json) return;
    this.#data = JSON.parse(json);
    // A copy put in by a refresh or from the back-forward cache may hold an old drawing.
    for (const old of this.querySelectorAll(":scope > .chart__frame, :scope > .chart__key")) old.remove();
    const sentence = this.dataset["sentence"] ?? "";
    const frame = document.createElement("div");
    frame.className = "chart__frame";
    this.#plot = document.createElement("div");
    this.#plot.className = "chart__plot";
    this.#plot.setAttribute("role", "img");
    this.#plot.setAttribute("aria-label", sentence);
    this.#reader = new Reader(`Read value by value: ${sentence}`);
    frame.append(this.#plot, this.#reader.element);
    this.#key = document.createElement("p");
    this.#key.className = "chart__key tiny muted";
    this.prepend(frame, this.#key);
    const table = this.querySelector<HTMLDetailsElement>(":scope > details");
    if (table) table.open = false;
    this.#width = 0;
    this.#watch = new ResizeObserver(() => this.#draw(draw));
    this.#watch.observe(this);
    this.#draw(draw);
  }

  disconnectedCallback(): void {
    this.#watch?.disconnect();
  }

  #draw(draw: Draw): void {
    const width = Math.floor(this.clientWidth);
    if (width < 80 || width === this.#width || !this.#plot || !this.#key) return;
    this.#width = width;
    const { drawing, key, stops } = draw(this.#data, { width, narrow: width < NARROW });
    this.#plot.replaceChildren(drawing);
    this.#reader?.set(stops);
    this.#key.textContent = key;
    this.#key.hidden = key === "";
    this.classList.add("is-drawn");
  }
}
