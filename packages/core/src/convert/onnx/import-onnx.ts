// An ONNX file as a model: read, checked, described and served as it is, of any opset and IR version. Two things are
// changed, on the bytes: weights in files beside it are taken inside, and ZipMap, whose result (a list of maps) the
// engine cannot hand over, gives way to the matrix it takes. Operator sets before 7, which the engine does not run, are
// written anew for it, and so are weights of 4 bits and of bfloat16 (widen.ts).

import { assertSound, changeGraph, onnxError, serializeModel, wholeModel, type Model, type Node, type Problem, type ValueInfo } from "../../onnx/index.ts";
import type { Signature } from "../../package/index.ts";
import type { ImportedModel, ImportOptions } from "../imported.ts";
import { classesOf, Meanings } from "./classifiers.ts";
import { liftOld } from "./lift-old.ts";
import { rowsAreIndependent } from "./row-independence.ts";
import { widenWeights } from "./widen.ts";
import { givenInputs, tensorSignature } from "./tensor-signature.ts";

/** @throws onnx-*: damaged, not valid, weights outside the model's folder, inputs or outputs that are no tensors */
export function importOnnx(file: Uint8Array, options: ImportOptions = {}): ImportedModel {
  const { bytes, model: found } = wholeModel(file, options.readSibling);
  const model = widenWeights(liftOld(found));
  const warnings = assertSound(model).map(tell);
  const meanings = new Meanings(model.graph);
  const settled = settleOutputs(model, meanings, warnings);
  const inputs = givenInputs(model.graph);
  const opset = model.opsets.find((o) => o.domain === "" || o.domain === "ai.onnx")?.version ?? 1;
  const plain = tensorSignature(inputs, settled.outputs, meanings);
  const alone = plain.tensorRows === "together" && rowsAreIndependent(model.graph, inputs, settled.outputs.map((o) => o.name), opset);
  const signature: Signature = alone ? { ...plain, tensorRows: "independent" } : plain;
  if (signature.tensorRows === "none") warnings.push("its inputs and outputs have no dimension in common that would be rows: one request is one call, with whole tensors");
  const { producerName, producerVersion } = model;
  return {
    format: `ONNX, IR version ${model.irVersion}`,
    compiled: {
      model: model !== found ? serializeModel(settled.apply(model)) : settled.changed ? settled.change(bytes) : bytes,
      signature,
      opsets: Object.fromEntries(model.opsets.map((o) => [o.domain, o.version])),
      className: "onnx.ModelProto",
      warnings,
    },
    producer: producerName === "" ? {} : { [producerName]: producerVersion },
  };
}

function tell(problem: Problem): string {
  return `${problem.where}: ${problem.message}`;
}

interface SettledOutputs {
  readonly outputs: readonly ValueInfo[];
  readonly changed: boolean;
  readonly change: (bytes: Uint8Array) => Uint8Array;
  readonly apply: (model: Model) => Model;
}

/** Outputs that the engine can hand over. */
function settleOutputs(model: Model, meanings: Meanings, warnings: string[]): SettledOutputs {
  const { graph } = model;
  const nodes = new Map<number, Node>();
  const changes = new Map<string, ValueInfo | null>();
  const outputs: ValueInfo[] = [];
  for (const info of graph.outputs) {
    if (info.type !== null) {
      outputs.push(info);
      continue;
    }
    const node = meanings.maker(info.name);
    if (node?.opType === "ZipMap" && node.inputs[0] !== undefined) {
      const classes = classesOf(node);
      const tensor: ValueInfo = { name: info.name, type: "float", shape: [null, classes?.length ?? null] };
      nodes.set(graph.nodes.indexOf(node), { name: node.name, opType: "Identity", domain: "", inputs: node.inputs, outputs: node.outputs, attributes: new Map() });
      changes.set(info.name, tensor);
      outputs.push(tensor);
    } else {
      changes.set(info.name, null);
      warnings.push(`the output ${JSON.stringify(info.name)} is left out: it is ${info.typeText ?? "of no known type"}, not a tensor`);
    }
  }
  if (outputs.length === 0) throw onnxError("onnx-unsupported", `none of the model's outputs is a tensor (${graph.outputs.map((o) => `${o.name}: ${o.typeText ?? "?"}`).join(", ")})`, { hint: "Export the model so that its outputs are tensors." });
  const hasOpset = model.opsets.some((o) => o.domain === "" || o.domain === "ai.onnx");
  const apply = (of: Model): Model => {
    const { values: _, ...rest } = of.graph;
    return { ...of, graph: { ...rest, outputs, nodes: rest.nodes.map((n, i) => nodes.get(i) ?? n) } };
  };
  return { outputs, changed: changes.size > 0, apply, change: (bytes) => changeGraph(bytes, { nodes, outputs: changes, ...(hasOpset || nodes.size === 0 ? {} : { importOpset: 13 }) }) };
}
