// Whether a foreign graph computes every row alone, so that requests may be cut into parts and small ones joined. A value
// is followed from the inputs: its first dimension is rows as long as every node keeps it so and mixes nothing across it.
// Says yes only for what is known; an unknown operator, a computed shape or a body says no, and then a request is one call.

import type { Attribute, Graph, Node, ValueInfo } from "../../onnx/index.ts";
import type { Tensor } from "../../tensor/index.ts";

/** Rows: rank if known. Constant: what does not depend on the inputs, with its tensor if it is at hand. */
type State = { readonly rows: true; readonly rank: number } | { readonly rows: false; readonly tensor: Tensor | undefined };

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const ELEMENTWISE = words("Relu LeakyRelu Sigmoid Tanh Exp Log Neg Abs Sqrt Identity Cast Clip Erf Elu Selu HardSigmoid HardSwish Gelu Softplus Softsign Sign Floor Ceil Round Not IsNaN Reciprocal Sin Cos ThresholdedRelu Mish "
  + "Add Sub Mul Div Pow Max Min Sum Mean Equal Greater Less GreaterOrEqual LessOrEqual And Or Xor Where Mod PRelu");
/** Take rows first and constants after it, and keep the rank. */
const KEEPING = words("Conv ConvTranspose MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool BatchNormalization InstanceNormalization GroupNormalization LRN DepthToSpace SpaceToDepth");
const ML = words("TreeEnsembleRegressor LinearRegressor SVMRegressor Normalizer Scaler Imputer LabelEncoder CategoryMapper Binarizer TreeEnsemble TreeEnsembleClassifier LinearClassifier SVMClassifier ZipMap");
const REDUCTIONS = words("ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare");

export function rowsAreIndependent(graph: Graph, inputs: readonly ValueInfo[], outputs: readonly string[], opset: number): boolean {
  const states = new Map<string, State>(graph.initializers.map(({ name, tensor }) => [name, { rows: false, tensor }]));
  for (const { name, shape } of inputs) states.set(name, { rows: true, rank: shape?.length ?? 0 });
  for (const node of graph.nodes) {
    const given = node.inputs.map((name) => (name === "" ? undefined : states.get(name)));
    if (node.inputs.some((name, i) => name !== "" && given[i] === undefined)) continue;
    const state = step(node, given, opset);
    if (!state) continue;
    // The places that MaxPool tells count across all rows.
    const outputs = KEEPING.has(node.opType) ? node.outputs.slice(0, 1) : node.outputs;
    outputs.forEach((name, i) => states.set(name, i === 0 ? state : further(node, state)));
  }
  return outputs.every((name) => states.get(name)?.rows === true);
}

/** Labels are [N], the scores beside them [N, C]. */
function further(node: Node, state: State): State {
  return state.rows && node.opType.endsWith("Classifier") ? { rows: true, rank: 2 } : state;
}

