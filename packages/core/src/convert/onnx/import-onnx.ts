// An ONNX file as a model: read, checked, described and served as it is, of any opset and IR version. Two things are
// changed, on the bytes: weights in files beside it are taken inside, and ZipMap, whose result (a list of maps) the
// engine cannot hand over, gives way to the matrix it takes.

import { SlipwayError } from "../../base/index.ts";
import { changeGraph, findProblems, inlineExternalData, onnxError, readModel, type Model, type Node, type Problem, type ValueInfo } from "../../onnx/index.ts";
import type { ImportedModel, ImportOptions, ReadSibling } from "../imported.ts";
import { classesOf, Meanings } from "./classifiers.ts";
import { givenInputs, tensorSignature } from "./tensor-signature.ts";

const MAX_BYTES = 2 ** 31 - 1;
/** What the engine takes all the same: a shape that the file does not declare, or declares otherwise than it is. */
const TOLERATED = /^it is declared without a shape|^it has no name|^the output is declared (\[|of rank)/;

/** @throws onnx-*: damaged, not valid, weights outside the model's folder, inputs or outputs that are no tensors */
export function importOnnx(file: Uint8Array, options: ImportOptions = {}): ImportedModel {
  const [bytes, model] = readWhole(file, options.readSibling);
  const problems = findProblems(model);
  const fault = problems.find((p) => !TOLERATED.test(p.message));
  if (fault) throw onnxError("onnx-invalid-graph", fault.message, { where: fault.where, hint: "The engine would refuse it. Export the model again." });
  const warnings = problems.map(tell);
  const meanings = new Meanings(model.graph);
  const settled = settleOutputs(model, meanings, warnings);
  const signature = tensorSignature(givenInputs(model.graph), settled.outputs, meanings);
  if (signature.tensorRows === "none") warnings.push("its inputs and outputs have no dimension in common that would be rows: one request is one call, with whole tensors");
  const { producerName, producerVersion } = model;
  return {
    format: `ONNX, IR version ${model.irVersion}`,
    compiled: {
      model: settled.changed ? settled.change(bytes) : bytes,
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

function readWhole(file: Uint8Array, readSibling: ReadSibling | undefined): [Uint8Array, Model] {
  try {
    return [file, readModel(file)];
  } catch (error) {
    if (!readSibling || !(error instanceof SlipwayError) || error.code !== "onnx-external-data") throw error;
  }
  const bytes = inlineExternalData(file, siblings(readSibling, MAX_BYTES - file.length));
  return [bytes, readModel(bytes)];
}

type External = Parameters<typeof inlineExternalData>[1];

/** Slices of the files beside the model, each read once; all of them together no longer than `budget`. */
function siblings(readSibling: ReadSibling, budget: number): External {
  const files = new Map<string, Uint8Array>();
  let left = budget;
  let slices = budget;
  return ({ tensor, location, offset, length }) => {
    const refuse = (why: string, hint: string): SlipwayError =>
      onnxError("onnx-external-data", `tensor ${JSON.stringify(tensor)} keeps its data in ${JSON.stringify(location.slice(0, 200))}, ${why}`, { hint });
    if (/^[/\\]|^[A-Za-z]:|[\\\0]/.test(location) || location.split("/").some((step) => step === ".." || step === "")) {
      throw refuse("which lies outside the model's folder", "Do not use this file: it would read other files of the machine into the model.");
    }
    let data = files.get(location);
    if (data === undefined) {
      data = readSibling(location, left);
      if (data === undefined) throw refuse("which is not there", "Put the file beside the model, as it was saved.");
      files.set(location, data);
      left -= data.length;
    }
    const end = length === undefined ? data.length : offset + length;
    if (offset > data.length || end > data.length || end < offset) throw refuse(`bytes ${offset} to ${end}; the file has ${data.length}`, "The file is cut off, or belongs to another model.");
    slices -= end - offset;
    if (slices < 0) throw refuse("which makes more than the 2 GB that one model may have", "Split or quantize the model.");
    return data.subarray(offset, end);
  };
}

interface SettledOutputs {
  readonly outputs: readonly ValueInfo[];
  readonly changed: boolean;
  readonly change: (bytes: Uint8Array) => Uint8Array;
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
  return { outputs, changed: changes.size > 0, change: (bytes) => changeGraph(bytes, { nodes, outputs: changes, ...(hasOpset || nodes.size === 0 ? {} : { importOpset: 13 }) }) };
}
