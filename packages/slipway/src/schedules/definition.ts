// A schedule as the configuration has it, checked as a whole before anything runs by it.

import { isBucketAddress, placeOutput, readErrorLimit } from "../batch/index.ts";
import type { ScheduleSettings } from "../config/index.ts";
import { scheduleError } from "./errors.ts";
import { Occurrences } from "./occurrences.ts";
import { checkTemplate, fillTemplate, type Moment } from "./template.ts";

export interface Definition extends ScheduleSettings {
  readonly name: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MODEL_NAME = /^([A-Za-z0-9][A-Za-z0-9._-]{0,127})[:@]/;
/** Times that a name of an output is tried for. */
const TRIED = 50;

/** @param databaseUrl where workers would take shards from @throws schedule-invalid, batch-output-format */
export function readDefinitions(settings: Readonly<Record<string, ScheduleSettings>> = {}, databaseUrl?: string): Definition[] {
  return Object.entries(settings).map(([name, given]) => {
    const definition = readDefinition(name, given);
    if (given.on === "postgres" && !/^postgres(?:ql)?:\/\//.test(databaseUrl ?? "")) throw scheduleError("schedule-invalid", `schedules.${name}.on: workers take their shards from Postgres`, { where: `schedules.${name}.on`, hint: "Set SLIPWAY_DATABASE_URL to postgres://USER:PASSWORD@HOST/NAME, the same for slipway up and for every slipway worker; or leave `on` away." });
    return definition;
  });
}

function readDefinition(name: string, given: ScheduleSettings): Definition {
  const where = `schedules.${name}`;
  const wrong = (at: string, what: string, hint?: string): Error => scheduleError("schedule-invalid", `${where}${at}: ${what}`, { where: `${where}${at}`, hint });
  if (!NAME.test(name)) throw wrong("", "a schedule's name is of letters, digits, dots, dashes and underscores, 64 at most");
  const occurrences = new Occurrences(given.every, given.tz, where);
  if (given.input.length === 0 && given.query === undefined) throw wrong(".input", "names nothing to score");
  for (const [i, path] of given.input.entries()) checkTemplate(path, `${where}.input[${i}]`);
  checkTemplate(given.output, `${where}.output`);
  if (given.query !== undefined) checkTemplate(given.query, `${where}.query`);
  for (const [i, path] of (given.future ?? []).entries()) checkTemplate(path, `${where}.future[${i}]`);
  readErrorLimit(given.maxErrors);
  if (given.future !== undefined && given.horizon === undefined) throw wrong(".future", "is of forecasts over several steps", "Set horizon, or leave future away.");
  const odd = given.horizon === undefined ? undefined : (["image", "watermark"] as const).find((key) => given[key] !== undefined) ?? (["newFiles", "skipBroken"] as const).find((key) => given[key]);
  if (odd !== undefined) throw wrong(`.${odd}`, "does not go with horizon", "A forecast takes the whole history of each series.");
  if (given.watermark !== undefined && given.newFiles) throw wrong(".newFiles", "a schedule goes by new files or by a watermark, not by both");
  const incremental = given.watermark !== undefined || given.newFiles;
  if (incremental && !/\{\{\s*datetime\s*\}\}/.test(given.output)) throw wrong(".output", "a run that takes only what is new must not write over another one's output", "Put {{datetime}} in its name.");
  const place = placeOutput(outputAt(given, name, occurrences, new Date(0)), given.to);
  if (given.on !== undefined && place.destination !== undefined && !isBucketAddress(place.destination)) throw wrong(".output", "what workers make goes to storage that all of them see", "Write to a file or a folder there, or to a bucket (s3://, gs://, az://); or leave `on` away.");
  if (!given.overwrite) {
    const twice = sameOutput(given, name, occurrences);
    if (twice !== undefined) throw wrong(".output", `is ${JSON.stringify(twice.path)} at ${twice.first} and at ${twice.second}: the second run would find the first one's output there`, "Put {{date}} or {{datetime}} in its name, or set overwrite: true.");
  }
  return { name, ...given };
}

function sameOutput(given: ScheduleSettings, name: string, occurrences: Occurrences): { readonly path: string; readonly first: string; readonly second: string } | undefined {
  const seen = new Map<string, string>();
  let at: Date | undefined = occurrences.after(new Date());
  for (let i = 0; i < TRIED && at !== undefined; i++, at = occurrences.after(at)) {
    const path = outputAt(given, name, occurrences, at);
    const first = seen.get(path);
    if (first !== undefined) return { path, first, second: at.toISOString() };
    seen.set(path, at.toISOString());
  }
  return undefined;
}

function outputAt(given: ScheduleSettings, schedule: string, occurrences: Occurrences, at: Date): string {
  // Variables are those of whoever makes the run, and the same for each.
  return fillTemplate(given.output, { at, occurrences, schedule, env: new Proxy({}, { get: () => "x" }) });
}

export function occurrencesOf({ name, every, tz }: Definition): Occurrences {
  return new Occurrences(every, tz, `schedules.${name}`);
}

/** Everything of a run that depends on when it is. */
export interface FilledIn {
  readonly input: readonly string[];
  readonly output: string;
  readonly query: string | undefined;
  readonly future?: readonly string[];
}
/** @throws schedule-invalid where a variable is not set */
export function fillIn(definition: Definition, at: Date, env: Moment["env"] = process.env): FilledIn {
  const moment: Moment = { at, occurrences: occurrencesOf(definition), schedule: definition.name, env };
  return { input: definition.input.map((path) => fillTemplate(path, moment)), output: fillTemplate(definition.output, moment), query: definition.query === undefined ? undefined : fillTemplate(definition.query, moment), ...(definition.future === undefined ? {} : { future: definition.future.map((path) => fillTemplate(path, moment)) }) };
}

/** The model's name in the registry; null where the model is a file. */
export function modelNameOf({ model }: Pick<Definition, "model">): string | null {
  return MODEL_NAME.exec(model)?.[1] ?? null;
}
