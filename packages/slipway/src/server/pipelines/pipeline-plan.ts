// A pipeline's steps against the models they ask: every reference is looked up, every type compared, the order found.
// What comes out needs no more checks of names.

import { createHash } from "node:crypto";
import { nearest } from "@slipway/core/base";
import type { Column, ColumnType, Output, Signature } from "@slipway/core/package";
import type { PipelineSettings, StepSettings } from "../../config/index.ts";
import type { Servable } from "../../runtime/index.ts";
import { serverError } from "../errors.ts";
import { guardTakes, ruleName, valueRule, withClassifiers, type ValueRule } from "./guard-steps.ts";
import { nameOf, orderSteps } from "./order-steps.ts";

/** One value or one vector a row. */
export interface Source {
  /** Undefined: a column of the request. */
  readonly step: number | undefined;
  /** The column's or the output's name. */
  readonly name: string;
  /** One of the output's entries. */
  readonly entry: number | undefined;
}
export type PlannedStep = {
  readonly name: string;
  /** What it gives. */
  readonly outputs: readonly Output[];
} & (
  | { readonly kind: "model"; readonly model: string; readonly version: string | undefined; readonly inputs: ReadonlyMap<string, Source>; readonly wanted: readonly string[] }
  | { readonly kind: "combine"; readonly combine: NonNullable<StepSettings["combine"]>; readonly of: readonly Source[]; readonly weights: readonly number[]; /** For each of `of`, the place of every entry of the result. */ readonly order: readonly (readonly number[])[] }
  | { readonly kind: "guard"; readonly of: Source; /** As the configuration names it. */ readonly rule: string; readonly wrong: ValueRule; readonly message: string | undefined }
);
export interface PipelinePlan {
  /** In the order of computing; `waves` are places in it that need nothing of each other. */
  readonly steps: readonly PlannedStep[];
  readonly waves: readonly (readonly number[])[];
  readonly outputs: readonly { readonly output: Output; readonly source: Source }[];
  readonly signature: Signature;
  readonly digest: string;
}
export type FindModel = (name: string, version: string | undefined) => Servable;

const MAX_STEPS = 100;
const COLUMN_TYPE: Readonly<Record<string, ColumnType>> = { double: "double", float: "double", int64: "int64", bool: "boolean", string: "string", int32: "int64" };

