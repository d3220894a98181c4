/**
 * Keeps open pages up to date. The server names what changed; elements that carry the same name in `data-live`
 * (and an id) are fetched again from the page's own address and put in place of the old ones.
 * EventSource reconnects by itself and sends Last-Event-ID, so nothing is missed in between.
 */
import htmx from "htmx.org";
import { charts } from "./charts";

const NAMES = ["today", "team", "alert", "session", "notifications"] as const;
/** Several events that come together cost one fetch. */
const TOGETHER = 250;

export function listen(): void {
  const address = document.body.dataset["liveUrl"];
  if (!address || !("EventSource" in window)) return;
  let source = new EventSource(address);
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const heard = (name: string) => () => {
    waiting.add(name);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const names = [...waiting];
      waiting.clear();
      void refresh(names);
    }, TOGETHER);
  };
  const attach = () => {
    for (const name of NAMES) source.addEventListener(name, heard(name));
  };
  attach();

  // A page kept in the back-forward cache must not hold a connection; when it comes back it may be out of date.
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    source = new EventSource(address);
    attach();
    void refresh([...NAMES]);
  });
}

async function refresh(names: readonly string[]): Promise<void> {
  const stale = [...document.querySelectorAll<HTMLElement>("[data-live][id]")].filter((element) =>
    (element.dataset["live"] ?? "").split(" ").some((name) => names.includes(name)),
  );
  if (stale.length === 0) return;
  const answer = await fetch(location.href, { headers: { "X-Live": names.join(" ") }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const element of stale) {
    const fresh = page.getElementById(element.id);
    // What someone is typing into, or has opened a menu in, is left alone until the next event.
    if (!fresh || busy(element)) continue;
    const node = document.importNode(fresh, true);
    element.replaceWith(node);
    htmx.process(node);
  }
  charts();
}

function busy(element: HTMLElement): boolean {
  const active = document.activeElement;
  if (active && element.contains(active) && /^(input|textarea|select)$/i.test(active.tagName)) return true;
  for (const field of element.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")) {
    if (field.type === "radio" || field.type === "checkbox") continue;
    if (field.value !== field.defaultValue) return true;
  }
  return false;
}
