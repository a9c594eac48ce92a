// What people know of the matter: the answer does not change with one column (invariance), or goes one way with it
// (direction). After Ribeiro et al., "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList" (2020).

import { nearest } from "@slipway/core/base";
import type { Column, Output, Scalar, Signature } from "@slipway/core/package";
import type { GateSettings } from "../../config/index.ts";
import type { GateContext, Row } from "../context.ts";
import { defineGateTest, skipped, type Cell, type GateTest } from "../define-gate-test.ts";
import { gateError } from "../errors.ts";
import { predictEach } from "../predictions.ts";
import { numberText, percent } from "../../server/index.ts";
import { readAnswers } from "../watched-output.ts";

type Rule = NonNullable<GateSettings["rules"]>[number];

const MAX_VALUES = 50;
const SHOWN = 10;

export const rules: GateTest = defineGateTest({
  name: "rules", title: "Rules of the configuration", area: "model",
  checks: "Each rule under gate.rules: the answer does not change with a column, or goes up or down with it.",
  needsRows: true,
  async run(context) {
    const list = context.settings.rules ?? [];
    if (list.length === 0) return skipped("the configuration has no rules (gate.rules)");
    if (context.model.signature.layout === "tensors") return skipped("the model takes tensors, which have no columns");
    const found: Tried[] = [];
    for (const [i, rule] of list.entries()) found.push(await tryRule(context, rule, `gate.rules[${i}]`));
    const broken = found.filter((f) => f.broken > f.rule.maxShare * f.tried);
    const told = (f: Tried): string => `${words(f.rule)} is broken in ${f.broken} of ${f.tried} changes`;
    return {
      verdict: broken.length > 0 ? "fail" : found.some((f) => f.tried === 0) ? "warn" : "pass",
      reason: broken.length > 0 ? broken.map(told).join("; ") : found.some((f) => f.tried === 0) ? `no row could be changed for: ${found.filter((f) => f.tried === 0).map((f) => words(f.rule)).join("; ")}` : `${found.length} ${found.length === 1 ? "rule holds" : "rules hold"}`,
      bar: list.map((rule) => `${words(rule)} in all but ${percent(rule.maxShare)}`).join("; "),
      figures: { rules: found.length, broken: broken.length },
      tables: [
        { title: "Rules", columns: ["rule", "changes tried", "broken", "refused"], rows: found.map((f): Cell[] => [words(f.rule), f.tried, f.broken, f.refused]) },
        ...found.filter((f) => f.worst.length > 0).map((f) => ({ title: `${words(f.rule)}: worst rows`, columns: ["row", "from", "to", "answer before", "after"], rows: f.worst })),
      ],
    };
  },
});

function words({ kind, column, output, entry }: Rule): string {
  const what = output === undefined && entry === undefined ? "the answer" : [output, entry].filter((v) => v !== undefined).join(" ");
  return kind === "invariant" ? `${what} does not change with ${column}` : `${what} goes ${kind === "increasing" ? "up" : "down"} with ${column}`;
}

interface Tried {
  readonly rule: Rule;
  readonly tried: number;
  readonly broken: number;
  readonly refused: number;
  readonly worst: readonly Cell[][];
}

async function tryRule({ model, rows }: GateContext, rule: Rule, where: string): Promise<Tried> {
  const { signature } = model;
  const column = signature.columns.find((c) => c.name === rule.column);
  if (column === undefined || !column.used) throw unknown("column", rule.column, signature.columns.filter((c) => c.used).map((c) => c.name), where);
  const { output, at } = outputOf(signature, rule, where);
  if (rule.kind !== "invariant" && column.type === "string") throw gateError("gate-setting", `${JSON.stringify(rule.column)} holds texts, which have no direction`, { where, hint: "Use an invariant, or a column of numbers." });
  const changed = changesOf(rule, column, rows);
  const before = readAnswers((await predictEach(model, rows)).prediction, { output });
  const { prediction, placeOf } = await predictEach(model, changed.map((c) => c.row));
  const after = readAnswers(prediction, { output });
  const cell = (answers: typeof before, row: number): number | string | bigint => answers.data[row * answers.width + (at < 0 ? answers.width - 1 : at)]!;
  const broken: { size: number; cells: Cell[] }[] = [];
  let tried = 0;
  changed.forEach(({ from, row }, i) => {
    const place = placeOf(i);
    if (place === undefined) return;
    tried++;
    const old = cell(before, from);
    const now = cell(after, place);
    const step = typeof old === "string" || typeof now === "string" ? (old === now ? 0 : Infinity) : Number(now) - Number(old);
    const size = rule.kind === "invariant" ? Math.abs(step) : rule.kind === "increasing" ? -step : step;
    if (!(size <= rule.tolerance)) broken.push({ size, cells: [from + 1, shown(rows[from]![rule.column]), shown(row[rule.column]), shown(old), shown(now)] });
  });
  return { rule, tried, broken: broken.length, refused: changed.length - tried, worst: broken.sort((a, b) => b.size - a.size).slice(0, SHOWN).map((b) => b.cells) };
}