/** @throws SlipwayError pipeline-invalid, and what `find` throws */
export function planPipeline(name: string, settings: PipelineSettings, find: FindModel): PipelinePlan {
  const refuse = (message: string, hint?: string): Error => invalid(name, message, hint);
  const given = withClassifiers(settings.steps, (model) => find(model, undefined), refuse);
  if (given.length === 0 || given.length > MAX_STEPS) throw invalid(name, `it has ${given.length} steps; 1 to ${MAX_STEPS} are allowed`);
  const names = given.map(nameOf);
  const twice = names.find((n, i) => names.indexOf(n) !== i);
  if (twice !== undefined) throw invalid(name, `two steps are named ${JSON.stringify(twice)}`, "Give one a name of its own.");
  const waves = orderSteps(given, names, refuse);
  const order = waves.flat();
  const place = new Map(order.map((from, to) => [names[from]!, to]));
  const steps: PlannedStep[] = [];
  const columns = new Map<string, Column>();
  const digests: string[] = [];
  const look = (text: string, what: string): { source: Source; outputs: readonly Output[] } => reference(name, text, what, place, steps);

  for (const from of order) {
    const step = given[from]!;
    const at = `step ${names[from]}`;
    const kinds = [step.model, step.combine, step.guard].filter((k) => k !== undefined).length;
    if (kinds !== 1) throw invalid(name, `${at} has ${kinds === 0 ? "neither a model nor a combine nor a guard" : "several of a model, a combine and a guard"}`);
    if (step.model !== undefined) {
      const model = find(step.model, step.version);
      digests.push(model.digest);
      steps.push(planModel(step, step.model, model, names[from]!));
    } else steps.push(step.combine === undefined ? planGuard(step, names[from]!) : planCombine(step, names[from]!));
  }

  const lastName = names.findLast((_, i) => given[i]!.guard === undefined);
  if (lastName === undefined) throw invalid(name, "it has guards and nothing that they guard", "Add the step of a model.");
  const last = steps[place.get(lastName)!]!;
  const outputs = Object.entries(settings.outputs ?? Object.fromEntries(last.outputs.map((o) => [last.kind === "combine" ? last.name : o.name, `${last.name}.${o.name}`]))).map(([key, text]) => {
    if (isColumn(text)) throw invalid(name, `the output ${key} is ${JSON.stringify(text)}, which is no step`);
    const { source, outputs: [found, ...more] } = look(text, `the output ${key}`);
    if (more.length > 0) throw invalid(name, `the output ${key}: step ${text} has several outputs`, `Name one: ${[found!, ...more].map((o) => `${text}.${o.name}`).join(", ")}.`);
    return { output: { ...entryOutput(found!, source), name: key, graphName: key }, source };
  });
  if (outputs.length === 0) throw invalid(name, "it has no outputs");
  const all = columns.size === 0 ? [] : [...columns.values()];
  const used = new Set(outputs.flatMap(({ source }) => (source.step === undefined ? [] : [source.step])));
  for (const s of steps) for (const source of s.kind === "model" ? s.inputs.values() : s.kind === "guard" ? [s.of] : s.of) if (source.step !== undefined) used.add(source.step);
  const idle = steps.findIndex((s, i) => s.kind !== "guard" && !used.has(i));
  if (idle >= 0) throw invalid(name, `step ${steps[idle]!.name} is asked for nothing`, "Take it out, or use what it gives.");
  return {
    steps, waves: renumber(waves), outputs,
    signature: { layout: "columns", columns: all, extraColumns: "ignored", outputs: outputs.map((o) => o.output) },
    digest: `sha256:${createHash("sha256").update(JSON.stringify([settings, digests])).digest("hex")}`,
  };

  function planModel(step: StepSettings, modelName: string, model: Servable, stepName: string): PlannedStep {
    const { signature } = model;
    if (signature.layout === "tensors") throw invalid(name, `step ${stepName} asks ${modelName}, which takes tensors`, "Pipelines join models of columns, matrices and texts.");
    const known = signature.columns.filter((c) => c.used);
    for (const key of Object.keys(step.inputs ?? {})) {
      if (known.some((c) => c.name === key)) continue;
      const near = nearest(key, known.map((c) => c.name));
      throw invalid(name, `step ${stepName}: the model ${modelName} has no column ${JSON.stringify(key)}`, near === undefined ? `Its columns: ${known.slice(0, 30).map((c) => c.name).join(", ")}.` : `Did you mean ${near}?`);
    }
    const inputs = new Map<string, Source>();
    for (const column of known) {
      const text = step.inputs !== undefined && Object.hasOwn(step.inputs, column.name) ? step.inputs[column.name]! : undefined;
      if (text === undefined || isColumn(text)) {
        const from = text ?? column.name;
        addColumn(from, column, stepName);
        inputs.set(column.name, { step: undefined, name: from, entry: undefined });
        continue;
      }
      const { source, outputs: [found, ...more] } = look(text, `step ${stepName}, column ${column.name}`);
      if (more.length > 0 || (found!.rowShape.length > 0 && source.entry === undefined)) {
        throw invalid(name, `step ${stepName}, column ${column.name}: ${text} is more than one value a row`, found!.columns === undefined ? "Name one output." : `Name an entry: ${found!.columns.slice(0, 10).map((c) => `${text}.${String(c)}`).join(", ")}.`);
      }
      const type = COLUMN_TYPE[found!.type];
      const fits = type === column.type || (column.type === "double" && type !== "string" && type !== undefined) || (column.type === "string" && column.wholeNumbers === true && type === "int64");
      if (!fits) throw invalid(name, `step ${stepName}, column ${column.name} takes ${column.type}, and ${text} gives ${found!.type}`);
      inputs.set(column.name, source);
    }
    return { kind: "model", name: stepName, model: modelName, version: step.version, inputs, outputs: signature.outputs, wanted: signature.outputs.map((o) => o.name) };
  }

  function planCombine(step: StepSettings, stepName: string): PlannedStep {
    const combine = step.combine!;
    const texts = step.of ?? [];
    if (texts.length === 0) throw invalid(name, `step ${stepName} combines nothing`, "Name what it combines in `of`.");
    const found = texts.map((text) => {
      const { source, outputs } = look(text, `step ${stepName}`);
      if (isColumn(text) || outputs.length !== 1) throw invalid(name, `step ${stepName}: ${text} is not one output`);
      return { source, output: entryOutput(outputs[0]!, source) };
    });
    const [first] = found as [(typeof found)[number], ...typeof found];
    const numeric = found.every(({ output }) => output.type !== "string" && output.type !== "bool");
    const weights = step.weights ?? [];
    if ((combine === "weighted" || weights.length > 0) && (weights.length !== texts.length || !weights.some((w) => w > 0))) throw invalid(name, `step ${stepName} has ${weights.length} weights for ${texts.length} values`);
    if ((combine === "mean" || combine === "weighted") && !numeric) throw invalid(name, `step ${stepName}: ${combine} is of numbers, and one of ${texts.join(", ")} is not`);
    if (found.some(({ output }) => output.rowShape.join() !== first.output.rowShape.join())) throw invalid(name, `step ${stepName} combines outputs of several shapes`);
    if (combine === "vote" && first.output.rowShape.length > 0) throw invalid(name, `step ${stepName} votes on ${texts[0]}, which is more than one value a row`);
    if (found.some(({ output }) => (output.type === "string") !== (first.output.type === "string"))) throw invalid(name, `step ${stepName} combines texts with numbers`);
    // Classes may stand in another order in another model.
    const width = first.output.rowShape.reduce((n, d) => n * d, 1);
    const order = found.map(({ output }, i) => {
      if (first.output.columns === undefined || output.columns === undefined) return Array.from({ length: width }, (_, j) => j);
      const places = first.output.columns.map((c) => output.columns!.findIndex((o) => String(o) === String(c)));
      if (places.includes(-1) || output.columns.length !== first.output.columns.length) throw invalid(name, `step ${stepName}: ${texts[i]} has other entries (${output.columns.slice(0, 10).join(", ")}) than ${texts[0]} (${first.output.columns.slice(0, 10).join(", ")})`);
      return places;
    });
    let output: Output = { ...first.output, name: "value", graphName: "value" };
    if (combine === "mean" || combine === "weighted") output = { ...output, type: "double", kind: first.output.kind === "label" ? "value" : first.output.kind };
    if (combine === "argmax") {
      if (texts.length !== 1 || first.output.columns === undefined || !numeric) throw invalid(name, `step ${stepName}: argmax is of one output with named entries, such as probabilities`);
      output = { name: "value", graphName: "value", kind: "label", type: "string", rowShape: [], classes: first.output.columns };
    }
    if (combine === "vote") output = { ...output, kind: "label", classes: [...new Set(found.flatMap((f) => f.output.classes ?? []))] };
    return { kind: "combine", name: stepName, combine, of: found.map((f) => f.source), weights, order, outputs: [output] };
  }

  function planGuard(step: StepSettings, stepName: string): PlannedStep {
    const text = step.guard!;
    const takes = guardTakes(step);
    let of: Source = { step: undefined, name: text, entry: undefined };
    if (isColumn(text)) addColumn(text, { name: text, used: true, type: takes === "texts" ? "string" : "double", missing: "allowed", infinite: "allowed" }, stepName);
    else {
      const { source, outputs: [found, ...more] } = look(text, `step ${stepName}`);
      of = source;
      if (found === undefined || more.length > 0 || (found.rowShape.length > 0 && source.entry === undefined)) throw invalid(name, `step ${stepName}: ${text} is more than one value a row`, "Name one output, or one entry of it.");
      const numeric = found.type !== "string" && found.type !== "bool";
      if (takes === "numbers" && !numeric) throw invalid(name, `step ${stepName} compares numbers, and ${text} gives ${found.type}`);
    }
    return { kind: "guard", name: stepName, of, rule: ruleName(step), wrong: valueRule(step, refuse), message: step.message, outputs: [] };
  }

  /** A column of the request that several steps take has to suit all of them. */
  function addColumn(key: string, column: Column, stepName: string): void {
    const { categories, unknown, normalize, name: _own, ...rest } = column;
    // What a model does to a text before it looks at it, it still does itself.
    const mine: Column = { ...rest, name: key, used: true, ...(normalize === undefined && categories !== undefined ? { categories, ...(unknown === undefined ? {} : { unknown }) } : {}) };
    const there = columns.get(key);
    if (there === undefined) return void columns.set(key, mine);
    if (there.type !== mine.type && (there.type === "string" || mine.type === "string")) throw invalid(name, `column ${JSON.stringify(key)} is ${mine.type} for step ${stepName} and ${there.type} for another`);
    const limits = [there.limits, mine.limits].filter((l) => l !== undefined);
    const { categories: c1, unknown: u1, limits: _l, missingReason, ...base } = there;
    const same = JSON.stringify(c1) === JSON.stringify(mine.categories) && u1 === mine.unknown;
    columns.set(key, {
      ...base, type: there.type === mine.type ? there.type : there.type === "boolean" || mine.type === "boolean" ? "boolean" : "int64",
      missing: there.missing === "refused" || mine.missing === "refused" ? "refused" : "allowed",
      infinite: there.infinite === "refused" || mine.infinite === "refused" ? "refused" : "allowed",
      ...(missingReason ?? mine.missingReason) === undefined ? {} : { missingReason: (missingReason ?? mine.missingReason)! },
      ...(same && c1 !== undefined ? { categories: c1, ...(u1 === undefined ? {} : { unknown: u1 }) } : {}),
      ...(limits.length === 0 ? {} : { limits: [Math.max(...limits.map((l) => l[0])), Math.min(...limits.map((l) => l[1]))] as const }),
    });
  }

  /** Without a step of that name before its first dot it is a column. */
  function isColumn(text: string): boolean {
    return !place.has(text.split(".", 1)[0]!);
  }
}

