// --on: who makes the parts of a bulk run, where it is not this process.

import { runBatch, runOnPostgres, type BatchOptions, type BatchSummary } from "../batch/index.ts";
import { readLeafText } from "../config/index.ts";
import { usageError, type Invocation, type OptionSpec } from "./command.ts";
import { printJson, printNote, printResult } from "./output.ts";

const LEASE_MS: readonly [number, number] = [1000, 3_600_000];
const ATTEMPTS: readonly [number, number] = [1, 100];

export const onOptions: Readonly<Record<string, OptionSpec>> = {
  on: { type: "string", value: "postgres", help: "who makes the parts, if not this process: slipway worker processes that share SLIPWAY_DATABASE_URL and the storage of --out and --in" },
  detach: { type: "boolean", help: "with --on: make the run, and leave it to the others" },
  lease: { type: "string", value: "TIME", help: "with --on postgres: after so long without a word from its worker a shard is another's (30s by default)" },
  attempts: { type: "string", value: "N", help: "with --on postgres: so often a shard is tried before it is set aside (5 by default)" },
};

/** The run's summary; undefined: it was only made, and that is printed. */
export async function runOn(call: Invocation, options: BatchOptions): Promise<BatchSummary | undefined> {
  const on = call.text("on");
  if (on === undefined) {
    const lost = Object.keys(onOptions).find((name) => name !== "on" && (call.flag(name) || call.text(name) !== undefined));
    if (lost !== undefined) throw usageError("bad-argument", `--${lost} goes with --on`);
    return runBatch(options);
  }
  if (on !== "postgres") throw usageError("bad-argument", `--on must be postgres, found ${JSON.stringify(on)}`);
  const lease = call.text("lease");
  const leaseMs = lease === undefined ? 30_000 : readLeafText({ type: "duration", min: LEASE_MS[0], max: LEASE_MS[1], help: "" }, lease, (expected) => usageError("bad-argument", `--lease must be ${expected}, found ${JSON.stringify(lease)}`)) as number;
  const outcome = await runOnPostgres(options, { databaseUrl: process.env["SLIPWAY_DATABASE_URL"], leaseMs, attempts: call.count("attempts", ATTEMPTS) ?? 5, detach: call.flag("detach"), note: printNote });
  if ("summary" in outcome) return outcome.summary;
  if (call.flag("json")) printJson(outcome);
  else printResult(`run ${outcome.run}: ${outcome.shards} shards; the same command with --resume waits for it`);
  return undefined;
}
