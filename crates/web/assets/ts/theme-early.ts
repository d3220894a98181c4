/** Puts a stored theme on the document before anything is painted. */
import { stored } from "./theme-stored";

const choice = stored();
if (choice !== "system") document.documentElement.dataset["theme"] = choice;
