/**
 * `<tl-chart data-kind data-sentence>` holds a chart's numbers as JSON and, where it has one, its table. The drawing
 * is put above the table, which closes. It is drawn again when the width changes; colours follow the theme by themselves.
 */
import type { AxisData, ControlData, Frame, LaneData, PanelData, RecoveryData } from "./data";
import { control } from "./control";
import { axis, lane } from "./lane";
import { panel } from "./panel";
import { recovery } from "./recovery";

type Draw = (data: unknown, frame: Frame) => [Element, string];
const KINDS: Record<string, Draw> = {
  control: (data, frame) => control(data as ControlData, frame),
  recovery: (data, frame) => recovery(data as RecoveryData, frame),
  axis: (data, frame) => axis(data as AxisData, frame),
  lane: (data, frame) => lane(data as LaneData, frame),
  panel: (data, frame) => panel(data as PanelData, frame),
};
const NARROW = 512;

export class ChartElement extends HTMLElement {
  #data: unknown;
  #width = 0;
  #plot: HTMLElement | undefined;
  #key: HTMLElement | undefined;
  #watch: ResizeObserver | undefined;

  connectedCallback(): void {
    const draw = KINDS[this.dataset["kind"] ?? ""];
    const json = this.querySelector<HTMLScriptElement>(":scope > script[type='application/json']")?.textContent;
    if (!draw || !json) return;
    this.#data = JSON.parse(json);
    // A copy put in by a refresh or from the back-forward cache may hold an old drawing.
    for (const old of this.querySelectorAll(":scope > .chart__plot, :scope > .chart__key")) old.remove();
    this.#plot = document.createElement("div");
    this.#plot.className = "chart__plot";
    this.#plot.setAttribute("role", "img");
    this.#plot.setAttribute("aria-label", this.dataset["sentence"] ?? "");
    this.#key = document.createElement("p");
    this.#key.className = "chart__key tiny muted";
    this.prepend(this.#plot, this.#key);
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
    const [drawing, key] = draw(this.#data, { width, narrow: width < NARROW });
    this.#plot.replaceChildren(drawing);
    this.#key.textContent = key;
    this.#key.hidden = key === "";
    this.classList.add("is-drawn");
  }
}
