// Models of the corpus as clients see them: their rows as TypeScript source, for the tests of generated clients.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listCases, readInputs, type CorpusCase } from "../../../../corpus/case.ts";
import type { Model } from "../runtime/index.ts";

const CORPUS: string = fileURLToPath(new URL("../../../../corpus/cases/", import.meta.url));

/** One case of each family of names. */
export function someCases(): CorpusCase[] {
  const seen = new Set<string>();
  const first = new Set(readdirSync(CORPUS).sort().filter((name) => {
    const family = name.replace(/-.*/, "");
    return !seen.has(family) && seen.add(family);
  }));
  return listCases(CORPUS).filter((c) => first.has(c.name) && c.expect === "import");
}

/** A few rows in the form that the model's client takes; undefined where the case has them in another form. */
export function clientRows(c: CorpusCase, model: Model, count: number): unknown[] | undefined {
  const inputs = readInputs(join(c.folder, "inputs.json")) as Record<string, unknown>;
  const { signature } = model;
  if (signature.layout === "tensors") {
    if (!Array.isArray(inputs["inputs"])) return undefined;
    const tensors = inputs["inputs"] as { name: string; shape: number[]; data: unknown[] }[];
    const fits = signature.tensors!.every((t) => tensors.find((given) => given.name === t.name)?.shape.length === t.shape.length || t.anyRank === true);
    if (!fits || tensors.length !== signature.tensors!.length) return undefined;
    const whole = tensors.map((t) => [t.name, nest(t.data.flat(Infinity), t.shape)] as const);
    if (signature.tensorRows === "none") return [Object.fromEntries(whole)];
    const rows = Math.min(count, tensors[0]!.shape[0]!);
    return Array.from({ length: rows }, (_, i) => Object.fromEntries(whole.map(([name, lists]) => [name, (lists as unknown[])[i]])));
  }
  const rows = (inputs["records"] ?? inputs["rows"] ?? inputs["texts"]) as unknown[] | undefined;
  if (rows === undefined || (signature.layout === "columns" && !inputs["records"]) || (signature.layout === "text" && inputs["rows"])) return undefined;
  const some = rows.slice(0, count);
  if (inputs["records"] === undefined) return some;
  // Columns that the model never saw are refused by the type of a literal, as they are probably mistyped.
  const known = new Set(signature.columns.map((column) => column.name));
  return some.map((row) => Object.fromEntries(Object.entries(row as object).filter(([name]) => known.has(name))));
}

function nest(data: readonly unknown[], shape: readonly number[]): unknown {
  const [size, ...rest] = shape;
  if (size === undefined) return data[0];
  const step = rest.reduce((n, d) => n * d, 1);
  return Array.from({ length: size }, (_, i) => nest(data.slice(i * step, (i + 1) * step), rest));
}

/** A value as an expression. */
export function expression(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(expression).join(", ")}]`;
  if (typeof value === "object" && value !== null) return `{ ${Object.entries(value).map(([name, v]) => `${JSON.stringify(name)}: ${expression(v)}`).join(", ")} }`;
  if (typeof value === "bigint") return `${value}n`;
  // Names of numbers in the corpus's JSON.
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return value;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
