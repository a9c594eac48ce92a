// The signature of a model that nobody can read: from what the loaded model tells of itself, from the rows of a check file,
// and from what it answers to them.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { compareOutputs, matchOutputs, parseSignature, readCheckFile, sampleChecks, sha256, type CheckRow, type Checks, type Column, type Output, type OutputKind, type Signature } from "@slipway/core/package";
import { Encoder, exampleRequest, planFeeds, readInput, type Batch, type EngineTensor } from "@slipway/core/predict";
import { readCheckRows } from "../check-rows.ts";
import { runtimeError } from "../errors.ts";
import { pythonError } from "./errors.ts";
import { inputsOf, NUMBERS, STRINGS, type PythonFacts } from "./process.ts";
import type { PythonColumn, PythonSource } from "./source.ts";

export interface Described {
  readonly signature: Signature;
  readonly source: PythonSource;
  readonly checks: Checks | null;
  readonly notes: readonly string[];
}
/** Asks the process: all outputs of some rows. */
export type Ask = (source: PythonSource, batch: Batch) => Promise<Readonly<Record<string, EngineTensor>>>;

const REFUSED = "the model's own code raised an error for it";
const KEPT_CHECKS = 200;
/** Rows that the model is asked to find out what it gives. */
const TRIED_ROWS = 50;
const ELEMENT = { float64: "double", float32: "float", int64: "int64", bool: "bool", string: "string" } as const;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$|^[+-]?(?:nan|inf(?:inity)?)$/i;
/** Words that people call predictions by, while the outputs are not known yet. */
const PREDICTED: readonly Output[] = (["label", "value", "score", "transformed"] as const).map((kind) => ({ name: kind, graphName: kind, kind, type: "double", rowShape: [] }));

/** @throws SlipwayError python-signature, check-differs, package-check-..., and what asking throws */
export async function describe(source: PythonSource, facts: PythonFacts, given: { readonly check?: string | undefined; readonly signature?: string | undefined }, ask: Ask): Promise<Described> {
  const text = given.check === undefined ? undefined : readFileSync(given.check, "utf8");
  const rows = text === undefined ? undefined : readCheckRows(text);
  const declared = given.signature === undefined ? undefined : readSignature(given.signature);
  const matrix = declared === undefined ? facts.columns === null && facts.features !== null && rows === undefined : declared.layout === "matrix";
  const draft = (columns: readonly Column[]): Signature => ({ layout: matrix ? "matrix" : "columns", ...(matrix ? { matrixName: NUMBERS } : {}), columns, extraColumns: "ignored", outputs: declared?.outputs ?? [] });
  let tried = await tryColumns(source, draft(declared?.columns ?? columnsOf(facts, rows)), rows, ask);
  // A column of the check file that is called as an output is what was predicted, if the model can do without it.
  const named = new Set(Object.keys(tried.answer));
  if (declared === undefined && facts.columns === null && rows !== undefined && tried.draft.columns.some((c) => named.has(c.name))) {
    const fewer = tried.draft.columns.filter((c) => !named.has(c.name));
    if (fewer.length > 0) tried = await tryColumns(source, draft(fewer), rows, ask).catch(() => tried);
  }
  const { answer, batch, asking } = tried;
  const outputs = Object.entries(answer).map(([name, tensor]) => outputOf(name, tensor, facts));
  if (outputs.length === 0) throw pythonError("python-signature", "the model gave no output for its rows");
  const found: PythonSource = { ...asking, outputs: Object.entries(answer).map(([name, { type }]) => ({ name, type })) };
  const together = await dependsOnOthers(found, batch, answer, ask);
  const signature: Signature = { ...tried.draft, outputs, rowChecks: [REFUSED], tensorRows: together ? "together" : "independent" };
  const notes = together ? ["the answer to a row depends on the rows beside it: requests do not share a call"] : [];
  if (rows === undefined) return { signature, source: found, checks: null, notes };
  const file = { file: basename(given.check!), sha256: await sha256(new TextEncoder().encode(text)) };
  if (!hasExpected(signature, rows)) return { signature, source: found, checks: null, notes: [...notes, `${file.file} has no column with what the model predicted: nothing was compared`] };
  const read = readCheckFile(rows, signature, file);
  const all = await ask(found, batchOf(signature, rows));
  const compared = compareOutputs(read.checks.expected, outputs.map((output) => ({ output, width: all[output.name]!.data.length / rows.length, data: all[output.name]!.data })), read.checks.tolerance);
  if (!compared.passed) {
    const worst = compared.worst.slice(0, 5).map((w) => `row ${w.row + 1}, ${w.output}: ${String(w.actual)} instead of ${String(w.expected)}`);
    throw runtimeError("check-differs", `in this environment the model differs from ${file.file} in ${compared.rowsBeyond} of ${compared.rows} rows. Worst: ${worst.join("; ")}`, {
      hint: "Are the libraries the versions that the model was made with?", data: { comparison: compared } });
  }
  return { signature: read.signature, source: { ...found, columns: placed(read.signature.columns) }, checks: sampleChecks(read.checks, KEPT_CHECKS), notes };
}

