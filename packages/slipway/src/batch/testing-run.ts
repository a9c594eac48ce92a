// Runs of a small model for tests: score = age + 10 for pro + 100 for members + 0.5 for a note.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPackage, writeSlip, type Signature } from "@slipway/core/package";
import { openModel } from "../runtime/index.ts";
import { columnsModel } from "../runtime/testing.ts";
import { placeOutput, readErrorLimit, runBatch, type BatchOptions, type BatchSummary } from "./index.ts";

type Package = BatchOptions["package"];

export function loanPackage(): Promise<Package> {
  const { model, signature } = columnsModel();
  return packageOf(model, signature);
}
export async function packageOf(model: Uint8Array, signature: Signature): Promise<Package> {
  const { manifest: { kernel: _, ...manifest } } = (await openModel(fileURLToPath(new URL("../../../../examples/churn/churn.joblib", import.meta.url)))).package;
  const pkg = await buildPackage({ manifest: { ...manifest, name: "loan", version: "1.2.0" }, model, signature, checks: null, profile: null, card: "", sbom: {} });
  return { bytes: writeSlip(pkg), digest: pkg.digest, name: "loan", version: "1.2.0", profile: null, forecast: signature.forecast };
}

export interface LoanRow { readonly id: number; readonly age: number | null; readonly plan: string; readonly member: boolean; readonly note: string | null }
export function loanRows(count: number): LoanRow[] {
  return Array.from({ length: count }, (_, id) => ({ id, age: id % 10 === 3 ? null : (id % 70) + 18.25, plan: id % 3 === 0 ? "pro" : "basic", member: id % 4 === 0, note: id % 5 === 0 ? null : `note ${id % 7}` }));
}
export function loanScore({ age, plan, member, note }: LoanRow): number | null {
  return age === null ? null : age + (plan === "pro" ? 10 : 0) + (member ? 100 : 0) + (note === null ? 0 : 0.5);
}
export function loanCsv(rows: readonly LoanRow[]): string {
  return `id,age,plan,member,note\n${rows.map((r) => `${r.id},${r.age ?? ""},${r.plan},${r.member ? 1 : 0},${r.note ?? ""}\n`).join("")}`;
}

/** A folder, and runs whose output is in it. */
export class TestRuns {
  readonly folder: string = mkdtempSync(join(tmpdir(), "slipway-batch-"));
  readonly #package: Package;
  constructor(pkg: Package) {
    this.#package = pkg;
  }
  at(name: string): string {
    return join(this.folder, name);
  }
  run(input: string | readonly string[], out: string, options: Partial<BatchOptions> = {}): Promise<BatchSummary> {
    return runBatch(this.options(input, out, options));
  }
  options(input: string | readonly string[], out: string, options: Partial<BatchOptions> = {}): BatchOptions {
    return {
      package: this.#package, input: typeof input === "string" ? [input] : input, output: placeOutput(/^[a-z0-9]+:\/?/.test(out) ? out : this.at(out)), keep: ["id"], outputs: ["score"], ids: false, engine: "auto", threads: 2, shardBytes: 2 ** 20,
      resume: false, overwrite: false, maxErrors: readErrorLimit("0.1%"), ...options,
    };
  }
  text(name: string): string {
    return readFileSync(this.at(name), "utf8");
  }
  /** The dead letters of an output. */
  bad(name: string): { row: number; column: string | null; reason: string; text: string; source?: string }[] {
    return this.text(`${name}.errors.jsonl`).trim().split("\n").map((line) => JSON.parse(line) as never);
  }
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
/** What a CSV with the columns id and score says. */
export function expectedCsv(rows: readonly LoanRow[]): string {
  return `id,score\n${rows.map((r) => `${r.id},${loanScore(r) ?? ""}\n`).join("")}`;
}
