/** The page's one script. Every page works without it; this makes it quicker and keeps it up to date. */
import htmx from "htmx.org";
import { listen } from "./live";
import { findByKey } from "./keys";
import { theme } from "./theme";
import { toasts } from "./toast";
import { ChartElement } from "./chart/element";

// The content security policy allows no inline style and no evaluated text.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
htmx.config.scrollIntoViewOnBoost = false;

theme();
customElements.define("tl-chart", ChartElement);
findByKey();
toasts();
listen();
document.querySelector<HTMLElement>(".errors")?.focus();
