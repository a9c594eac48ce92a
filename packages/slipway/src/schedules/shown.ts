// Schedules as they may be shown: an address of a database or a server has no password and no signature in it.

import type { Schedule } from "./run.ts";

export function shownPath(path: string): string {
  return path.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1...@").replace(/^(https?:[^?]*\?).*/is, "$1...").replace(/([?&](?:password|sslpassword|user)=)[^&]*/gi, "$1...");
}
export function shownSchedule<S extends Schedule>(schedule: S): S {
  const { definition } = schedule;
  return { ...schedule, definition: { ...definition, input: definition.input.map(shownPath), output: shownPath(definition.output) } };
}
