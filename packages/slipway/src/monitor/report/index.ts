// A report on a file's rows, for commands: a door of its own, as a server needs none of it.

export { countRows, type FileReport, type FindReference } from "./count-rows.ts";
export { driftPage, headline, sorted, STATE_WORDS } from "./page.ts";
