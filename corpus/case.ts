// A case of the corpus: a real model file, inputs, and what the library that made it predicted.
// Layout of a folder: case.json, the model file, inputs.json, expected.json, bad_inputs.json (rows the library refuses).

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson, type Prediction } from "../packages/slipway/src/runtime/index.ts";

export interface CorpusCase {
  readonly name: string;
  readonly folder: string;
  readonly modelFile: string;
  readonly family: string;
  readonly environment: string;
  readonly expect: "import" | "refuse" | "either";
  readonly tolerance: { readonly rtol: number; readonly atol: number };
  /** Library -> version, where the maker says so. */
  readonly producer: Readonly<Record<string, string>>;
  /** For `refuse`: the code that must come. */
  readonly code?: string;
}
export interface ExpectedOutput {
  readonly kind: "label" | "probability" | "score" | "value" | "transform";
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}
export interface Expected {
  readonly n: number;
  readonly required: readonly string[];
  readonly outputs: Readonly<Record<string, ExpectedOutput>>;
  readonly ambiguous_label_rows?: readonly number[];
}

const readJson = (path: string): unknown => parseJson(readFileSync(path, "utf8"));

/** Every case below a folder, by name. */
export function listCases(root: string): CorpusCase[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).sort().flatMap((name) => {
    const folder = join(root, name);
    if (!existsSync(join(folder, "case.json"))) return [];
    const spec = readJson(join(folder, "case.json")) as { model_file: string; family: string; environment: string; expect: CorpusCase["expect"]; tolerance?: CorpusCase["tolerance"]; producer?: CorpusCase["producer"]; refusal?: { slipway_code?: string } };
    return [{
      name, folder, modelFile: join(folder, spec.model_file), family: spec.family, environment: spec.environment, expect: spec.expect,
      tolerance: spec.tolerance ?? { rtol: 1e-9, atol: 1e-12 }, producer: spec.producer ?? {}, ...(spec.refusal?.slipway_code === undefined ? {} : { code: spec.refusal.slipway_code }),
    }];
  });
}

/** The inputs in the form that the runtime takes. */
export function readInputs(path: string): unknown {
  const data = readJson(path) as Record<string, unknown>;
  if (Array.isArray(data["tensors"])) return { inputs: data["tensors"] };
  const key = (["records", "rows", "texts"] as const).find((k) => Array.isArray(data[k]));
  return key === undefined ? data : { [key]: data[key] };
}
export function readExpected(folder: string): Expected {
  return readJson(join(folder, "expected.json")) as Expected;
}
/** One input per refused row. */
export function readBadInputs(folder: string): unknown[] {
  const path = join(folder, "bad_inputs.json");
  if (!existsSync(path)) return [];
  const data = readJson(path) as Record<string, unknown>;
  const key = (["records", "rows", "texts"] as const).find((k) => Array.isArray(data[k]))!;
  return (data[key] as unknown[]).map((row) => ({ [key]: [row] }));
}

/** Names that scikit-learn's methods have here. */
const OUTPUT_NAMES: Readonly<Record<string, readonly string[]>> = {
  predict: ["label", "value", "probability", "probabilities"], predict_proba: ["probabilities"], decision_function: ["score"], score_samples: ["score_samples"], transform: ["transformed"],
};

/** Differences, worst first in words; empty when all agrees. Every expected output is compared, required or not. */
export function differences(prediction: Prediction, expected: Expected, tolerance: CorpusCase["tolerance"]): string[] {
  const found: string[] = [];
  const ambiguous = new Set(expected.ambiguous_label_rows ?? []);
  for (const [name, want] of Object.entries(expected.outputs)) {
    const names = [name, ...(OUTPUT_NAMES[name] ?? [])];
    // Where there is one output on both sides, its name does not matter: some libraries give it none.
    const lone = prediction.outputs.length === 1 && Object.keys(expected.outputs).length === 1 ? prediction.outputs[0] : undefined;
    const got = prediction.outputs.find((o) => names.includes(o.output.name)) ?? lone;
    if (!got) {
      found.push(`there is no output for ${name} (there are ${prediction.outputs.map((o) => o.output.name).join(", ")})`);
      continue;
    }
    const data = got.data as ArrayLike<unknown>;
    if (data.length !== want.data.length) {
      found.push(`${name}: ${data.length} values instead of ${want.data.length} (shape ${want.shape.join("x")})`);
      continue;
    }
    const width = Math.max(1, want.data.length / Math.max(1, want.shape[0] ?? 1));
    for (let i = 0; i < data.length; i++) {
      const row = Math.floor(i / width);
      const exact = want.kind === "label" || want.datatype === "BYTES" || want.datatype === "BOOL";
      if (exact ? ambiguous.has(row) || sameLabel(data[i], want.data[i]) : sameNumber(Number(data[i]), toNumber(want.data[i]), tolerance)) continue;
      found.push(`${name}, row ${row}: ${String(data[i])} instead of ${String(want.data[i])}`);
      break;
    }
  }
  return found;
}

function sameLabel(a: unknown, b: unknown): boolean {
  if (typeof b === "boolean") return Boolean(Number(a)) === b;
  return String(a) === String(b) || (typeof b === "number" && Number(a) === b);
}
function toNumber(v: unknown): number {
  if (v === null) return NaN;
  return typeof v === "boolean" ? Number(v) : Number(v);
}
function sameNumber(a: number, b: number, { rtol, atol }: CorpusCase["tolerance"]): boolean {
  return Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= atol + rtol * Math.abs(b);
}

