// NeuralNetwork: layers of neurons over derived inputs, with the activation and normalization of each (PMML 4.4).

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { spread, type Pmml, type Scope } from "./context.ts";
import { childrenOf, choiceOf, malformed, needChild, needNumber, numberOf, refuse, textOf } from "./element.ts";
import { derive, expressionOf } from "./expressions.ts";
import { classified, isFloat, type Result } from "./result.ts";

const ACTIVATIONS = ["threshold", "logistic", "tanh", "identity", "exponential", "reciprocal", "square", "Gauss", "sine", "cosine", "Elliott", "arctan", "rectifier"] as const;
const MOST_NEURONS = 20_000;

function activate(p: Pmml, el: XmlElement, kind: (typeof ACTIVATIONS)[number], z: Value, threshold: number): Value {
  const { o, graph } = p.c;
  switch (kind) {
    case "threshold": return o.cast(o.greater(z, threshold), "double");
    case "logistic": return o.sigmoid(z);
    case "tanh": return o.tanh(z);
    case "identity": return z;
    case "exponential": return o.exp(z);
    case "reciprocal": return o.div(1, z);
    case "square": return o.mul(z, z);
    case "Gauss": return o.exp(o.neg(o.mul(z, z)));
    case "sine": return graph.op("Sin", [z]);
    case "cosine": return graph.op("Cos", [z]);
    case "Elliott": return o.div(z, o.add(o.abs(z), 1));
    case "rectifier": return o.relu(z);
    default: throw refuse(el, `activationFunction=${kind}`, "the engine computes it in float only");
  }
}
function normalize(p: Pmml, el: XmlElement, method: string, z: Value): Value {
  const { o } = p.c;
  if (method === "none") return z;
  if (method === "softmax") return o.softmax(z);
  if (method === "simplemax") return o.div(z, o.sum(z, 1, true));
  throw refuse(el, `normalizationMethod=${JSON.stringify(method.slice(0, 40))}`, "none, softmax and simplemax are compiled");
}

export function convertNeuralNetwork(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o } = p.c;
  if (isFloat(model)) throw refuse(model, "x-mathContext=float", "networks are compiled in double");
  const places = new Map<string, { readonly layer: number; readonly at: number }>();
  const inputs = childrenOf(needChild(model, "NeuralInputs"), "NeuralInput");
  const fields = inputs.map((input, i) => {
    places.set(textOf(input, "id"), { layer: 0, at: i });
    const field = derive(p, needChild(input, "DerivedField"), scope);
    if (field.kind !== "number") throw malformed(input, "it gives a text");
    return field;
  });
  const missing = fields.filter((f) => f.canBeMissing).map((f) => spread(p, o.isNaN(f.value)));
  const values: Value[] = [o.concat(fields.map((f) => spread(p, f.value)))];
  const layers = childrenOf(model, "NeuralLayer");
  if (layers.length === 0 || fields.length === 0) throw malformed(model, "it has no layers or no inputs");
  layers.forEach((layer, l) => {
    const neurons = childrenOf(layer, "Neuron");
    const kind = choiceOf(layer, "activationFunction", ACTIVATIONS, choiceOf(model, "activationFunction", ACTIVATIONS, "logistic"));
    if (neurons.length === 0 || neurons.length > MOST_NEURONS) throw malformed(layer, `it has ${neurons.length} neurons`);
    const weights = new Map<number, Float64Array>();
    const bias = new Float64Array(neurons.length);
    neurons.forEach((neuron, k) => {
      bias[k] = numberOf(neuron, "bias") ?? 0;
      for (const con of childrenOf(neuron, "Con")) {
        const from = places.get(textOf(con, "from"));
        if (!from) throw malformed(con, `there is no neuron ${JSON.stringify(textOf(con, "from").slice(0, 40))} before it`);
        const width = Number(values[from.layer]!.shape!.at(-1));
        const matrix = weights.get(from.layer) ?? new Float64Array(width * neurons.length);
        weights.set(from.layer, matrix);
        matrix[from.at * neurons.length + k] = needNumber(con, "weight");
      }
    });
    const terms = [...weights].map(([from, matrix]) => o.matmul(values[from]!, o.doubles(matrix, [matrix.length / neurons.length, neurons.length])));
    const z = terms.reduce<Value>((a, b) => o.add(a, b), o.doubles(bias, [1, neurons.length]));
    const threshold = numberOf(layer, "threshold") ?? numberOf(model, "threshold") ?? 0;
    values.push(normalize(p, layer, layer.attributes.get("normalizationMethod") ?? model.attributes.get("normalizationMethod") ?? "none", activate(p, layer, kind, z, threshold)));
    neurons.forEach((neuron, k) => places.set(textOf(neuron, "id"), { layer: l + 1, at: k }));
  });
  const none = missing.length > 0 ? missing.reduce((a, b) => o.or(a, b)) : undefined;
  const outputs = childrenOf(needChild(model, "NeuralOutputs"), "NeuralOutput").map((output) => {
    const from = places.get(textOf(output, "outputNeuron"));
    if (!from) throw malformed(output, "its neuron is none of the network");
    return { value: o.columns(values[from.layer]!, [from.at]), expression: expressionOf(needChild(output, "DerivedField")) };
  });
  if (textOf(model, "functionName") === "regression") {
    const [only] = outputs;
    if (!only || outputs.length !== 1) throw malformed(model, "a regression has one output");
    return { kind: "regression", value: spread(p, backwards(p, only.expression, only.value)), none };
  }
  const classes = outputs.map(({ expression }) => (expression.name === "NormDiscrete" ? textOf(expression, "value") : ""));
  if (classes.includes("") || new Set(classes).size !== classes.length) throw malformed(model, "its outputs do not name classes");
  return classified(p, classes, o.concat(outputs.map((out) => spread(p, out.value))), none);
}

/** The target's own value from its normalised one. */
function backwards(p: Pmml, el: XmlElement, value: Value): Value {
  if (el.name === "FieldRef") return value;
  if (el.name !== "NormContinuous") throw refuse(el, "the output of a regression", "FieldRef and NormContinuous are compiled there");
  const points = childrenOf(el, "LinearNorm").map((n) => ({ orig: needNumber(n, "orig"), norm: needNumber(n, "norm") }));
  if (points.length !== 2 || points[0]!.norm === points[1]!.norm) throw refuse(el, `${points.length} points`, "two different ones are compiled in an output");
  const [a, b] = points as [typeof points[0], typeof points[0]];
  return p.c.o.add(p.c.o.mul(p.c.o.div(p.c.o.sub(value, a.norm), b.norm - a.norm), b.orig - a.orig), a.orig);
}

