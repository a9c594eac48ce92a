// ONNX graphs of operator sets 1 to 6, for which the engine has no kernels, written for set 7: the operators that the
// standard changed until then (onnx/defs/*/old.cc), each with the same meaning. What has none is refused by name.

import { ONNX_TYPE, onnxError, type Attribute, type Graph, type Initializer, type Model, type Node } from "../../onnx/index.ts";
import { int64s } from "../../tensor/index.ts";

const TO = 7;
const BROADCAST: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less"]);
/** Their result has as many dimensions as their first input. */
const KEEPS: ReadonlySet<string> = new Set([
  ...BROADCAST, "Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool", "BatchNormalization", "InstanceNormalization", "LRN", "Dropout", "Relu", "LeakyRelu",
  "PRelu", "Elu", "Selu", "Sigmoid", "Tanh", "HardSigmoid", "Softplus", "Softsign", "Softmax", "LogSoftmax", "Clip", "Exp", "Log", "Sqrt", "Abs", "Neg", "Reciprocal", "Ceil", "Floor", "Identity", "Pad", "Upsample", "Concat",
  "Transpose", "Slice", "Cast", "Not", "Sum", "Mean", "Max", "Min", "Split", "Tile", "SpaceToDepth", "DepthToSpace", "LpNormalization", "ThresholdedRelu", "ImageScaler", "Affine", "Crop", "ScaledTanh", "ParametricSoftplus", "MeanVarianceNormalization",
]);
const TYPES: Readonly<Record<string, number>> = ONNX_TYPE;

/** The model as it is where its set is 7 or later. @throws onnx-unsupported */
export function liftOld(model: Model): Model {
  const found = model.opsets.find((o) => o.domain === "" || o.domain === "ai.onnx");
  const version = found?.version ?? (model.irVersion < 3 ? 1 : TO);
  if (version >= TO || version < 1) return model;
  const graph = new Lift(version).graph(model.graph, new Map());
  return { ...model, irVersion: Math.max(4, model.irVersion), opsets: [{ domain: "", version: TO }, ...model.opsets.filter((o) => o !== found)], graph };
}

