// Rows that callers get wrong. Every column in turn missing, null, of the wrong type, extreme and unknown, then several at
// once: the model answers, or refuses with a coded error that is the caller's to mend. It never fails in another way, and
// never answers with a number that is none (ML Test Score, data 1 and monitoring 5).

import { SlipwayError } from "@slipway/core/base";
import type { Column, Signature } from "@slipway/core/package";
import { randomNumbers } from "@slipway/core/stats";
import { exampleRecord, parseJson, toRows, type Model, type PredictedRow, type Value } from "../../runtime/index.ts";
import { createHandler } from "../../server/index.ts";
import type { Row } from "../context.ts";
import { defineGateTest, type Cell, type GateTest } from "../define-gate-test.ts";

const COMBINATIONS = 300;
const MAX_COLUMNS = 300;
const SHOWN = 10;

/** `extreme`: a number so large that arithmetic overflows in the source library too. */
interface Change {
  readonly name: string;
  readonly value: unknown;
  readonly extreme?: true;
}
const ABSENT = Symbol("absent");
const LONG = "a ".repeat(5000);

const ANY: readonly Change[] = [
  { name: "missing", value: ABSENT }, { name: "null", value: null }, { name: "a list", value: [1] }, { name: "an object", value: { a: 1 } }, { name: "NaN", value: NaN },
];
const ON_NUMBERS: readonly Change[] = [
  { name: "text", value: "not a number" }, { name: "an empty text", value: "" }, { name: "true", value: true }, { name: "a digit as text", value: "1" },
  { name: "0", value: 0 }, { name: "-0", value: -0 }, { name: "the smallest number", value: 5e-324 }, { name: "a half", value: 0.5 }, { name: "-1", value: -1 }, 
  ...[2 ** 53 + 2, 1e308, -1e308, 3.5e38, Infinity, -Infinity].map((value): Change => ({ name: String(value), value, extreme: true })),
];
const ON_TEXTS: readonly Change[] = [
  { name: "a number", value: 12.5 }, { name: "a whole number", value: 7 }, { name: "false", value: false }, { name: "an empty text", value: "" }, { name: "spaces", value: "  \t\n" },
  { name: "an unknown category", value: "never seen before" }, { name: "a long text", value: LONG }, { name: "emoji", value: "\u{1f6a2}\u{1f468}\u200d\u{1f469}" }, { name: "half a surrogate pair", value: "\ud83d" },
  { name: "U+0000", value: "a\u0000b" }, { name: "U+FFFF", value: "\uffff" }, { name: "markup", value: "<script>'\"--" },
];

export const schemaFuzz: GateTest = defineGateTest({
  name: "schema-fuzz", title: "Rows that are wrong", area: "data",
  checks: "Every column missing, null, of the wrong type, extreme or unknown, alone and in combination: an answer or a coded refusal, never another error, never NaN for a number.",
  async run({ model, rows, seed }) {
    const { signature } = model;
    const base = rows[0] ?? exampleRecord(signature);
    const tally = { cases: 0, answered: 0, refused: 0 };
    const faults: Cell[][] = [];
    const strange: Cell[][] = [];
    const handler = createHandler(model);
    for (const { name, row, extreme } of signature.layout === "tensors" ? tensorCases(signature, base) : cases(signature, rows.length > 0 ? rows : [base], randomNumbers(seed))) {
      tally.cases++;
      const outcome = await ask(model, row);
      if ("rows" in outcome) {
        tally.answered++;
        const bad = notNumbers(signature, outcome.rows);
        if (bad !== undefined) (extreme ? strange : faults).push([name, `the output ${bad} is no number`]);
      } else if (outcome.refused) tally.refused++;
      // A network's shapes can be limited in ways that no signature says.
      else (signature.layout === "tensors" && outcome.code === "runtime-failed" ? strange : faults).push([name, outcome.message]);
    }
    // Bodies that are no rows at all, to the server.
    for (const body of ["", "null", "[]", "{}", "[[[]]]", "[1, \"a\", {}]", "{\"records\": 5}", "\"text", `${"[".repeat(2000)}`, "{\"columns\": {\"a\": [1], \"b\": []}}"]) {
      tally.cases++;
      const response = await handler(new Request("http://localhost/predict", { method: "POST", headers: { "content-type": "application/json" }, body }));
      const text = await response.text();
      if (response.status >= 500) faults.push([`the body ${body.slice(0, 20)}`, `the server answered ${response.status}: ${text.slice(0, 200)}`]);
      else if (response.status >= 400 && typeof (parseJson(text) as { error?: { code?: unknown } }).error?.code !== "string") faults.push([`the body ${body.slice(0, 20)}`, "a refusal without a code"]);
      else if (response.status >= 400) tally.refused++;
      else tally.answered++;
    }
    return {
      verdict: faults.length > 0 ? "fail" : strange.length > 0 ? "warn" : "pass",
      reason: faults.length > 0 ? `${faults.length} of ${tally.cases} cases end in another way: ${String(faults[0]![0])}: ${String(faults[0]![1])}`
        : strange.length > 0 ? `${strange.length} rows beyond reason get an answer that is no number, or none` : `${tally.cases} cases: ${tally.answered} answered, ${tally.refused} refused with a code`,
      bar: "an answer, or a coded error of kind invalid or limit; no NaN for a number",
      figures: { ...tally, faults: faults.length, "no answer for extreme rows": strange.length },
      tables: [...table("Faults", faults), ...table("No answer for an extreme row", strange)],
    };
  },
});

