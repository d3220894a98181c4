/** `<tl-chart>`: draws from the JSON that it holds, beside the table that it holds. */
export class ChartElement extends HTMLElement {}