/** @throws python-signature, package-... */
export function readSignature(path: string): Signature {
  const json = ((): unknown => {
    try {
      return JSON.parse(readFileSync(path, "utf8")) as unknown;
    } catch (cause) {
      throw pythonError("python-signature", `${basename(path)} cannot be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { where: path, cause });
    }
  })();
  return parseSignature(json);
}

interface Tried {
  readonly draft: Signature;
  readonly asking: PythonSource;
  readonly batch: Batch;
  readonly answer: Readonly<Record<string, EngineTensor>>;
}

/** Rows of the check file, or an example, with these columns. */
async function tryColumns(source: PythonSource, draft: Signature, rows: readonly CheckRow[] | undefined, ask: Ask): Promise<Tried> {
  const asking: PythonSource = { ...source, columns: placed(draft.columns) };
  const batch = rows === undefined ? exampleBatch(draft) : batchOf(draft, rows.slice(0, TRIED_ROWS));
  try {
    return { draft, asking, batch, answer: await ask(asking, batch) };
  } catch (cause) {
    if (rows !== undefined) throw cause;
    throw pythonError("python-signature", `the model does not answer an example made of its ${draft.columns.length} columns, taken for numbers: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: "Give rows with --check check.csv: the columns that the model takes and, beside them, what it predicted.", cause });
  }
}

function columnsOf(facts: PythonFacts, rows: readonly CheckRow[] | undefined): Column[] {
  const base = { used: true, missing: "allowed", infinite: "allowed" } as const;
  if (rows !== undefined) {
    const all = namesOf(rows);
    const predicted = matchOutputs({ layout: "columns", columns: [], extraColumns: "ignored", outputs: [...PREDICTED, ...probabilities(facts)] }, all);
    const names = facts.columns ?? all.filter((name) => predicted.match(name) === undefined);
    const lacking = names.find((name) => !all.includes(name));
    if (lacking !== undefined) throw pythonError("python-signature", `the check file lacks the column ${JSON.stringify(lacking.slice(0, 100))}, which the model was fitted with`, { hint: "Write it with all columns that the model takes." });
    return names.map((name) => ({ ...base, name, ...kindOf(rows.map((row) => row[name] ?? null)) }));
  }
  if (facts.columns !== null) return facts.columns.map((name) => ({ ...base, name, type: "double" }));
  if (facts.features !== null) return Array.from({ length: facts.features }, (_, i) => ({ ...base, name: `x${i}`, type: "double" }));
  throw pythonError("python-signature", `the model (${facts.class}) does not tell which columns it takes`, { hint: "Give rows with --check check.csv (when serving: --python-check check.csv): the columns that the model takes and, beside them, what it predicted." });
}

function kindOf(values: readonly (string | number | boolean | null)[]): Pick<Column, "type" | "seen"> {
  const some = values.filter((v) => v !== null && v !== "");
  if (some.length > 0 && some.every((v) => typeof v === "boolean" || /^(?:true|false)$/i.test(String(v)))) return { type: "boolean" };
  if (!some.every((v) => typeof v === "number" || (typeof v === "string" && NUMBER.test(v.trim())))) return { type: "string" };
  // As pandas has it: one missing value makes the column float.
  const whole = some.length === values.length && some.every((v) => Number.isInteger(Number(v)) && !/[.e]/i.test(String(v)));
  return { type: "double", ...(whole ? { seen: "int64" as const } : {}) };
}

function placed(columns: readonly Column[]): PythonColumn[] {
  const count = { number: 0, string: 0 };
  return columns.filter((c) => c.used).map(({ name, type, seen }) => {
    if (type === "string") return { name, type, place: count.string++ };
    return { name, type: type === "boolean" ? type : "double", place: count.number++, ...(type === "int64" || seen === "int64" ? { whole: true } : {}) };
  });
}

function batchOf(signature: Signature, rows: readonly CheckRow[]): Batch {
  const numeric = new Set(signature.columns.filter((c) => c.type !== "string").map((c) => c.name));
  const records = rows.map((row) => Object.fromEntries(signature.columns.map(({ name }) => [name, typeof row[name] === "number" && !numeric.has(name) ? String(row[name]) : (row[name] ?? null)])));
  return new Encoder(signature).encode({ kind: "records", records, source: "csv" }).batch;
}

function exampleBatch(signature: Signature): Batch {
  return new Encoder(signature).encode(readInput(exampleRequest(signature), signature)).batch;
}

/** The feeds that a session of this source takes. */
export function feedsOf(source: PythonSource, signature: Signature, batch: Batch): Record<string, EngineTensor> {
  const plan = new Encoder(signature).plan;
  return Object.fromEntries(planFeeds(inputsOf(source), columnsByInput(source), plan).map((feed) => [feed.name, feed.take(batch, 0, batch.rows)]));
}
export function columnsByInput({ columns }: PythonSource): Map<string, string[]> {
  return new Map([[NUMBERS, columns.filter((c) => c.type !== "string").map((c) => c.name)], [STRINGS, columns.filter((c) => c.type === "string").map((c) => c.name)]]);
}

function outputOf(name: string, { type, dims }: EngineTensor, { classes }: PythonFacts): Output {
  const rowShape = dims.slice(1);
  const element = ELEMENT[type as keyof typeof ELEMENT];
  const kinds: readonly OutputKind[] = ["label", "probabilities", "score", "value", "transformed"];
  const kind = kinds.find((k) => k === name) ?? (element === "string" ? "label" : "value");
  const named = classes !== null && rowShape.length === 1 && rowShape[0] === classes.length && (kind === "probabilities" || kind === "score");
  return { name, graphName: name, kind, type: element, rowShape, ...(named ? { columns: classes } : {}), ...(kind === "label" && classes !== null ? { classes } : {}) };
}

function probabilities({ classes }: PythonFacts): Output[] {
  return [{ name: "probabilities", graphName: "probabilities", kind: "probabilities", type: "double", rowShape: [classes?.length ?? 2], ...(classes === null ? {} : { columns: classes }) }];
}

function namesOf(rows: readonly CheckRow[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}
function hasExpected(signature: Signature, rows: readonly CheckRow[]): boolean {
  const inputs = new Set(signature.columns.map((c) => c.name));
  const rest = namesOf(rows).filter((name) => !inputs.has(name));
  const matcher = matchOutputs(signature, rest);
  return rest.some((name) => matcher.match(name) !== undefined);
}

/** Whether a row alone is answered otherwise than among others. */
async function dependsOnOthers(source: PythonSource, batch: Batch, together: Readonly<Record<string, EngineTensor>>, ask: Ask): Promise<boolean> {
  if (batch.rows < 2) return false;
  const [k, s] = [batch.numbers.length / batch.rows, batch.strings.length / batch.rows];
  for (const row of [0, batch.rows - 1]) {
    const alone = await ask(source, { rows: 1, numbers: batch.numbers.slice(row * k, (row + 1) * k), strings: batch.strings.slice(row * s, (row + 1) * s) });
    for (const [name, { data }] of Object.entries(together)) {
      const width = data.length / batch.rows;
      const one = alone[name]?.data;
      for (let i = 0; i < width; i++) if (!near(one?.[i], data[row * width + i])) return true;
    }
  }
  return false;
}
function near(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return Object.is(a, b) || Math.abs(a - b) <= 1e-5 * Math.max(1, Math.abs(b));
  return a === b;
}