function table(title: string, rows: readonly Cell[][]): { title: string; columns: string[]; rows: Cell[][] }[] {
  return rows.length === 0 ? [] : [{ title, columns: ["case", "what happened"], rows: rows.slice(0, SHOWN) }];
}

type Outcome = { readonly rows: PredictedRow[] } | { readonly refused: boolean; readonly message: string; readonly code?: string };

async function ask(model: Model, row: Row): Promise<Outcome> {
  try {
    return { rows: toRows(await model.run(model.encode({ kind: "records", records: [row] }).batch)) };
  } catch (error) {
    if (error instanceof SlipwayError) return { refused: error.kind === "invalid" || error.kind === "limit", message: `${error.message} [${error.code}]`, code: error.code };
    return { refused: false, message: `${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}, an error without a code` };
  }
}

/** The first output whose numbers are NaN; transformed columns pass on what is missing. */
function notNumbers(signature: Signature, rows: readonly PredictedRow[]): string | undefined {
  const nan = (v: Value | undefined): boolean => (typeof v === "object" && v !== null ? Object.values(v).some(nan) : typeof v === "number" && Number.isNaN(v));
  return signature.outputs.find((o) => o.kind !== "transformed" && o.type !== "string" && rows.some((row) => nan(row[o.name])))?.name;
}

interface Case {
  readonly name: string;
  readonly row: Row;
  readonly extreme: boolean;
}

function* cases(signature: Signature, rows: readonly Row[], random: () => number): Generator<Case> {
  const columns = signature.columns.filter((c) => c.used).slice(0, MAX_COLUMNS);
  const base = rows[0]!;
  yield { name: "an empty row", row: {}, extreme: false };
  yield { name: "a column that is not known", row: { ...base, "no such column": 1 }, extreme: false };
  for (const name of ["__proto__", "constructor", "toString"]) yield { name: `a column called ${name}`, row: JSON.parse(`{${JSON.stringify(name)}:1}`) as Row, extreme: false };
  for (const column of columns) for (const change of changesOf(column)) yield made(base, [[column, change]]);
  for (const change of [...ANY, ...ON_NUMBERS, ...ON_TEXTS]) yield made(base, columns.map((c) => [c, change]));
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  for (let i = 0; i < COMBINATIONS && columns.length > 1; i++) {
    const count = 2 + Math.floor(random() * Math.min(4, columns.length - 1));
    const chosen = new Set(Array.from({ length: count }, () => pick(columns)));
    yield made(pick(rows), [...chosen].map((c) => [c, pick(changesOf(c))]));
  }
}

function changesOf(column: Column): readonly Change[] {
  if (column.type === "string") return [...ANY, ...ON_TEXTS];
  const edges = (column.limits ?? []).flatMap((limit): Change[] => [{ name: `its limit ${limit}`, value: limit, extreme: true }, { name: `beyond its limit ${limit}`, value: limit * 1.01, extreme: true }]);
  return [...ANY, ...ON_NUMBERS, ...edges];
}

function made(base: Row, changes: readonly (readonly [Column, Change])[]): Case {
  const row: Record<string, unknown> = { ...base };
  for (const [column, { value }] of changes) {
    if (value === ABSENT) delete row[column.name];
    else row[column.name] = value;
  }
  const shown = changes.slice(0, 5).map(([column, change]) => `${column.name} ${change.name}`).join(", ");
  return { name: changes.length > 5 ? `${shown} and ${changes.length - 5} more` : shown, row, extreme: changes.some(([, c]) => c.extreme === true) };
}

function* tensorCases(signature: Signature, base: Row): Generator<Case> {
  yield { name: "an empty row", row: {}, extreme: false };
  for (const { name } of signature.tensors ?? []) {
    for (const [what, value] of [["missing", ABSENT], ["null", null], ["an empty list", []], ["a text", "text"], ["a number", 1], ["ragged lists", [[1], [1, 2]]], ["too many dimensions", [[[[[[[1]]]]]]]], ["an object", { a: 1 }], ["a list of null", [null]]] as const) {
      const row: Record<string, unknown> = { ...base, [name]: value };
      if (value === ABSENT) delete row[name];
      // Models that take any shape also take some of these.
      yield { name: `${name} ${what}`, row, extreme: true };
    }
    for (const value of [NaN, Infinity, 1e38]) yield { name: `${name} filled with ${value}`, row: { ...base, [name]: filled(base[name], value) }, extreme: true };
  }
}
function filled(like: unknown, value: number): unknown {
  return Array.isArray(like) ? like.map((v) => filled(v, value)) : value;
}
