// From inputs and a way to follow the model to a graph with its signature. An input whose shape the file does not tell is
// followed as such until an operator tells it; then everything begins again.

import { GraphBuilder, serializeModel, type Dim, type Model } from "../../onnx/index.ts";
import { ANY_RANK, type Output, type Signature, type TensorRows } from "../../package/index.ts";
import { convertError } from "../conversion/errors.ts";
import type { InputSpec } from "../conversion/given-inputs.ts";
import type { ElementType } from "../../tensor/index.ts";
import type { ImportedGraph } from "../imported.ts";
import { SlipwayError } from "../../base/index.ts";
import { torchError } from "./errors.ts";
import { TorchContext } from "./context.ts";
import { ShapeFound, type OpenShape } from "./operator.ts";
import { torchOperators } from "./registry.ts";
import { describeValue, DictValue, ListValue, OpenInput, TensorValue, type TorchValue } from "./values.ts";

export interface ModelInput {
  readonly name: string;
  /** undefined: the file does not tell. */
  readonly open: OpenShape | undefined;
}
export type FollowedModel = ImportedGraph;
export type Follow = (inputs: readonly TorchValue[], c: TorchContext) => TorchValue;

const MAX_INPUTS = 100;
const MAX_OUTPUTS = 1_000;

/** Shapes to try, in this order, where neither the file nor an operator tells one. */
const GUESSES: readonly OpenShape[] = [
  ...[2, 3, 4, 5, 1].map((rank): OpenShape => ({ type: "float", shape: ["N", ...new Array<null>(rank - 1).fill(null)] })),
  ...[2, 1, 3].map((rank): OpenShape => ({ type: "int64", shape: ["N", ...new Array<null>(rank - 1).fill(null)] })),
];
const MAX_TRIES = 60;

/**
 * An operator that tells only an input's last size may be given more dimensions than two, and some models begin with
 * operators that tell nothing: where the model cannot be followed, other shapes are tried, and the signature says so.
 * Where the graph is the same for any number of dimensions, so many are taken.
 */
export function followModel(found: readonly ModelInput[], follow: Follow, className: string, given?: readonly InputSpec[]): FollowedModel {
  const inputs = given ? withGiven(found, given) : found;
  try {
    return followInputs(inputs, follow, className);
  } catch (error) {
    if (!(error instanceof SlipwayError) || given || !inputs.some((i) => i.open === undefined) || !/^torch-(operator|control-flow)$/.test(error.code) || !UNTOLD.test(error.message)) throw error;
    const example = inputs.map((i) => ({ name: i.name, elem: "float32", shape: [null, 3, 224, 224] }));
    throw torchError(error.code as "torch-operator", error.message, { where: error.where, cause: error, hint: `Tell what the model takes: slipway pack model.pt --inputs inputs.json, with ${JSON.stringify(example)} in the file, but the types and sizes that your model takes (null: any size). Or trace it with an example: torch.jit.trace(model, example).` });
  }
}

/** What a shape of the inputs would settle. */
const UNTOLD = /is open|does not tell|refuses its input|only its input has|depends on the input's size|number of dimensions|dimensions? of rows|cannot be compiled here|layout in memory/;

/** The inputs as they were asked for, in the place of what the file tells. */
function withGiven(found: readonly ModelInput[], given: readonly InputSpec[]): ModelInput[] {
  const names = found.map((i) => i.name);
  const bad = (message: string): SlipwayError => convertError("given-inputs", message, { hint: `The model takes: ${names.join(", ")}.` });
  if (given.length !== found.length) throw bad(`${given.length} inputs are given, the model takes ${found.length}`);
  const byName = given.every((g) => names.includes(g.name));
  return found.map((input, i) => {
    const spec = byName ? given.find((g) => g.name === input.name) : given[i];
    if (!spec) throw bad(`the input ${JSON.stringify(input.name)} is not given`);
    if (spec.mapKey !== undefined || spec.elem === "string" || !(spec.elem in TAKEN)) throw bad(`the input ${JSON.stringify(spec.name)} cannot be ${spec.mapKey === undefined ? spec.elem : "a map"}`);
    if (!spec.shape) return { name: spec.name, open: input.open && { ...input.open, type: spec.elem } };
    const open = { type: spec.elem, shape: spec.shape.map((d, k) => (k === 0 && d === null ? "N" : d)) };
    if (input.open && input.open.shape.length !== open.shape.length) throw bad(`the input ${JSON.stringify(spec.name)} is given ${open.shape.length} dimensions; the model was traced with ${input.open.shape.length}`);
    return { name: spec.name, open };
  });
}
const TAKEN: Readonly<Partial<Record<ElementType, true>>> = { float: true, double: true, int8: true, int16: true, int32: true, int64: true, uint8: true, bool: true };

