/** Loaded by app.ts on pages that hold a chart; the plot library is most of its size. */
import { ChartElement } from "./chart/element";

customElements.define("tl-chart", ChartElement);