function outputOf(signature: Signature, rule: Rule, where: string): { readonly output: Output; readonly at: number } {
  const { outputs } = signature;
  const order = rule.kind === "invariant" && rule.entry === undefined ? ["probabilities", "value", "score", "label"] : ["probabilities", "value", "score"];
  const output = rule.output === undefined ? order.flatMap((kind) => outputs.filter((o) => o.kind === kind))[0] : outputs.find((o) => o.name === rule.output);
  if (output === undefined) throw unknown("output", rule.output ?? "with numbers", outputs.map((o) => o.name), where);
  if (rule.kind !== "invariant" && output.type === "string") throw gateError("gate-setting", `the output ${output.name} holds texts, which have no direction`, { where, hint: "Name an output of numbers." });
  if (rule.entry === undefined) return { output, at: -1 };
  const at = (output.columns ?? []).map(String).indexOf(rule.entry);
  if (at < 0) throw unknown("entry", rule.entry, (output.columns ?? []).map(String), where);
  return { output, at };
}

function unknown(what: string, name: string, known: readonly string[], where: string): Error {
  const near = nearest(name, known);
  return gateError("gate-setting", `the model has no ${what} ${JSON.stringify(name.slice(0, 100))}`, { where, hint: near === undefined ? `There are ${known.slice(0, 40).join(", ")}.` : `Did you mean ${near}?` });
}

function changesOf(rule: Rule, column: Column, rows: readonly Row[]): { readonly from: number; readonly row: Row }[] {
  const put = (from: number, value: unknown): { from: number; row: Row } => ({ from, row: { ...rows[from], [column.name]: value } });
  if (column.type === "string" || (rule.values !== undefined && rule.kind === "invariant")) {
    const values: readonly Scalar[] = rule.values ?? column.categories?.slice(0, MAX_VALUES) ?? [...new Set(rows.map((r) => r[column.name]).filter((v) => typeof v === "string"))].slice(0, MAX_VALUES);
    const typed = values.map((v) => (column.type === "string" ? String(v) : column.type === "boolean" ? v === "true" || v === true : Number(v)));
    return rows.flatMap((row, i) => typed.filter((v) => v !== row[column.name]).map((v) => put(i, v)));
  }
  if (column.type === "boolean" || column.seen === "boolean") {
    // From no to yes, which is up.
    return rows.flatMap((row, i) => {
      const value = row[column.name];
      const yes = value === true || value === 1;
      if (value === null || value === undefined || (rule.kind !== "invariant" && yes)) return [];
      return [put(i, typeof value === "boolean" ? !value : yes ? 0 : 1)];
    });
  }
  const numbers = rows.map((r) => r[column.name]).filter((v): v is number => typeof v === "number" && Number.isFinite(v));
  const [low, high] = numbers.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const tenth = high > low ? (high - low) / 10 : 1;
  const by = rule.by ?? (column.type === "int64" || column.seen === "int64" ? Math.max(1, Math.round(tenth)) : tenth);
  return rows.flatMap((row, i) => (typeof row[column.name] === "number" ? [put(i, (row[column.name] as number) + by)] : []));
}

function shown(value: unknown): Cell {
  return typeof value === "number" ? numberText(value) : value === null || value === undefined ? "" : String(value);
}
