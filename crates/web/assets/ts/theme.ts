/** Light, dark or as the system says. The choice stays in this browser and is the only thing kept there. */
import { KEY, stored, type Theme } from "./theme-stored";

function apply(choice: Theme): void {
  if (choice === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset["themeChoice"] === choice));
  }
}

export function theme(): void {
  apply(stored());
  for (const group of document.querySelectorAll<HTMLElement>("[data-theme-group]")) group.hidden = false;
  document.addEventListener("click", (event) => {
    const button = (event.target as Element | null)?.closest<HTMLElement>("button[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset["themeChoice"] as Theme;
    try {
      if (choice === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, choice);
    } catch {
      // Storage may be switched off; the choice then holds for this page.
    }
    apply(choice);
  });
}
