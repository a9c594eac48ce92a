// What a run has done: its plan, and a line for every part that is committed. A line that is not whole was being written
// when the process ended; its part is made again.

import { createHash } from "node:crypto";
import { closeSync, existsSync, fsync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { batchError } from "../errors.ts";
import { commitFile } from "./files.ts";
import { lockFolder } from "./lock.ts";
import type { Part } from "./messages.ts";

/** All that the bytes of the output depend on. */
export type RunPlan = Readonly<Record<string, unknown>>;

/** Readers of a folder of parts pass over names that begin so. */
const PLAN = "_plan.json";
const LEDGER = "_ledger.jsonl";

export function planDigest(plan: RunPlan): string {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex");
}

/** The keys in which they differ. */
export function planDifferences(before: RunPlan, plan: RunPlan): string[] {
  return Object.keys({ ...before, ...plan }).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(plan[key]));
}

export class Ledger {
  readonly folder: string;
  /** By shard. */
  readonly parts: Map<number, Part> = new Map();
  #file = -1;
  #syncing = false;
  #unlock: () => void = () => undefined;

  constructor(folder: string) {
    this.folder = folder;
  }
  static exists(folder: string): boolean {
    return existsSync(join(folder, PLAN));
  }

  /** `clear` takes away what a run before left, where this one does not go on with it. @throws SlipwayError batch-run-busy, batch-run-other */
  open(plan: RunPlan, resume: boolean, clear: () => void): void {
    this.#unlock = lockFolder(this.folder);
    const path = join(this.folder, LEDGER);
    if (resume && Ledger.exists(this.folder)) {
      const before = JSON.parse(readFileSync(join(this.folder, PLAN), "utf8")) as { digest: string; plan: RunPlan };
      if (before.digest !== planDigest(plan)) {
        const differs = planDifferences(before.plan, plan);
        this.close();
        throw batchError("batch-run-other", `the run that was stopped here differs in ${differs.join(", ")}`, { where: this.folder, hint: "Go on with the same model, input and options, or begin anew with --overwrite." });
      }
      const whole = this.#read(path);
      this.#file = openSync(path, "a");
      ftruncateSync(this.#file, whole);
      return;
    }
    clear();
    commitFile(join(this.folder, PLAN), Buffer.from(`${JSON.stringify({ digest: planDigest(plan), plan }, null, 1)}\n`));
    this.#file = openSync(path, "a");
  }

  /** Gives the size of what is whole. */
  #read(path: string): number {
    if (!existsSync(path)) return 0;
    const bytes = readFileSync(path);
    let whole = 0;
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(0x0a, at);
      if (end < 0) break;
      try {
        const part = JSON.parse(bytes.toString("utf8", at, end)) as Part;
        this.parts.set(part.shard, part);
      } catch {
        break;
      }
      whole = at = end + 1;
    }
    return whole;
  }

  /** On its way to the disk: a line that a failing machine loses costs its part made again. */
  commit(part: Part): void {
    writeSync(this.#file, `${JSON.stringify(part)}\n`);
    this.parts.set(part.shard, part);
    if (this.#syncing) return;
    this.#syncing = true;
    fsync(this.#file, () => (this.#syncing = false));
  }

  close(): void {
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = -1;
    this.#unlock();
  }
}