function followInputs(inputs: readonly ModelInput[], follow: Follow, className: string): FollowedModel {
  if (inputs.length === 0 || inputs.length > MAX_INPUTS) throw torchError("torch-operator", `the model takes ${inputs.length} tensors`, { hint: "Export a model that takes its data as tensors." });
  let tries = 0;
  const search = (shapes: readonly (OpenShape | undefined)[], guessed: ReadonlyMap<number, (any: boolean) => string>): Searched => {
    const outcome = attempt(inputs, shapes, follow);
    if (outcome instanceof Followed) {
      const made = finish(outcome.graph, inputs, shapes, outcome.result);
      const open = inputs.flatMap(({ open: told }, i) => (told === undefined && GUESSES.includes(shapes[i]!) ? [i] : []));
      const any = open.length > 0 && alikeForAnyRank(inputs, shapes, open, follow, made);
      return { model: imported(any ? withAnyRank(made, open) : made, className, [...guessed.values()].map((warn) => warn(any))), unlikely: outcome.unlikely };
    }
    const { index } = outcome;
    const candidates = outcome.found ? [outcome.found, ...wider(outcome.found)] : GUESSES;
    let first: unknown = outcome.error;
    let unlikely: Searched | undefined;
    for (const shape of candidates) {
      if (++tries > MAX_TRIES) break;
      const name = inputs[index]!.name;
      const told = (any: boolean): string => `the file does not tell the ${any ? "type" : "shape"} of ${name}: it is taken to be ${shape.type}${any ? "" : ` [${shape.shape.map((d) => d ?? "any").join(", ")}]`}${shape.type === "float" ? ", and whole numbers sent to it become floats" : ""}. Tell it with --inputs, or trace the model with an example.`;
      try {
        const made = search(shapes.map((s, i) => (i === index ? shape : s)), outcome.found && shape === outcome.found ? guessed : new Map([...guessed, [index, told]]));
        if (!made.unlikely) return made;
        unlikely ??= made;
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.kind === "limit" || !/^(torch|onnx)-/.test(error.code) || /(which|whose type) the file does not tell/.test(error.message)) throw error;
        // A branch on what the model is given is one whatever its shape.
        if (first === undefined || (!outcome.found && error.code === "torch-control-flow")) first = error;
      }
    }
    if (unlikely) return unlikely;
    throw first;
  };
  return search(inputs.map((i) => i.open), new Map()).model;
}
/** `unlikely`: it works, but an image without a batch would be a strange thing to give it. */
interface Searched {
  readonly model: FollowedModel;
  readonly unlikely: boolean;
}

/** The same last size under more dimensions: [N, 4] may be [N, any, 4]. */
function wider({ type, shape }: OpenShape): OpenShape[] {
  if (shape[0] !== "N" || shape.length > 4 || shape.slice(2).some((d) => d === null)) return [];
  return [1, 2].map((more) => ({ type, shape: ["N", ...new Array<null>(more).fill(null), ...shape.slice(1)] }));
}

class Followed {
  readonly graph: GraphBuilder;
  readonly result: TorchValue;
  readonly unlikely: boolean;
  constructor(graph: GraphBuilder, result: TorchValue, unlikely: boolean) {
    this.graph = graph;
    this.result = result;
    this.unlikely = unlikely;
  }
}
/** What is missing: the shape of an input, which an operator may have told. */
interface Missing {
  readonly index: number;
  readonly found: OpenShape | undefined;
  readonly error: SlipwayError | undefined;
}
function attempt(inputs: readonly ModelInput[], shapes: readonly (OpenShape | undefined)[], follow: Follow): Followed | Missing {
  const graph = new GraphBuilder();
  const c = new TorchContext(graph, torchOperators);
  const values = inputs.map(({ name }, i) => {
    const known = shapes[i];
    if (!known) return new OpenInput(i);
    const value = new TensorValue(graph.input(name, known.type, known.shape));
    if (GUESSES.includes(known)) c.guess(value.value);
    return value;
  });
  try {
    const result = follow(values, c);
    const open = shapes.findIndex((s) => s === undefined);
    return open < 0 ? new Followed(graph, result, c.unbatched && shapes.some((s) => s && GUESSES.includes(s))) : { index: open, found: undefined, error: undefined };
  } catch (error) {
    if (error instanceof ShapeFound && !shapes[error.index]) return { index: error.index, found: error.found, error: undefined };
    const open = shapes.findIndex((s) => s === undefined);
    if (open < 0 || !(error instanceof SlipwayError) || error.kind === "limit" || /(which|whose type) the file does not tell/.test(error.message)) throw error;
    return { index: open, found: undefined, error };
  }
}

