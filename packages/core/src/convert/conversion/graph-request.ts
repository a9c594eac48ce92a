// What a tool asks for when it has a fitted model converted: inputs, output names, options by object, class or name. The
// JSON form is that of shared tools around skl2onnx: its initial types, final types and options, written down.

import { NumpyArray, PyDict, PyList, PyObject, PyTuple, arrayValues, type PyValue } from "../../pickle/index.ts";
import type { ElementType } from "../../tensor/index.ts";
import type { ConventionalOptions, GraphOptions } from "./compile-graph.ts";
import type { OutputOptions } from "./conventional-outputs.ts";
import { convertError } from "./errors.ts";
import type { Estimator } from "./estimator.ts";
import type { InputSpec } from "./given-inputs.ts";

const ELEMENTS: Readonly<Record<string, ElementType>> = {
  float32: "float", float64: "double", float16: "float16", int8: "int8", int16: "int16", int32: "int32", int64: "int64",
  uint8: "uint8", uint16: "uint16", uint32: "uint32", uint64: "uint64", bool: "bool", string: "string",
};
const MAX_INPUTS = 100_000;
/** Options that choose between equal ways of computing, or that Slipway does not need to be told. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(["optim", "gemm", "div", "tokenexp", "separators", "keep_empty_string", "dtype"]);

function bad(message: string, where: string): Error {
  return convertError("given-inputs", message, { where });
}
function asRecord(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("expected an object", where);
  return value as Readonly<Record<string, unknown>>;
}
function asList(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > MAX_INPUTS) throw bad("expected a list", where);
  return value;
}
function asText(value: unknown, where: string): string {
  if (typeof value !== "string" || value === "") throw bad("expected a text", where);
  return value;
}

/** `[{"name": "X", "elem": "float32", "shape": [null, 4]}]` @throws given-inputs */
export function readInputSpecs(json: unknown): InputSpec[] {
  const names = new Set<string>();
  const specs = asList(json, "inputs").map((item, i): InputSpec => {
    const where = `inputs[${i}]`;
    const spec = asRecord(item, where);
    const name = asText(spec["name"], `${where}.name`);
    if (names.has(name)) throw bad(`two inputs are named ${JSON.stringify(name)}`, where);
    names.add(name);
    switch (spec["kind"] ?? "tensor") {
      case "tensor": {
        const dims = shape(spec["shape"] ?? [], where);
        // No dimension at all: nothing is said of the shape.
        return { name, elem: element(spec["elem"], where), ...(dims.length === 0 ? {} : { shape: dims }) };
      }
      case "scalar": return { name, elem: element(spec["elem"], where), shape: [] };
      case "map": {
        const key = asRecord(spec["key"], `${where}.key`)["elem"];
        if (key !== "string" && key !== "int64") throw bad("the keys of a map are string or int64", `${where}.key`);
        return { name, elem: element(asRecord(spec["value"], `${where}.value`)["elem"], where), shape: [], mapKey: key };
      }
      default: throw bad(`an input of kind ${JSON.stringify(spec["kind"])} is not taken`, where);
    }
  });
  if (specs.length === 0) throw bad("there are no inputs", "inputs");
  return specs;
}
function element(value: unknown, where: string): ElementType {
  const found = typeof value === "string" && Object.hasOwn(ELEMENTS, value) ? ELEMENTS[value] : undefined;
  if (!found) throw bad(`expected an element type (${Object.keys(ELEMENTS).join(", ")}), found ${JSON.stringify(value)}`, `${where}.elem`);
  return found;
}
function shape(value: unknown, where: string): (number | null)[] {
  return asList(value, `${where}.shape`).map((d) => {
    if (d === null || typeof d === "string") return null;
    if (typeof d !== "number" || !Number.isSafeInteger(d) || d < 0) throw bad(`a dimension is ${JSON.stringify(d)}`, `${where}.shape`);
    return d;
  });
}

/** A whole request (spec.json) on the model in `value`. @throws given-inputs */
export function readGraphRequest(json: unknown, value: PyValue): GraphOptions {
  const spec = asRecord(json, "the request");
  const outputs = spec["outputs"] === null || spec["outputs"] === undefined ? undefined : asList(spec["outputs"], "outputs").map((o, i) => asRecord(o, `outputs[${i}]`));
  const methods = spec["want"] === undefined ? undefined : asList(spec["want"], "want").map((m, i) => asText(m, `want[${i}]`));
  const options = asList(spec["options"] ?? [], "options").map((o, i) => asRecord(o, `options[${i}]`));
  const conventional: ConventionalOptions = {
    optionsFor: (chain) => outputOptions(options, value, chain),
    ...(outputs ? { names: outputs.map((o) => (typeof o["name"] === "string" && o["name"] !== "" ? o["name"] : null)) } : {}),
    ...(outputs ? { types: outputs.map((o) => (o["kind"] === "tensor" && typeof o["elem"] === "string" ? (ELEMENTS[o["elem"]] ?? null) : null)) } : {}),
    ...(methods ? { methods } : {}),
  };
  return { inputs: readInputSpecs(spec["inputs"]), conventional, ...(typeof spec["name"] === "string" && spec["name"] !== "" ? { name: spec["name"] } : {}) };
}

/** Later options win over earlier ones, whatever they are given by. */
function outputOptions(options: readonly Readonly<Record<string, unknown>>[], root: PyValue, chain: readonly Estimator[]): OutputOptions {
  const merged: Record<string, unknown> = {};
  for (const option of options) {
    const values = option["values"];
    if (option["by"] === "class") {
      if (chain.some((est) => est.qualifiedName === option["class"])) Object.assign(merged, values);
    } else if (option["by"] === "path") {
      const objects = asList(option["paths"], "options.paths").map((path) => walk(root, asList(path, "options.paths")));
      if (chain.some((est) => objects.includes(est.object))) Object.assign(merged, values);
    } else if (typeof option["name"] === "string") {
      if (typeof values === "object" && values !== null) Object.assign(merged, values);
      else merged[option["name"].split("__").at(-1)!] = values;
    }
  }
  return Object.fromEntries(Object.entries(merged).filter(([name, v]) => !WITHOUT_EFFECT.has(name) && v !== null).map(([name, v]) => {
    const known = Object.hasOwn(OPTIONS, name);
    if (!known || !(typeof v === "boolean" || (name === "zipmap" && v === "columns"))) {
      throw convertError("unsupported-option", `there is no output option ${name}=${JSON.stringify(v)}`, { hint: `There are: ${Object.keys(OPTIONS).join(", ")}.` });
    }
    return [name, v];
  }));
}
const OPTIONS: Readonly<Record<keyof OutputOptions, true>> = {
  zipmap: true, raw_scores: true, nocl: true, output_class_labels: true, score_samples: true, return_std: true, return_cov: true, decision_leaf: true, decision_path: true,
};

/** Follows attribute names, dict keys and list positions. */
function walk(root: PyValue, path: readonly unknown[]): PyValue | undefined {
  let at: PyValue | undefined = root;
  for (const step of path) {
    if (at instanceof PyList || at instanceof PyTuple) at = typeof step === "number" ? at.items[step] : undefined;
    else if (at instanceof NumpyArray) at = typeof step === "number" ? arrayValues(at)[step] : undefined;
    else if (at instanceof PyDict) at = typeof step === "string" ? at.get(step) : typeof step === "number" ? at.get(BigInt(step)) : undefined;
    else if (at instanceof PyObject) at = typeof step === "string" ? at.attributes?.get(step) : undefined;
    else return undefined;
  }
  return at;
}
