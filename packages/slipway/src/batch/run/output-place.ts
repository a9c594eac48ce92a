// Where a run's output goes, and where it keeps its parts until it is whole.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { batchError } from "../errors.ts";
import { isElsewhere } from "../output/destination.ts";
import { isBucketAddress } from "../remote/bucket-address.ts";
import { digestOf, isSqlAddress, parseSqlAddress } from "../sql/address.ts";
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
  /** Where it is handed over to, when it is whole. */
  readonly destination?: string;
}

const FORMATS: readonly OutputFormat[] = ["csv", "tsv", "jsonl", "parquet", "arrow", "arrows"];
const ALIASES: Readonly<Record<string, OutputFormat>> = { ndjson: "jsonl", pq: "parquet", feather: "arrow" };

/** What is made here before it goes elsewhere. */
const STAGE = join(".slipway", "batch");

/** @throws SlipwayError batch-output-format, batch-source-address */
export function placeOutput(path: string, format?: string): OutputPlace {
  if (isElsewhere(path)) return placeElsewhere(path, format);
  const folder = path.endsWith("/") || path.endsWith("\\");
  const told = format ?? (folder ? "csv" : (/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ""));
  const known = FORMATS.find((f) => f === (ALIASES[told] ?? told));
  if (known === undefined) throw batchError("batch-output-format", `what to write to ${JSON.stringify(path)} cannot be told from its name`, { hint: "End it in .csv, .tsv, .jsonl, .parquet, .arrow or .arrows, or in / for a folder of parts; --to names the format." });
  if (folder) {
    const root = path.replace(/[/\\]+$/, "");
    return { path: root, format: known, folder, work: root, errors: `${root}/_errors.jsonl`, record: `${root}/_run.json` };
  }
  return { path, format: known, folder, work: `${path}.parts`, errors: `${path}.errors.jsonl`, record: `${path}.run.json` };
}

function placeElsewhere(address: string, format: string | undefined): OutputPlace {
  if (address.startsWith("http") && !isBucketAddress(address)) throw batchError("batch-source-address", "nothing is written to http:// addresses", { hint: "An output elsewhere is s3://BUCKET/KEY, gs://BUCKET/NAME, az://CONTAINER/NAME, postgres://HOST/NAME?table=scores or sqlite:PATH?table=scores." });
  // The address is kept in the run's plan and record.
  if (address.startsWith("http") && address.includes("?")) throw batchError("batch-source-address", "a token in the address of an output is not taken", { hint: "Set AZURE_STORAGE_SAS_TOKEN, and leave ? and what follows it away." });
  const sql = isSqlAddress(address);
  if (sql && format !== undefined) throw batchError("batch-output-format", "a table in a database has no format", { hint: "Leave --to away." });
  const name = sql ? parseSqlAddress(address).table ?? "table" : address.split("/").findLast((part) => part !== "")!;
  const stage = join(STAGE, `${digestOf(address)}-${name.replace(/[^\w.-]+/g, "_").slice(-80)}`);
  const local = sql ? placeOutput(`${stage}/`, "arrows") : placeOutput(address.endsWith("/") ? `${stage}/` : stage, format);
  return { ...local, errors: `${stage}.errors.jsonl`, record: `${stage}.run.json`, destination: address };
}

/** The mark that a folder of parts is whole, as Hadoop's tools write and look for it. */
export const SUCCESS = "_SUCCESS";

export function isThere(place: OutputPlace): boolean {
  return place.folder ? existsSync(`${place.path}/${SUCCESS}`) : existsSync(place.path);
}

/** Holds the runs that many processes share; see `distributed`. */
export function sharedFolder(place: OutputPlace): string {
  return place.folder ? join(place.path, "_run") : place.work;
}