/** Followed with any other number of dimensions (the same for all that are open), it becomes the same graph. */
function alikeForAnyRank(inputs: readonly ModelInput[], shapes: readonly (OpenShape | undefined)[], open: readonly number[], follow: Follow, made: Finished): boolean {
  const here = new Set(open.map((i) => shapes[i]!.shape.length));
  if (here.size > 1) return false;
  const bytes = serializeModel(withAnyRank(made, open).model);
  for (let rank = 1; rank <= ANY_RANK; rank++) {
    if (here.has(rank)) continue;
    const others = shapes.map((s, i): OpenShape | undefined => (open.includes(i) ? { type: s!.type, shape: ["N", ...new Array<null>(rank - 1).fill(null)] } : s));
    try {
      const outcome = attempt(inputs, others, follow);
      if (!(outcome instanceof Followed)) return false;
      const again = finish(outcome.graph, inputs, others, outcome.result);
      const same = serializeModel(withAnyRank(again, open).model);
      if (again.signature.tensorRows !== made.signature.tensorRows || same.length !== bytes.length || !same.every((v, i) => v === bytes[i])) return false;
    } catch (error) {
      if (error instanceof SlipwayError) return false;
      throw error;
    }
  }
  return true;
}
/** Shapes that depend on the number of dimensions are left out. */
function withAnyRank({ model, signature }: Finished, open: readonly number[]): Finished {
  const { values: _, ...graph } = model.graph;
  const inputs = graph.inputs.map((v, i) => (open.includes(i) ? { ...v, shape: null } : v));
  return {
    model: { ...model, graph: { ...graph, inputs, outputs: graph.outputs.map((v) => ({ ...v, shape: null })) } },
    signature: { ...signature, tensors: signature.tensors!.map((t, i) => (open.includes(i) ? { ...t, anyRank: true } : t)), outputs: signature.outputs.map((out) => ({ ...out, anyRank: true })) },
  };
}

interface Finished {
  readonly model: Model;
  readonly signature: Signature;
}
function imported({ model, signature }: Finished, className: string, warnings: readonly string[]): FollowedModel {
  return { model: serializeModel(model), signature, opsets: Object.fromEntries(model.opsets.map((o) => [o.domain, o.version])), className, warnings };
}

function finish(graph: GraphBuilder, inputs: readonly ModelInput[], shapes: readonly (OpenShape | undefined)[], result: TorchValue): Finished {
  const known = shapes.map((s, i): OpenShape => {
    if (!s) throw torchError("torch-operator", `no operator of the model tells the shape of its input ${inputs[i]!.name}`, { hint: "Trace the model with an example, or export it with torch.export." });
    return s;
  });
  const taken = new Set(inputs.map((i) => i.name));
  const named = outputsOf(result);
  const rows = rowsOf(known, named.map(([, v]) => v.value.shape));
  const outputs = named.map(([name, v]): Output => {
    const graphName = taken.has(name) ? `${name}/output` : name;
    graph.output(graphName, graph.op("Identity", [v.value]));
    const shape = v.value.shape ?? [null];
    return { name, graphName, kind: "value", type: v.value.type, rowShape: (rows === "none" ? shape : shape.slice(1)).map((d) => (typeof d === "number" ? d : -1)) };
  });
  const signature: Signature = {
    layout: "tensors", columns: [], extraColumns: "refused", tensorRows: rows, outputs,
    tensors: inputs.map((i, k) => ({ name: i.name, type: known[k]!.type, shape: known[k]!.shape.map((d) => d ?? -1) })),
  };
  return { model: graph.finish(), signature };
}

/** Rows may depend on each other in what a graph does: they are kept together. */
function rowsOf(inputs: readonly OpenShape[], outputs: readonly (readonly Dim[] | null)[]): TensorRows {
  const free = (shape: readonly Dim[] | null): boolean => shape !== null && shape[0] === "N";
  return inputs.every((i) => i.shape[0] === "N") && outputs.every(free) ? "together" : "none";
}

/** One tensor is "output"; of several, each has its number or, in a dict, its key. */
function outputsOf(result: TorchValue): [string, TensorValue][] {
  if (result instanceof TensorValue) return [["output", result]];
  if (result instanceof DictValue) return checked([...result.entries].map(([k, v]) => [k === "" ? "output" : k, v]));
  if (!(result instanceof ListValue)) throw torchError("torch-operator", `the model gives ${describeValue(result)} instead of tensors`, { hint: "Export a model that gives tensors." });
  const parts = flat(result, 0).filter((v) => v !== null);
  return parts.length === 1 ? checked([["output", parts[0]!]]) : checked(parts.map((v, i) => [`output_${i}`, v]));
}
function flat(list: ListValue, depth: number): TorchValue[] {
  if (depth > 10) throw torchError("torch-limit", "the model's outputs are nested too deep");
  return list.items.flatMap((v) => (v instanceof ListValue ? flat(v, depth + 1) : [v]));
}
function checked(outputs: [string, TorchValue][]): [string, TensorValue][] {
  if (outputs.length === 0 || outputs.length > MAX_OUTPUTS) throw torchError("torch-operator", `the model gives ${outputs.length} outputs`);
  return outputs.map(([name, v]) => {
    if (!(v instanceof TensorValue)) throw torchError("torch-operator", `the model gives ${describeValue(v)} instead of a tensor`, { hint: "Export a model that gives tensors." });
    return [name, v];
  });
}