function step(node: Node, given: readonly (State | undefined)[], opset: number): State | undefined {
  const { opType } = node;
  if (!["", "ai.onnx", "ai.onnx.ml"].includes(node.domain)) return undefined;
  if (opType === "Constant") {
    const value = node.attributes.get("value");
    return { rows: false, tensor: value && "tensor" in value ? value.tensor : undefined };
  }
  for (const attribute of node.attributes.values()) if ("graph" in attribute) return undefined;
  if (/^Random|^Bernoulli|^Multinomial/.test(opType)) return undefined;
  if (given.every((s) => s === undefined || !s.rows)) return { rows: false, tensor: undefined };
  const [first, ...rest] = given;
  const constants = rest.every((s) => s === undefined || !s.rows);
  if (ELEMENTWISE.has(opType)) return elementwise(node, given);
  if (!first?.rows) return opType === "Gather" ? embedding(node, given) : undefined;
  const { rank } = first;
  const same: State = first;
  /** Normalised; undefined for the dimension of rows. */
  const axis = (value: number): number | undefined => (value < 0 ? value + rank : value) || undefined;
  const inner = (value: number): State | undefined => (axis(value) === undefined ? undefined : same);
  if (KEEPING.has(opType)) return constants && node.attributes.get("training_mode") === undefined ? same : undefined;
  if (node.domain === "ai.onnx.ml") return ML.has(opType) && constants ? { rows: true, rank: opType.endsWith("Classifier") ? 1 : rank } : undefined;
  const axes = (place: number): readonly number[] | undefined => {
    const list = ints(node.attributes.get("axes")) ?? (given[place] && !given[place].rows ? numbers(given[place].tensor) : undefined);
    return list && list.length > 0 && list.every((a) => axis(a) !== undefined) ? list : undefined;
  };
  switch (opType) {
    case "Dropout": return given[2] === undefined ? same : undefined;
    case "LayerNormalization": return constants ? inner(int(node, "axis", -1)) : undefined;
    case "Softmax": case "LogSoftmax": case "Hardmax": return inner(int(node, "axis", opset < 13 ? 1 : -1));
    case "Gemm": {
      const c = given[2];
      const plain = c === undefined || (!c.rows && c.tensor !== undefined && (c.tensor.shape.length < 2 || c.tensor.shape[0] === 1));
      return constants && plain && int(node, "transA", 0) === 0 ? same : undefined;
    }
    case "MatMul": {
      const b = given[1];
      if (b?.rows) return rank >= 3 && b.rank === rank ? same : undefined;
      return rank >= 2 && b?.tensor?.shape.length === 2 ? same : undefined;
    }
    case "Flatten": return int(node, "axis", 1) === 1 ? { rows: true, rank: 2 } : undefined;
    case "Reshape": {
      const shape = ints(node.attributes.get("shape")) ?? (given[1] && !given[1].rows ? numbers(given[1].tensor) : undefined);
      return shape && shape.length > 0 && shape[0] === 0 && int(node, "allowzero", 0) === 0 ? { rows: true, rank: shape.length } : undefined;
    }
    case "Transpose": return ints(node.attributes.get("perm"))?.[0] === 0 ? same : undefined;
    case "Concat": return given.every((s) => s?.rows && s.rank === rank) ? inner(int(node, "axis", 0)) : undefined;
    case "Split": return constants ? inner(int(node, "axis", 0)) : undefined;
    case "TopK": return constants ? inner(int(node, "axis", -1)) : undefined;
    case "ArgMax": case "ArgMin": return inner(int(node, "axis", 0)) && { rows: true, rank: int(node, "keepdims", 1) === 1 ? rank : rank - 1 };
    case "Slice": return constants && axes(3) ? same : undefined;
    case "Squeeze": {
      const list = axes(1);
      return list && { rows: true, rank: rank - list.length };
    }
    case "Unsqueeze": {
      const list = ints(node.attributes.get("axes")) ?? (given[1] && !given[1].rows ? numbers(given[1].tensor) : undefined);
      return list && list.every((a) => a > 0) ? { rows: true, rank: rank + list.length } : undefined;
    }
    case "Gather": {
      const indices = given[1];
      const at = int(node, "axis", 0);
      return indices && !indices.rows && indices.tensor && axis(at) !== undefined ? { rows: true, rank: rank - 1 + indices.tensor.shape.length } : undefined;
    }
    case "Pad": {
      const pads = ints(node.attributes.get("pads")) ?? (given[1] && !given[1].rows ? numbers(given[1].tensor) : undefined);
      return pads && given[3] === undefined && pads.length === 2 * rank && pads[0] === 0 && pads[rank] === 0 ? same : undefined;
    }
    default: {
      if (!REDUCTIONS.has(opType)) return undefined;
      const list = axes(1);
      return list && { rows: true, rank: int(node, "keepdims", 1) === 1 ? rank : rank - list.length };
    }
  }
}

/** Rows of one rank, and constants that are the same for every row. */
function elementwise(node: Node, given: readonly (State | undefined)[]): State | undefined {
  if (node.attributes.has("broadcast")) return undefined;
  const rank = Math.max(...given.map((s) => (s?.rows ? s.rank : 0)));
  for (const s of given) {
    if (s === undefined) continue;
    if (s.rows ? s.rank !== rank : !s.tensor || !(s.tensor.shape.length < rank || (s.tensor.shape.length === rank && s.tensor.shape[0] === 1))) return undefined;
  }
  return { rows: true, rank };
}

/** A look-up of the rows' numbers in a constant table. */
function embedding(node: Node, [table, indices]: readonly (State | undefined)[]): State | undefined {
  if (!table || table.rows || !table.tensor || !indices?.rows || int(node, "axis", 0) !== 0) return undefined;
  return { rows: true, rank: indices.rank + table.tensor.shape.length - 1 };
}

function int(node: Node, name: string, fallback: number): number {
  const a = node.attributes.get(name);
  return a && "int" in a ? Number(a.int) : fallback;
}
function ints(a: Attribute | undefined): readonly number[] | undefined {
  return a && "ints" in a ? Array.from(a.ints as ArrayLike<number | bigint>, Number) : undefined;
}
function numbers(tensor: Tensor | undefined): readonly number[] | undefined {
  return tensor && (tensor.type === "int64" || tensor.type === "int32") && tensor.data.length < 100 ? Array.from(tensor.data as ArrayLike<number | bigint>, Number) : undefined;
}
