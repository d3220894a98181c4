// Each kind of page of the demo once, as somebody who works with it: a word of the persona's job role, and addresses.
// `from → prefix` is the first address under the prefix that a page links to.
export const PAGES = [
  ["Branch leader", ["/team", "/team?by=threshold", "/coaching", "/today", "/silences", "/me/notes"]],
  ["Branch leader", ["/team → /alerts/", "/team → /team/metrics/", "/team → /people/", "/coaching → /sessions/"]],
  ["Account manager", ["/today", "/today → /people/", "/today → /alerts/", "/me", "/notifications", "/channels"]],
  ["VP Operations", ["/chains", "/chains → /chains/study_", "/support", "/learning-and-work"]],
  ["Performance analyst", ["/cases", "/cases → /cases/", "/chains", "/chains → /studies/study_", "/studies/new", "/support"]],
  ["IT integrator", ["/health", "/people", "/questions"]],
  ["Privacy officer", ["/today"]],
];
