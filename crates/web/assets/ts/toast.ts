/** Toasts stay ten seconds, or as long as the pointer or the focus is on them, or until dismissed. */
const STAY = 10_000;

export function toasts(): void {
  for (const toast of document.querySelectorAll<HTMLElement>(".toast[data-toast]")) arm(toast);
}

function arm(toast: HTMLElement): void {
  const close = toast.querySelector<HTMLButtonElement>("[data-toast-close]");
  if (close) {
    close.hidden = false;
    close.addEventListener("click", () => toast.remove());
  }
  let timer = setTimeout(() => toast.remove(), STAY);
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), STAY);
  };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("pointerleave", release);
  toast.addEventListener("focusout", release);
}
