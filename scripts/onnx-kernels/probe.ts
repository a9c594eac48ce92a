// Builds every example, runs it in onnxruntime-node, and compares the engine's output types and shapes with ours.

import { findSchema, GraphBuilder, serializeModel, type OpSchema, type Value } from "@slipway/core/onnx";
import type { ElementType, Tensor } from "@slipway/core/tensor";
import * as ort from "onnxruntime-node";
import { BUILDERS, CORE, EXAMPLES, PROBED, type Types } from "./examples.ts";

export interface Result {
  readonly op: string;
  /** In the order of the schema's type variables. */
  readonly key: readonly ElementType[];
  /** undefined: it runs. */
  readonly failure: string | undefined;
  /** What inference said otherwise than the engine. */
  readonly wrong: readonly string[];
}

const ORT_TYPES: Readonly<Record<string, ElementType>> = { float32: "float", float64: "double" };
const toOrt = (t: Tensor): ort.Tensor =>
  new ort.Tensor((t.type === "float" ? "float32" : t.type === "double" ? "float64" : t.type) as "float32", t.data as Float32Array, t.shape as number[]);

/** Every combination of the types that the standard allows. */
export function combinations(schema: OpSchema): Types[] {
  const variables = [...schema.types];
  return variables.reduce<Types[]>((rows, [name, allowed]) => {
    const core = variables.length > 2 && allowed.some((t) => CORE.includes(t)) ? CORE : PROBED;
    const types = allowed.filter((t) => core.includes(t));
    return rows.flatMap((row) => types.map((type) => ({ ...row, [name]: type })));
  }, [{}]);
}

export async function probe(op: string, types: Types): Promise<Result> {
  const schema = findSchema(op)!;
  const key = [...schema.types.keys()].map((v) => types[v]!);
  const wrong: string[] = [];
  let outputs: readonly Value[] = [];
  let feeds: readonly Tensor[] = [];
  let bytes: Uint8Array;
  try {
    ({ bytes, outputs, feeds } = exampleModel(op, types));
  } catch (error) {
    return { op, key, failure: `build: ${(error as Error).message}`, wrong };
  }
  try {
    const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel: "disabled", logSeverityLevel: 4, intraOpNumThreads: 1 });
    const results = await session.run(Object.fromEntries(feeds.map((t, i) => [`x${i}`, toOrt(t)])));
    outputs.forEach((v, i) => {
      const got = results[`y${i}`]!;
      const type = ORT_TYPES[got.type] ?? got.type;
      if (type !== v.type) wrong.push(`output ${i} is ${type}, not ${v.type}`);
      if (v.shape !== null && (v.shape.length !== got.dims.length || v.shape.some((d, k) => typeof d === "number" && d !== got.dims[k]))) {
        wrong.push(`output ${i} is [${got.dims.join()}], not [${v.shape.join()}]`);
      }
    });
    await session.release();
    return { op, key, failure: undefined, wrong };
  } catch (error) {
    return { op, key, failure: (error as Error).message.split("\n")[0]!, wrong };
  }
}

/** A model of one node, with inputs x0 ... and outputs y0 ... */
export function exampleModel(op: string, types: Types): { bytes: Uint8Array; outputs: readonly Value[]; feeds: readonly Tensor[] } {
  const g = new GraphBuilder({ anyKernel: true });
  const built = build(g, op, types);
  built.outputs.forEach((v, i) => g.output(`y${i}`, v));
  return { bytes: serializeModel(g.finish()), ...built };
}

function build(g: GraphBuilder, op: string, types: Types): { outputs: readonly Value[]; feeds: readonly Tensor[] } {
  const builder = BUILDERS[op];
  if (builder) return builder(g, types);
  const example = EXAMPLES[op]!(types);
  const feeds: Tensor[] = [];
  const inputs = example.inputs.map((x) => {
    if (x === null) return null;
    if ("constant" in x) return g.constant(x.constant);
    feeds.push(x);
    return g.input(`x${feeds.length - 1}`, x.type, x.shape);
  });
  return { outputs: g.ops(op, inputs, example.attributes ?? {}, example.outputs ?? 1), feeds };
}

export const probedOperators = (): string[] => [...Object.keys(EXAMPLES), ...Object.keys(BUILDERS)].sort();

/** The rows of kernels.generated.ts: for each operator, the combinations that run, with equal ones drawn together. */
export function rowsOf(results: readonly Result[]): string[] {
  const rows = new Map<string, string[]>();
  for (const { key, failure } of results) {
    if (failure !== undefined) continue;
    const head = key.slice(0, -1).join(" ");
    rows.set(head, [...(rows.get(head) ?? []), key.at(-1) ?? ""]);
  }
  const merged = new Map<string, string[][]>();
  for (const [head, lasts] of rows) {
    const heads = head.split(" ");
    const id = `${heads.slice(0, -1).join(" ")}|${lasts.join()}`;
    merged.set(id, [...(merged.get(id) ?? []), [heads.at(-1)!]]);
  }
  return [...merged].map(([id, seconds]) => {
    const [before, lasts] = id.split("|") as [string, string];
    return [before, seconds.flat().join(), lasts].filter((s) => s !== "").join(" ");
  });
}