function reference(pipeline: string, text: string, what: string, place: ReadonlyMap<string, number>, steps: readonly PlannedStep[]): { source: Source; outputs: readonly Output[] } {
  const [stepName, output, ...rest] = text.split(".");
  const at = place.get(stepName!);
  const step = at === undefined ? undefined : steps[at];
  if (step === undefined) {
    const near = nearest(stepName!, place.keys());
    throw invalid(pipeline, `${what}: there is no step ${JSON.stringify(stepName)}`, near === undefined ? undefined : `Did you mean ${near}?`);
  }
  if (output === undefined) return { source: { step: at, name: step.outputs[0]!.name, entry: undefined }, outputs: step.outputs };
  // A combination has one output; what follows its name is an entry.
  const named = step.outputs.find((o) => o.name === output);
  const found = named ?? (step.kind === "combine" ? step.outputs[0] : undefined);
  if (found === undefined) throw invalid(pipeline, `${what}: step ${stepName} has no output ${JSON.stringify(output)}`, `Its outputs: ${step.outputs.map((o) => o.name).join(", ")}.`);
  const entryText = (named === undefined ? [output, ...rest] : rest).join(".");
  if (entryText === "") return { source: { step: at, name: found.name, entry: undefined }, outputs: [found] };
  const entry = found.columns?.findIndex((c) => String(c) === entryText) ?? -1;
  if (entry < 0) throw invalid(pipeline, `${what}: ${found.name} of step ${stepName} has no entry ${JSON.stringify(entryText)}`, found.columns === undefined ? "It is one value." : `Its entries: ${found.columns.slice(0, 20).join(", ")}.`);
  return { source: { step: at, name: found.name, entry }, outputs: [found] };
}

function entryOutput(output: Output, { entry }: Source): Output {
  if (entry === undefined) return output;
  const { columns: _columns, ...rest } = output;
  return { ...rest, kind: "value", rowShape: [] };
}

function renumber(waves: readonly (readonly number[])[]): number[][] {
  let at = 0;
  return waves.map((wave) => wave.map(() => at++));
}

function invalid(pipeline: string, message: string, hint?: string): Error {
  return serverError("pipeline-invalid", `pipeline ${pipeline}: ${message}`, { hint, where: `pipelines.${pipeline}` });
}
