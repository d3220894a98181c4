/** Runs before anything is painted: a stored theme does not flash, and neither do tables that drawings will replace. */
import { stored } from "./theme-stored";

const choice = stored();
if (choice !== "system") document.documentElement.dataset["theme"] = choice;
document.documentElement.classList.add("has-script");
