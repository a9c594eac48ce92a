// One test of the gate: what it checks, and what it found. The gate is the list of them in tests/index.ts.

import type { GateContext } from "./context.ts";

/** `warn`: to be looked at, the gate is passed. `skipped`: there was nothing to test with, and the reason says what. */
export type Verdict = "pass" | "fail" | "warn" | "skipped";
export type Cell = string | number | boolean | null;

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}
/** What a report draws; numbers, so that other programs can draw it too. */
export type Picture =
  | { readonly kind: "calibration"; readonly title: string; readonly bins: readonly { readonly said: number; readonly true: number; readonly rows: number }[] }
  | { readonly kind: "confusion"; readonly title: string; readonly classes: readonly string[]; readonly counts: readonly number[] }
  | { readonly kind: "intervals"; readonly title: string; readonly bars: readonly { readonly name: string; readonly value: number; readonly low: number; readonly high: number; readonly rows: number }[]; readonly line?: number }
  | { readonly kind: "distribution"; readonly title: string; readonly low: number; readonly high: number; readonly counts: readonly number[] }
  | { readonly kind: "counts"; readonly title: string; readonly bars: readonly { readonly name: string; readonly value: number }[] };

export interface Finding {
  readonly verdict: Verdict;
  /** One sentence: why this verdict. */
  readonly reason: string;
  /** What had to hold; absent where figures are told and nothing is judged. */
  readonly bar?: string;
  readonly figures?: Readonly<Record<string, Cell>>;
  readonly tables?: readonly Table[];
  readonly pictures?: readonly Picture[];
}

/** The parts of the ML Test Score (Breck et al. 2017). */
export type Area = "data" | "model" | "infrastructure" | "monitoring";

export interface GateTest {
  /** Lower case with hyphens; what `gate.skip` and `gate.require` name. */
  readonly name: string;
  readonly title: string;
  /** One sentence: what it checks. */
  readonly checks: string;
  readonly area: Area;
  /** Skipped where there is no row that the model answers. */
  readonly needsRows?: true;
  readonly run: (context: GateContext) => Finding | Promise<Finding>;
}
export interface GateResult extends Finding {
  readonly name: string;
  readonly title: string;
  readonly checks: string;
  readonly area: Area;
  readonly ms: number;
}

export function defineGateTest(test: GateTest): GateTest {
  return test;
}
export function skipped(reason: string): Finding {
  return { verdict: "skipped", reason };
}
