/** The page's one script. Every page works without it; this makes it quicker and keeps it up to date. */
import htmx from "htmx.org";
import { listen } from "./live";
import { findByKey } from "./keys";
import { theme } from "./theme";
import { toasts } from "./toast";
import { charts } from "./charts";

// The content security policy allows no inline style and no evaluated text.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
htmx.config.scrollIntoViewOnBoost = false;

theme();
charts();
findByKey();
toasts();
listen();
document.querySelector<HTMLElement>(".errors")?.focus();
for (const details of document.querySelectorAll<HTMLDetailsElement>("details[data-close]")) details.open = false;
for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
// A link to a folded way out opens it.
const unfold = () => {
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (target instanceof HTMLDetailsElement) target.open = true;
};
unfold();
window.addEventListener("hashchange", unfold);
