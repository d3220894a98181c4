/** `/` goes to the find link; Escape closes an open menu and gives the focus back to what opened it. */
export function findByKey(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const open = document.querySelector<HTMLDetailsElement>("details.menu[open]");
      if (open) {
        open.open = false;
        open.querySelector("summary")?.focus();
      }
      return;
    }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement | null;
    if (target && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))) return;
    const find = document.querySelector<HTMLElement>("[data-find]");
    if (!find) return;
    event.preventDefault();
    find.focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      if (!open.contains(event.target as Node)) open.open = false;
    }
  });
}
