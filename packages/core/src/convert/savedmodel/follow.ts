// Follows a TensorFlow graph from its results backwards: a node is converted once all it takes is known, and calls of
// functions are followed into them. Nodes that no result needs, and control edges, are never looked at.

import { SlipwayError } from "../../base/index.ts";
import { malformed, savedModelError, shown } from "./errors.ts";
import { NodeView, type Made, type TfContext } from "./context.ts";
import type { SavedModel, TfNode } from "./model.ts";
import { followed } from "./operators/texts.ts";
import { operators, OUTPUTS } from "./registry.ts";
import { Handle, TfList, TfTensor, type TfValue } from "./values.ts";

const MAX_DEPTH = 48;
const MAX_STEPS = 200_000;

const ADVICE = "Save the model as .keras (model.save('model.keras')), which Slipway compiles from its layers, or export it as ONNX.";

/** An edge: which node, and which of its outputs. */
interface Edge {
  readonly node: string;
  readonly output: string;
  readonly index: number;
}
function edge(input: string): Edge {
  const parts = input.split(":");
  const last = parts.length > 1 ? Number(parts.at(-1)) : 0;
  if (parts.length > 3 || !(Number.isSafeInteger(last) && last >= 0)) throw malformed(`there is no tensor ${JSON.stringify(shown(input))}`);
  return { node: parts[0]!, output: parts.length === 3 ? parts[1]! : "", index: last };
}

const HALF: Readonly<Record<number, string>> = { 14: "bfloat16", 19: "float16" };
const MOVES: ReadonlySet<string> = new Set(["Cast", "Identity", "IdentityN", "StopGradient", "Reshape", "Transpose", "ExpandDims", "Squeeze", "ConcatV2", "Pack", "Shape"]);
export class Follower {
  readonly #model: SavedModel;
  #left = MAX_STEPS;
  constructor(model: SavedModel) {
    this.#model = model;
  }

  /** The values of tensors of `nodes`, where the names in `given` are known. */
  follow(nodes: ReadonlyMap<string, TfNode>, wanted: readonly string[], given: ReadonlyMap<string, TfValue>, c: TfContext): TfValue[] {
    const done = new Map<string, readonly TfValue[]>();
    const open = new Set<string>();
    const at = (input: string, by: string): TfValue => {
      const { node: name, output, index } = edge(input);
      const known = given.get(name);
      if (known) return known;
      const results = done.get(name) ?? [];
      const op = nodes.get(name)?.op ?? "";
      const place = (output === "" ? 0 : Math.max(0, (OUTPUTS[op] ?? []).indexOf(output))) + index;
      const value = results[place];
      if (!value) throw malformed(`${by} takes ${JSON.stringify(shown(input))}, which node ${JSON.stringify(shown(name))} (${shown(op)}) does not give`);
      return value;
    };
    const stack = wanted.map((w) => edge(w).node).filter((name) => !given.has(name)).reverse();
    while (stack.length > 0) {
      const name = stack.at(-1)!;
      if (done.has(name)) {
        stack.pop();
        continue;
      }
      const node = nodes.get(name);
      if (!node) throw malformed(`there is no node ${JSON.stringify(shown(name))}, which another one takes`);
      const inputs = node.inputs.filter((i) => !i.startsWith("^"));
      const missing = inputs.map((i) => edge(i).node).filter((n) => !given.has(n) && !done.has(n));
      if (missing.length > 0) {
        if (open.has(name)) throw malformed(`the nodes form a circle at ${JSON.stringify(shown(name))}`);
        open.add(name);
        stack.push(...missing.reverse());
        continue;
      }
      stack.pop();
      open.delete(name);
      this.#step();
      done.set(name, this.#convert(node, inputs.map((i) => at(i, `node ${JSON.stringify(shown(name))}`)), c));
    }
    return wanted.map((w) => at(w, "the result"));
  }

  #step(): void {
    if (--this.#left < 0) throw savedModelError("savedmodel-limit", `the model has more than ${MAX_STEPS} steps`);
  }
  #depth = 0;
  /** The results of a function. */
  call(name: string, inputs: readonly TfValue[], c: TfContext, by: NodeView): TfValue[] {
    const body = this.#model.functions.get(name);
    if (!body) throw by.malformed(`there is no function ${JSON.stringify(shown(name))}`);
    if (body.args.length !== inputs.length) throw by.malformed(`the function ${JSON.stringify(shown(name))} takes ${body.args.length} inputs and is given ${inputs.length}`);
    this.#step();
    if (++this.#depth > MAX_DEPTH) throw savedModelError("savedmodel-limit", `functions call each other more than ${MAX_DEPTH} deep`, { where: by.where });
    const results = this.follow(body.nodes, body.results.map((r) => r.from), new Map(body.args.map((arg, i) => [arg, inputs[i]!])), c);
    this.#depth--;
    return results;
  }

  #convert(node: TfNode, inputs: readonly TfValue[], c: TfContext): readonly TfValue[] {
    const view = new NodeView(node, inputs);
    // Half precision rounds after every operator, which float does not.
    const half = HALF[node.attrs.get("T")?.number(6) ?? 0];
    if (half !== undefined && !MOVES.has(node.op)) throw savedModelError("savedmodel-operator", `${view.where}: it computes in ${half}, which is not compiled`, { where: view.where, hint: "Save the model in float32. Weights kept in half precision and cast to float32 are compiled." });
    const operator = operators.get(node.op);
    if (!operator) throw savedModelError("savedmodel-operator", `${view.where}: the operator ${shown(node.op)} is not compiled`, { where: view.where, hint: ADVICE });
    try {
      const made = followed(view, c, (of) => settled(operator.convert(of, c), c)) ?? operator.convert(view, c);
      const list = (Array.isArray(made) ? made : [made]) as readonly Made[];
      const results = list.map((m) => settled(m, c));
      const [first, shaped] = [inputs[0], results[0]];
      if (RESHAPES.has(node.op) && first instanceof TfTensor && shaped instanceof TfTensor && first !== shaped) c.reshaped.set(shaped, first);
      return results;
    } catch (error) {
      // What the graph's builder refuses: shapes that do not fit, or a type that the engine has no kernel for.
      if (error instanceof SlipwayError && error.code === "onnx-internal") throw view.unsupported(error.message, ADVICE);
      throw error;
    }
  }
}

const RESHAPES: ReadonlySet<string> = new Set(["Squeeze", "ExpandDims", "Reshape"]);

function settled(made: Made | readonly Made[], c: TfContext): TfValue {
  const m = (Array.isArray(made) ? made[0] : made) as Made;
  return m instanceof TfTensor || m instanceof Handle || m instanceof TfList ? m : c.tensor(m);
}
