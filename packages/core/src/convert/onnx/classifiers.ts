// What the outputs of a foreign graph are, where the graph makes it plain: the labels and probabilities of ai.onnx.ml's
// classifiers, of ZipMap, and of a choice from constant classes (ArrayFeatureExtractor), as skl2onnx and its kin write them.

import type { Attribute, Graph, Node } from "../../onnx/index.ts";
import type { OutputKind, Scalar } from "../../package/index.ts";

export interface OutputMeaning {
  readonly kind: OutputKind;
  /** Labels of a label output, or the names of the columns of probabilities. */
  readonly classes?: readonly Scalar[];
}

const CLASSIFIERS: ReadonlySet<string> = new Set(["TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier"]);
/** Give on what they are given, as far as its meaning goes. */
const PASSING: ReadonlySet<string> = new Set(["Identity", "Cast", "Reshape", "Squeeze", "Flatten", "Normalizer", "Softmax", "Clip"]);
const MAX_STEPS = 20;

export class Meanings {
  readonly #makers = new Map<string, readonly [Node, number]>();
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const node of graph.nodes) node.outputs.forEach((name, i) => name !== "" && this.#makers.set(name, [node, i]));
  }

  maker(name: string): Node | undefined {
    return this.#makers.get(name)?.[0];
  }

  of(name: string): OutputMeaning {
    let at = name;
    let softmax = false;
    for (let step = 0; step < MAX_STEPS; step++) {
      const found = this.#makers.get(at);
      if (!found) break;
      const [node, place] = found;
      if (node.opType === "ZipMap") return { kind: "probabilities", ...withClasses(classesOf(node)) };
      if (CLASSIFIERS.has(node.opType)) return { kind: place === 0 ? "label" : isProbability(node) || at !== name ? "probabilities" : "score", ...withClasses(classesOf(node)) };
      if (node.opType === "ArrayFeatureExtractor") {
        const classes = this.#constant(node.inputs[0]);
        if (classes) return { kind: "label", classes };
      }
      if (!PASSING.has(node.opType)) break;
      softmax ||= node.opType === "Softmax";
      at = node.inputs[0] ?? "";
    }
    return { kind: softmax && this.#makers.get(name)?.[0].opType === "Softmax" ? "probabilities" : "value" };
  }

  #constant(name: string | undefined): readonly Scalar[] | undefined {
    const tensor = this.#graph.initializers.find((i) => i.name === name)?.tensor;
    if (!tensor || (tensor.type !== "string" && tensor.type !== "int64" && tensor.type !== "int32")) return undefined;
    return Array.from(tensor.data as ArrayLike<string | bigint | number>, scalar);
  }
}

export function classesOf(node: Node): readonly Scalar[] | undefined {
  for (const name of ["classlabels_strings", "classlabels_int64s", "classlabels_ints"]) {
    const attribute: Attribute | undefined = node.attributes.get(name);
    if (attribute && "strings" in attribute && attribute.strings.length > 0) return attribute.strings;
    if (attribute && "ints" in attribute && attribute.ints.length > 0) return Array.from(attribute.ints as ArrayLike<bigint | number>, scalar);
  }
  return undefined;
}

function scalar(value: string | bigint | number): Scalar {
  return typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value;
}
function withClasses(classes: readonly Scalar[] | undefined): { classes?: readonly Scalar[] } {
  return classes === undefined || new Set(classes).size !== classes.length ? {} : { classes };
}
/** Tree ensembles of averaged probabilities say NONE; scores that are turned into probabilities say how. */
function isProbability(node: Node): boolean {
  const transform = node.attributes.get("post_transform");
  return node.opType === "TreeEnsembleClassifier" || (transform !== undefined && "string" in transform && transform.string !== "NONE");
}
