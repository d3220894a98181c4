/** Brings the chart script when there is something to draw. Elements that come later are upgraded by themselves. */
let brought = false;

export function charts(): void {
  const address = document.body.dataset["chartUrl"];
  if (brought || !address || !document.querySelector("tl-chart")) return;
  brought = true;
  import(address).catch(() => {
    // Without the script the tables are there, open; let the styles for "script is on its way" go.
    brought = false;
    for (const chart of document.querySelectorAll("tl-chart")) chart.classList.add("is-drawn");
  });
}
