// Names of input and output with {{...}} in them, filled in from the moment that a run is for. The same moment always gives
// the same names, so that a run that was stopped finds what it wrote.

import { nearest } from "@slipway/core/base";
import { isOwnSecret } from "./environment.ts";
import { scheduleError } from "./errors.ts";
import type { Occurrences } from "./occurrences.ts";

export interface Moment {
  readonly at: Date;
  readonly occurrences: Occurrences;
  readonly schedule: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
interface Local {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
}

/** In the schedule's time zone, but for `datetime`, which no change of the clocks makes ambiguous. */
const FIELDS: Readonly<Record<string, { readonly says: string; readonly value: (moment: Moment) => string }>> = {
  date: { says: "2026-11-01", value: ({ at, occurrences }) => dateOf(localOf(at, occurrences.timeZone)) },
  datetime: { says: "20261101T020000Z, in UTC", value: ({ at }) => at.toISOString().replace(/[-:]|\.\d+/g, "") },
  year: { says: "2026", value: ({ at, occurrences }) => localOf(at, occurrences.timeZone).year },
  month: { says: "11", value: ({ at, occurrences }) => localOf(at, occurrences.timeZone).month },
  day: { says: "01", value: ({ at, occurrences }) => localOf(at, occurrences.timeZone).day },
  hour: { says: "03", value: ({ at, occurrences }) => localOf(at, occurrences.timeZone).hour },
  minute: { says: "00", value: ({ at, occurrences }) => localOf(at, occurrences.timeZone).minute },
  previous: { says: "the date of the time before that one was due", value: (moment) => dateOf(localOf(previousOf(moment), moment.occurrences.timeZone)) },
  "previous.year": { says: "its year", value: (moment) => localOf(previousOf(moment), moment.occurrences.timeZone).year },
  "previous.month": { says: "its month", value: (moment) => localOf(previousOf(moment), moment.occurrences.timeZone).month },
  "previous.day": { says: "its day", value: (moment) => localOf(previousOf(moment), moment.occurrences.timeZone).day },
  "previous.datetime": { says: "the same as datetime", value: (moment) => previousOf(moment).toISOString().replace(/[-:]|\.\d+/g, "") },
  schedule: { says: "the schedule's name", value: ({ schedule }) => schedule },
};
export const TEMPLATE_FIELDS: readonly string[] = Object.keys(FIELDS);

/** A variable of the server's environment, for what the configuration should not hold. */
const VARIABLE = /^env\.([A-Za-z_][A-Za-z0-9_]{0,100})$/;
const HOLE = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** @throws schedule-invalid */
export function checkTemplate(text: string, where: string): void {
  for (const [, name] of text.matchAll(HOLE)) {
    if (Object.hasOwn(FIELDS, name!)) continue;
    const variable = VARIABLE.exec(name!)?.[1];
    if (variable !== undefined && !isOwnSecret(variable)) continue;
    if (variable !== undefined) throw scheduleError("schedule-invalid", `${where}: ${variable} is a secret of the server's own, which runs do not see`, { where });
    const near = nearest(name!, TEMPLATE_FIELDS);
    throw scheduleError("schedule-invalid", `${where}: {{${name!.slice(0, 60)}}} is not known${near === undefined ? "" : `; did you mean {{${near}}}?`}`, { where, hint: `There are ${TEMPLATE_FIELDS.map((f) => `{{${f}}}`).join(", ")}, and {{env.NAME}} for variables of the environment.` });
  }
  if (/\{\{|\}\}/.test(text.replace(HOLE, ""))) throw scheduleError("schedule-invalid", `${where}: a {{ or }} stands alone in ${JSON.stringify(text.slice(0, 200))}`, { where });
}
/** @throws schedule-invalid where a variable is not set */
export function fillTemplate(text: string, moment: Moment): string {
  return text.replace(HOLE, (_, name: string) => (Object.hasOwn(FIELDS, name) ? FIELDS[name]!.value(moment) : variableOf(VARIABLE.exec(name)![1]!, moment)));
}

function variableOf(name: string, { env, schedule }: Moment): string {
  const value = env[name];
  if (value === undefined || value === "") throw scheduleError("schedule-invalid", `the variable ${name} is not set`, { where: `schedules.${schedule}`, hint: "It is a variable of the environment of slipway up." });
  return value;
}

/** What never was due before is as if it had been now. */
function previousOf({ at, occurrences }: Moment): Date {
  return occurrences.before(at) ?? at;
}
function dateOf({ year, month, day }: Local): string {
  return `${year}-${month}-${day}`;
}
const formats = new Map<string, Intl.DateTimeFormat>();
function localOf(at: Date, timeZone: string): Local {
  let format = formats.get(timeZone);
  if (format === undefined) formats.set(timeZone, (format = new Intl.DateTimeFormat("en-GB", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })));
  const parts = Object.fromEntries(format.formatToParts(at).map((p) => [p.type, p.value]));
  return { year: parts["year"]!, month: parts["month"]!, day: parts["day"]!, hour: parts["hour"]!, minute: parts["minute"]! };
}