class Lift {
  readonly #version: number;
  #made = 0;
  constructor(version: number) {
    this.#version = version;
  }
  graph(graph: Graph, outside: ReadonlyMap<string, number>): Graph {
    const ranks = new Map(outside);
    for (const info of [...(graph.values ?? []), ...graph.inputs, ...graph.outputs]) if (info.shape) ranks.set(info.name, info.shape.length);
    const constants = new Map(graph.initializers.map((i) => [i.name, i.tensor]));
    for (const { name, tensor } of graph.initializers) ranks.set(name, tensor.shape.length);
    const taken = new Set([...graph.nodes.flatMap((n) => [...n.inputs, ...n.outputs]), ...graph.inputs.map((i) => i.name), ...constants.keys(), ...outside.keys()]);
    const initializers: Initializer[] = [...graph.initializers];
    const nodes: Node[] = [];
    const name = (): string => {
      let made: string;
      do made = `lifted_${this.#made++}`; while (taken.has(made));
      return made;
    };
    for (const n of graph.nodes) {
      const attributes = new Map<string, Attribute>([...n.attributes].filter(([key]) => key !== "consumed_inputs").map(([key, a]) => [key, "graph" in a ? { graph: this.graph(a.graph, ranks) } : a]));
      const node = { ...n, inputs: [...n.inputs], attributes };
      if (n.domain === "" || n.domain === "ai.onnx") {
        this.#node(node, {
          ranks, constant: (values) => {
            const made = name();
            initializers.push({ name: made, tensor: int64s([...values]) });
            return made;
          },
          integers: (input) => {
            const tensor = constants.get(input);
            return tensor && (tensor.type === "int64" || tensor.type === "int32" || tensor.type === "float") ? Array.from(tensor.data as ArrayLike<number | bigint>, Number) : undefined;
          },
          behind: (input, count) => {
            if (count === 0) return input;
            const rank = ranks.get(input)!;
            const made = name();
            nodes.push({ name: "", opType: "Unsqueeze", domain: "", inputs: [input], outputs: [made], attributes: new Map([["axes", { ints: Array.from({ length: count }, (_, i) => rank + i) }]]) });
            return made;
          },
        });
      }
      nodes.push(node);
      this.#rank(node, ranks, constants);
    }
    // From IR version 4 on, a weight among the inputs could be replaced by a request.
    return { ...graph, inputs: graph.inputs.filter((i) => !constants.has(i.name)), nodes, initializers };
  }

  #refuse(n: Node, why: string): Error {
    return onnxError("onnx-unsupported", `${n.opType} of operator set ${this.#version}: ${why}`, { where: n.name === "" ? n.outputs[0] ?? n.opType : n.name, hint: "Export the model with opset 7 or later, or: onnx.version_converter.convert_version(model, 13)." });
  }
  #int(n: Node, key: string, otherwise: number): number {
    const a = n.attributes.get(key);
    if (a === undefined) return otherwise;
    if (!("int" in a)) throw this.#refuse(n, `its ${key} is no whole number`);
    return Number(a.int);
  }
  #node(n: Changing, in_: Surroundings): void {
    const { attributes, inputs } = n;
    const trained = (): void => {
      if (this.#int(n, "is_test", 0) === 0) throw this.#refuse(n, "it was saved in training mode (is_test=0)");
      attributes.delete("is_test");
    };
    /** A second input whose first dimension lies at `axis` of the first one. */
    const align = (axis: number): void => {
      const [a, b] = [in_.ranks.get(inputs[0] ?? ""), in_.ranks.get(inputs[1] ?? "")];
      if (a === undefined || b === undefined) throw this.#refuse(n, "the number of dimensions that its axis counts cannot be told");
      const behind = a - (axis < 0 ? axis + a : axis) - b;
      if (behind < 0) throw this.#refuse(n, `its axis is ${axis}, for inputs of ${a} and ${b} dimensions`);
      inputs[1] = in_.behind(inputs[1]!, behind);
    };
    if (BROADCAST.has(n.opType)) {
      if (this.#int(n, "broadcast", 0) !== 0 && attributes.has("axis")) align(this.#int(n, "axis", 0));
      attributes.delete("broadcast");
      attributes.delete("axis");
      return;
    }
    switch (n.opType) {
      case "BatchNormalization":
        trained();
        if (n.outputs.slice(1).some((o) => o !== "")) throw this.#refuse(n, "it gives the statistics of its training");
        n.outputs = n.outputs.slice(0, 1);
        break;
      case "Dropout": trained(); break;
      case "Gemm": attributes.delete("broadcast"); break;
      case "PRelu": {
        // One slope a channel, which is the second dimension.
        if (in_.ranks.get(inputs[1] ?? "") === 1 && in_.ranks.get(inputs[0] ?? "") !== 1) align(1);
        break;
      }
      case "Reshape": {
        const shape = attributes.get("shape");
        if (inputs.length > 1) break;
        if (!shape || !("ints" in shape)) throw this.#refuse(n, "it has no shape");
        attributes.delete("shape");
        inputs.push(in_.constant([...shape.ints].map(Number)));
        break;
      }
      case "Pad": {
        const pads = attributes.get("paddings");
        attributes.delete("paddings");
        if (pads) attributes.set("pads", pads);
        break;
      }
      case "Upsample": {
        const of = (key: string): number => {
          const a = attributes.get(key);
          attributes.delete(key);
          if (!a || !("float" in a)) throw this.#refuse(n, `it has no ${key}`);
          return a.float;
        };
        if (!attributes.has("scales")) attributes.set("scales", { floats: [1, 1, of("height_scale"), of("width_scale")] });
        break;
      }
      case "Concat": if (!attributes.has("axis")) attributes.set("axis", { int: 1 }); break;
      case "Split": {
        if (inputs.length < 2) break;
        const sizes = in_.integers(inputs[1]!);
        if (!sizes) throw this.#refuse(n, "its sizes are computed in the model");
        inputs.length = 1;
        attributes.set("split", { ints: sizes });
        break;
      }
      case "Tile": if (this.#version < 6) throw this.#refuse(n, "it is not the same in later sets"); break;
      case "Cast": {
        const to = attributes.get("to");
        if (!to || !("string" in to)) break;
        const type = TYPES[to.string.toLowerCase()];
        if (type === undefined) throw this.#refuse(n, `there is no type ${JSON.stringify(to.string.slice(0, 40))}`);
        attributes.set("to", { int: type });
        break;
      }
      case "LpPool": case "GlobalLpPool": {
        const p = attributes.get("p");
        if (!p || !("float" in p)) break;
        if (!Number.isInteger(p.float)) throw this.#refuse(n, `p=${p.float} is not compiled`);
        attributes.set("p", { int: p.float });
        break;
      }
      case "RNN": case "GRU": case "LSTM": attributes.delete("output_sequence"); break;
    }
  }
  #rank(n: Node, ranks: Map<string, number>, constants: ReadonlyMap<string, { readonly shape: readonly number[] }>): void {
    const first = ranks.get(n.inputs[0] ?? "");
    const count = (key: string): number => {
      const a = n.attributes.get(key);
      return a && "ints" in a ? a.ints.length : 0;
    };
    const rank = n.opType === "Gemm" || n.opType === "Flatten" ? 2
      : n.opType === "Reshape" ? constants.get(n.inputs[1] ?? "")?.shape[0]
      : n.opType === "Unsqueeze" && first !== undefined ? first + count("axes")
      : n.opType === "Squeeze" && first !== undefined && count("axes") > 0 ? first - count("axes")
      : n.opType === "MatMul" && first !== undefined ? Math.max(first, ranks.get(n.inputs[1] ?? "") ?? first)
      : n.opType === "Constant" ? rankOf(n.attributes.get("value")) : KEEPS.has(n.opType) ? first : undefined;
    if (rank !== undefined) for (const o of n.outputs) if (!ranks.has(o)) ranks.set(o, rank);
  }
}

type Changing = { -readonly [K in keyof Node]: Node[K] } & { inputs: string[]; attributes: Map<string, Attribute> };
interface Surroundings {
  readonly ranks: ReadonlyMap<string, number>;
  readonly constant: (values: readonly number[]) => string;
  readonly integers: (input: string) => number[] | undefined;
  /** The input with `count` dimensions of 1 behind. */
  readonly behind: (input: string, count: number) => string;
}
const rankOf = (a: Attribute | undefined): number | undefined => (a && "tensor" in a ? a.tensor.shape.length : undefined);
