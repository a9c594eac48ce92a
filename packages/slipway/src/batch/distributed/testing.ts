// What tests of runs that many share need: a package, rows, options, workers as processes.

import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildPackage, writeSlip } from "@slipway/core/package";
import { randomNumbers } from "@slipway/core/stats";
import { openModel } from "../../runtime/index.ts";
import { columnsModel } from "../../runtime/testing.ts";
import { readErrorLimit } from "../run/limits.ts";
import type { BatchOptions } from "../run/options.ts";
import { placeOutput } from "../run/output-place.ts";

export const BIN: string = fileURLToPath(new URL("../../../bin/slipway.mjs", import.meta.url));

/** Score: age + 10 for pro + 100 for members + 0.5 for a note. */
export async function loanPackage(): Promise<BatchOptions["package"]> {
  const { model, signature } = columnsModel();
  const { manifest: { kernel: _, ...manifest } } = (await openModel(fileURLToPath(new URL("../../../../../examples/churn/churn.joblib", import.meta.url)))).package;
  const pkg = await buildPackage({ manifest: { ...manifest, name: "loan", version: "1.2.0" }, model, signature, checks: null, profile: null, card: "", sbom: {} });
  return { bytes: writeSlip(pkg), digest: pkg.digest, name: "loan", version: "1.2.0", profile: null };
}

/** One row in fifty cannot be scored. */
export function loanRows(count: number): string {
  const random = randomNumbers(11);
  const rows = Array.from({ length: count }, (_, id) => `${id},${id % 50 === 7 ? "old" : Math.round(random() * 1000) / 10},${random() < 0.5 ? "pro" : "basic"},${random() < 0.3 ? 1 : 0},${random() < 0.5 ? "" : "a note"}\n`);
  return `id,age,plan,member,note\n${rows.join("")}`;
}

export function batchOptions(pkg: BatchOptions["package"], input: string, out: string, more: Partial<BatchOptions> = {}): BatchOptions {
  return { package: pkg, input: [input], output: placeOutput(out), keep: "unused", ids: true, engine: "auto", threads: 1, shardBytes: 2 ** 15, resume: false, overwrite: false, maxErrors: readErrorLimit("50%"), ...more };
}

export interface TestWorker {
  readonly process: ChildProcess;
  /** Its exit status, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
  said(): string;
}
export function startWorker(databaseUrl: string, ...args: string[]): TestWorker {
  const child = spawn(process.execPath, [BIN, "worker", "--threads", "1", ...args], { env: { ...process.env, SLIPWAY_DATABASE_URL: databaseUrl }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += String(piece)));
  return { process: child, said: () => said, ended: new Promise((resolve) => child.once("close", (status, signal) => resolve(status ?? signal))) };
}
