// Graphs with the inputs and outputs that a tool asks for, on files of the corpus, run on ONNX Runtime where all outputs are
// tensors and read back where they are not.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSession } from "../../../../slipway/src/runtime/session.ts";
import { SlipwayError } from "../../base/index.ts";
import { checkModel, readModel } from "../../onnx/index.ts";
import { readPickleFile, type PyValue } from "../../pickle/index.ts";
import { compileGraph, type CompiledGraph } from "./compile-graph.ts";
import { readGraphRequest } from "./graph-request.ts";

const cases = new URL("../../../../../corpus/cases/", import.meta.url).pathname;

function modelOf(name: string): PyValue {
  const folder = join(cases, name);
  return readPickleFile(readFileSync(join(folder, readdirSync(folder).find((f) => f.startsWith("model."))!))).value;
}
function expectedOf(name: string, output: string): readonly unknown[] {
  return (JSON.parse(readFileSync(join(cases, name, "expected.json"), "utf8")) as { outputs: Record<string, { data: unknown[] }> }).outputs[output]!.data;
}
function compile(name: string, request: Record<string, unknown>): CompiledGraph {
  const value = modelOf(name);
  const compiled = compileGraph(value, readGraphRequest({ inputs: [tensor("X", 4)], ...request }, value));
  checkModel(readModel(compiled.model));
  return compiled;
}
const tensor = (name: string, width: number, elem = "float64"): Record<string, unknown> => ({ name, kind: "tensor", elem, shape: [null, width] });
const names = (c: CompiledGraph): string[] => c.outputs.map((o) => o.name);
const plain = [{ by: "path", paths: [[]], values: { zipmap: false } }];

describe("a graph with given inputs", () => {
  it("gives label and probabilities as a sequence of maps, as skl2onnx does", () => {
    const { model, inputs, outputs } = compile("logistic-three-sk15", { inputs: [tensor("input", 4, "float32")] });
    expect(inputs).toMatchObject([{ name: "input", type: "float", shape: [null, 4] }]);
    expect(outputs.map((o) => o.name)).toEqual(["output_label", "output_probability"]);
    expect(readModel(model).graph.outputs[1]!.typeText).toMatch(/^sequence\(map/);
  });
  it("gives tensors of numbers in the type of the inputs when zipmap is off", async () => {
    const name = "logistic-three-sk15";
    const compiled = compile(name, { options: plain });
    expect(compiled.outputs).toMatchObject([{ name: "label" }, { name: "probabilities", type: "double" }]);
    const { rows } = JSON.parse(readFileSync(join(cases, name, "inputs.json"), "utf8")) as { rows: number[][] };
    const session = await openSession(compiled.model);
    const found = await session.run({ X: { type: "float64", dims: [rows.length, 4], data: Float64Array.from(rows.flat()) } }, ["probabilities"]);
    await session.close();
    const wanted = expectedOf(name, "predict_proba") as number[];
    [...(found["probabilities"]!.data as Float64Array)].forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 12));
  });
  it("gives each class an output of its own for zipmap=columns, by class or by name of the option", () => {
    expect(names(compile("logistic-three-sk15", { options: [{ by: "class", class: "sklearn.linear_model._logistic.LogisticRegression", values: { zipmap: "columns" } }] }))).toHaveLength(4);
    expect(names(compile("logistic-three-sk15", { options: [{ by: "name", name: "clf__zipmap", values: "columns" }] }))[1]).toMatch(/^[is]/);
  });
  it("takes names and types of outputs, and lists the classes when asked", () => {
    const options = [...plain, { by: "name", name: "output_class_labels", values: true }];
    const { outputs } = compile("logistic-three-sk15", { options, outputs: [{ name: "what" }, { name: "how", kind: "tensor", elem: "float32", shape: [] }] });
    expect(outputs).toMatchObject([{ name: "what" }, { name: "how", type: "float" }, { name: "class_labels" }]);
  });
  it("reproduces methods in the order asked for", () => {
    expect(names(compile("logistic-three-sk15", { want: ["decision_function", "predict"] }))).toEqual(["scores", "label"]);
  });
  it("takes columns by name and by type", () => {
    const inputs = [tensor("plan", 1, "string"), tensor("rooms", 1, "int64"), tensor("member", 1, "bool"), tensor("age", 1, "float32"), tensor("income", 1), tensor("city", 1, "string")];
    expect(compile("columns-logreg-positions-sk19", { inputs, options: plain }).inputs.map((i) => i.type)).toEqual(["string", "int64", "bool", "float", "double", "string"]);
  });
  it("gives decision paths and leaves of trees", () => {
    const options = [{ by: "path", paths: [[]], values: { zipmap: false, decision_path: true, decision_leaf: true } }];
    const name = "forest-rf-3-int-sk19";
    const width = Number((modelOf(name) as unknown as { attributes: { get(k: string): bigint } }).attributes.get("n_features_in_"));
    expect(compile(name, { inputs: [tensor("X", width)], options }).outputs.slice(2)).toMatchObject([{ name: "decision_path", type: "string" }, { name: "decision_leaf", type: "int64" }]);
  });
  it("refuses what does not fit, with a code", () => {
    const wrong: [Record<string, unknown>, RegExp][] = [
      [{ inputs: [tensor("X", 3)] }, /given-inputs/],
      [{ inputs: [tensor("X", 2), tensor("X", 2)] }, /given-inputs/],
      [{ inputs: [] }, /given-inputs/],
      [{ inputs: [{ name: "X", elem: "complex64", shape: [null, 4] }] }, /given-inputs/],
      [{ inputs: [{ name: "X", elem: "float32", shape: [null, -4] }] }, /given-inputs/],
      [{ inputs: [{ name: "X", elem: "float32", shape: [1, 2, 2] }] }, /given-inputs/],
      [{ options: [{ by: "path", paths: [[]], values: { zipmpa: false } }] }, /unsupported-option/],
      [{ want: ["apply"] }, /unsupported-option/],
    ];
    for (const [request, code] of wrong) {
      let error: unknown;
      try {
        compile("logistic-three-sk15", request);
      } catch (e) {
        error = e;
      }
      expect(error, JSON.stringify(request)).toBeInstanceOf(SlipwayError);
      expect((error as SlipwayError).code).toMatch(code);
    }
  });
});
