// Keras's activation functions, by their names in a file (Keras 2 and 3), in float32.

import type { Value } from "../../onnx/index.ts";
import type { Config, Json } from "./config.ts";
import { isObject } from "./config.ts";
import type { KerasContext } from "./layer.ts";
import { convertError } from "../conversion/errors.ts";
import { kerasError } from "./errors.ts";

type Activation = (x: Value, c: KerasContext) => Value;
const op = (type: string, attributes: Record<string, number> = {}): Activation => (x, c) => c.graph.op(type, [x], attributes);
const clip = (x: Value, low: number, high: number, c: KerasContext): Value => c.graph.op("Clip", [x, c.scalar(low), c.scalar(high)]);
const relu6 = (x: Value, c: KerasContext): Value => clip(x, 0, 6, c);
const hardSigmoid3: Activation = (x, c) => c.o.mul(relu6(c.o.add(x, 3), c), Math.fround(1 / 6));
const sigmoid: Activation = (x, c) => c.graph.op("Sigmoid", [x]);

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  linear: (x) => x,
  relu: op("Relu"),
  relu6,
  sigmoid,
  tanh: op("Tanh"),
  softmax: (x, c) => c.graph.op("Softmax", [x], { axis: -1 }),
  log_softmax: (x, c) => c.graph.op("LogSoftmax", [x], { axis: -1 }),
  softplus: op("Softplus"),
  softsign: op("Softsign"),
  selu: op("Selu", { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  elu: op("Elu"),
  exponential: op("Exp"),
  leaky_relu: op("LeakyRelu", { alpha: 0.2 }),
  silu: (x, c) => c.o.mul(x, sigmoid(x, c)),
  mish: (x, c) => c.o.mul(x, c.o.tanh(c.graph.op("Softplus", [x]))),
  gelu: op("Gelu"),
  celu: op("Celu", { alpha: 1 }),
  hard_silu: (x, c) => c.o.mul(x, hardSigmoid3(x, c)),
  hard_tanh: (x, c) => clip(x, -1, 1, c),
  hard_shrink: (x, c) => c.o.where(c.o.greater(c.o.abs(x), 0.5), x, 0),
  soft_shrink: (x, c) => c.o.where(c.o.greater(x, 0.5), c.o.sub(x, 0.5), c.o.where(c.o.less(x, -0.5), c.o.add(x, 0.5), 0)),
  tanh_shrink: (x, c) => c.o.sub(x, c.o.tanh(x)),
  log_sigmoid: (x, c) => c.o.neg(c.graph.op("Softplus", [c.o.neg(x)])),
  sparse_plus: (x, c) => c.o.where(c.o.lessEqual(x, -1), 0, c.o.where(c.o.less(x, 1), c.o.mul(c.o.mul(c.o.add(x, 1), c.o.add(x, 1)), 0.25), x)),
  sparse_sigmoid: (x, c) => clip(c.o.mul(c.o.add(x, 1), 0.5), 0, 1, c),
  threshold: (x, c) => c.o.where(c.o.greater(x, 0), x, 0),
  sparsemax: (x, c) => {
    const size = c.shape(x).at(-1);
    if (typeof size !== "number") throw convertError("unsupported-option", "sparsemax of an open dimension is not compiled");
    const sorted = c.graph.ops("TopK", [x, c.o.int64s([size])], { axis: -1, largest: 1, sorted: 1 }, 2)[0]!;
    const sums = c.graph.op("CumSum", [sorted, c.o.scalar(-1, "int64")]);
    const support = c.o.greater(c.o.sub(sorted, c.o.div(c.o.sub(sums, 1), c.floats(Float32Array.from({ length: size }, (_, i) => i + 1)))), 0);
    const k = c.o.sum(c.float(support), -1, true);
    return c.o.maximum(c.o.sub(x, c.o.div(c.o.sub(c.o.sum(c.o.where(support, sums, 0), -1, true), 1), k)), 0);
  },
  glu: (x, c) => {
    const size = c.shape(x).at(-1);
    if (typeof size !== "number" || size % 2 !== 0) throw convertError("unsupported-option", "glu of an odd or open dimension is not compiled");
    return c.o.mul(c.o.slice(x, 0, size / 2, -1), sigmoid(c.o.slice(x, size / 2, size, -1), c));
  },
  squareplus: (x, c) => c.o.div(c.o.add(x, c.o.sqrt(c.o.add(c.o.mul(x, x), 4))), 2),
};
const ALIASES: Readonly<Record<string, string>> = { swish: "silu", hard_swish: "hard_silu" };

/** Those that are computed from all of the last dimension. */
export const ACROSS: ReadonlySet<string> = new Set(["softmax", "log_softmax", "sparsemax", "glu"]);

/** `c.keras` is the major version: hard_sigmoid changed its slope in Keras 3. */
export function activation(json: Json | undefined, x: Value, layer: Config, c: KerasContext): Value {
  if (json === undefined || json === null) return x;
  let name: Json = json;
  let settings: Record<string, Json> = {};
  if (isObject(json)) {
    const inner = json["config"];
    if (json["class_name"] === "function" || typeof inner === "string") name = inner ?? null;
    else {
      name = json["class_name"] ?? null;
      if (isObject(inner)) settings = inner;
    }
    if (typeof json["registered_name"] === "string" && json["registered_name"].includes(">")) throw custom(json["registered_name"], layer);
    if (typeof json["module"] === "string" && !/^(keras|tensorflow|tf_keras|builtins)\b/.test(json["module"])) throw custom(`${json["module"]}.${String(name)}`, layer);
    if (json["class_name"] === "__lambda__") throw convertError("contains-code", `${layer.where}: the activation is a Python lambda; its code would have to run, and Slipway never runs code from a file`, { where: layer.where, hint: "Use one of Keras's activations by name." });
  }
  if (typeof name !== "string") throw layer.malformed(`the activation is ${JSON.stringify(json).slice(0, 80)}`);
  if (name.includes(">")) throw custom(name, layer);
  const plain = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  const key = Object.hasOwn(ALIASES, name) ? ALIASES[name]! : Object.hasOwn(ACTIVATIONS, name) ? name : plain;
  if (key === "hard_sigmoid") return c.keras >= 3 ? hardSigmoid3(x, c) : clip(c.o.add(c.o.mul(x, Math.fround(0.2)), 0.5), 0, 1, c);
  const known = Object.hasOwn(ACTIVATIONS, key) ? ACTIVATIONS[key] : undefined;
  if (!known) throw kerasError("unsupported-layer", `${layer.where}: the activation ${JSON.stringify(name)} is not compiled`, { where: layer.where, hint: `Known are ${Object.keys(ACTIVATIONS).join(", ")}, hard_sigmoid.` });
  if (Object.keys(settings).some((k) => k !== "name" && k !== "dtype" && k !== "trainable" && settings[k] !== null)) throw layer.refuse(`activation ${JSON.stringify(name)} with settings`, "only activations by name can be", "Put the activation in a layer of its own.");
  return known(x, c);
}

function custom(name: string, layer: Config): Error {
  return convertError("custom-class", `${layer.where}: the activation ${JSON.stringify(name.slice(0, 100))} is a function of someone's own; its code is not in the file`, { where: layer.where, hint: "Use one of Keras's activations by name." });
}
