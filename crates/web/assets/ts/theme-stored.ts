/** Which theme this browser was asked to keep. */
export const KEY = "theme";
export type Theme = "light" | "dark" | "system";

export function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}
