/**
 * The reader of a chart: one stop after another, by pointer or by keyboard, in words. It is a slider to assistive
 * technology, since that is what it does: the arrow keys go to the next stop, Home and End to both ends, and each stop
 * says its own text. Escape puts it away.
 */
import type { Stop } from "./data";

const STEPS: Record<string, (at: number, last: number) => number> = {
  ArrowRight: (at, last) => Math.min(last, at + 1),
  ArrowUp: (at, last) => Math.min(last, at + 1),
  ArrowLeft: (at) => Math.max(0, at - 1),
  ArrowDown: (at) => Math.max(0, at - 1),
  PageUp: (at, last) => Math.min(last, at + 10),
  PageDown: (at) => Math.max(0, at - 10),
  Home: () => 0,
  End: (_, last) => last,
};

export class Reader {
  readonly element = document.createElement("div");
  #tip = document.createElement("p");
  #line = document.createElement("span");
  #dot = document.createElement("span");
  #stops: readonly Stop[] = [];
  #at = -1;

  constructor(name: string) {
    this.element.className = "chart__reader";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "slider");
    this.element.setAttribute("aria-label", name);
    this.#tip.className = "chart__tip";
    this.#line.className = "chart__line";
    this.#dot.className = "chart__dot";
    for (const part of [this.#line, this.#dot, this.#tip]) part.setAttribute("aria-hidden", "true");
    this.element.append(this.#line, this.#dot, this.#tip);
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focus", () => this.#show(this.#at < 0 ? this.#stops.length - 1 : this.#at));
    this.element.addEventListener("blur", () => this.#hide());
    this.element.addEventListener("pointermove", (event) => this.#near(event));
    this.element.addEventListener("pointerdown", (event) => this.#near(event));
    this.element.addEventListener("pointerleave", () => {
      if (document.activeElement !== this.element) this.#hide();
    });
    this.#hide();
  }

  /** The stops of a drawing that was just made, in its own pixels. */
  set(stops: readonly Stop[]): void {
    this.#stops = stops;
    this.element.hidden = stops.length === 0;
    this.element.setAttribute("aria-valuemin", "1");
    this.element.setAttribute("aria-valuemax", String(Math.max(1, stops.length)));
    this.#at = Math.min(this.#at, stops.length - 1);
    this.#say(this.#at < 0 ? stops.length - 1 : this.#at);
    if (document.activeElement === this.element) this.#show(this.#at);
    else this.#hide();
  }

  #say(at: number): void {
    const stop = this.#stops[at];
    if (!stop) return;
    this.element.setAttribute("aria-valuenow", String(at + 1));
    this.element.setAttribute("aria-valuetext", stop.text.join(". "));
  }

  #show(at: number): void {
    const stop = this.#stops[at];
    if (!stop) return;
    this.#at = at;
    this.#say(at);
    this.#tip.replaceChildren(
      ...stop.text.map((text, i) => {
        const line = document.createElement(i === 0 ? "b" : "span");
        line.textContent = text;
        return line;
      }),
    );
    for (const part of [this.#line, this.#tip]) part.hidden = false;
    this.#dot.hidden = stop.y == null;
    this.#line.style.left = `${stop.x}px`;
    this.#dot.style.left = `${stop.x}px`;
    this.#dot.style.top = `${stop.y ?? 0}px`;
    const width = this.element.clientWidth;
    const room = this.#tip.offsetWidth;
    // Beside the line, on the side that has room; never past either edge.
    const beside = stop.x + 12 + room <= width ? stop.x + 12 : stop.x - 12 - room;
    this.#tip.style.left = `${Math.max(0, Math.min(beside, width - room))}px`;
  }

  #hide(): void {
    for (const part of [this.#line, this.#dot, this.#tip]) part.hidden = true;
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") return this.#hide();
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const last = this.#stops.length - 1;
    this.#show(step(this.#at < 0 ? last : this.#at, last));
  }

  #near(event: PointerEvent): void {
    const box = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const off = (stop: Stop) => Math.abs(stop.x - x) + (stop.row == null ? 0 : 4 * Math.abs((stop.y ?? 0) - y));
    let best = -1;
    this.#stops.forEach((stop, i) => {
      if (best < 0 || off(stop) < off(this.#stops[best]!)) best = i;
    });
    this.#show(best);
  }
}
