// Where a run's output goes, and where it keeps its parts until it is whole.

import { existsSync } from "node:fs";
import { batchError } from "../errors.ts";
import type { OutputFormat } from "./messages.ts";

export interface OutputPlace {
  readonly path: string;
  readonly format: OutputFormat;
  /** The output is a folder of parts. */
  readonly folder: boolean;
  /** Holds the plan, the ledger and the parts. */
  readonly work: string;
  /** The rows that could not be scored. */
  readonly errors: string;
  /** What the run was: its plan and its summary. */
  readonly record: string;
}

const FORMATS: readonly OutputFormat[] = ["csv", "tsv", "jsonl", "parquet", "arrow", "arrows"];
const ALIASES: Readonly<Record<string, OutputFormat>> = { ndjson: "jsonl", pq: "parquet", feather: "arrow" };

/** @throws SlipwayError batch-output-format */
export function placeOutput(path: string, format?: string): OutputPlace {
  const folder = path.endsWith("/") || path.endsWith("\\");
  const told = format ?? (folder ? "csv" : (/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ""));
  const known = FORMATS.find((f) => f === (ALIASES[told] ?? told));
  if (known === undefined) throw batchError("batch-output-format", `what to write to ${JSON.stringify(path)} cannot be told from its name`, { hint: "End it in .csv, .tsv, .jsonl, .parquet, .arrow or .arrows, or in / for a folder of parts; --to names the format." });
  if (folder) {
    const root = path.replace(/[/\\]+$/, "");
    return { path: root, format: known, folder, work: root, errors: `${root}/errors.jsonl`, record: `${root}/_run.json` };
  }
  return { path, format: known, folder, work: `${path}.parts`, errors: `${path}.errors.jsonl`, record: `${path}.run.json` };
}

/** The mark that a folder of parts is whole, as Hadoop's tools write and look for it. */
export const SUCCESS = "_SUCCESS";

export function isThere(place: OutputPlace): boolean {
  return place.folder ? existsSync(`${place.path}/${SUCCESS}`) : existsSync(place.path);
}
