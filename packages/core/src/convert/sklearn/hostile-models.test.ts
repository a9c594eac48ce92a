// Real files with one thing changed, as a hostile file would have it: every one is refused with a code, in little time.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import { NumpyArray, NumpyDType, PyDict, PyList, PyObject, readPickleFile, type PyValue } from "../../pickle/index.ts";
import { compilePickled } from "../compile.ts";

const cases = new URL("../../../../../corpus/cases/", import.meta.url).pathname;

function attributesOf(name: string): { root: PyObject; attributes: PyDict } {
  const folder = join(cases, name);
  const root = readPickleFile(readFileSync(join(folder, readdirSync(folder).find((f) => f.startsWith("model."))!))).value as PyObject;
  return { root, attributes: root.attributes! };
}
function outcome(root: PyValue): string {
  // Of this thread alone: what else the machine does is no matter.
  const before = process.threadCpuUsage();
  try {
    compilePickled(root);
    return "compiled";
  } catch (error) {
    expect(error).toBeInstanceOf(SlipwayError);
    return (error as SlipwayError).code;
  } finally {
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(5000);
  }
}
const doubles = (...values: number[]): NumpyArray => new NumpyArray(new NumpyDType("f", 8), [values.length], false, new Uint8Array(Float64Array.from(values).buffer));

describe("hostile model files", () => {
  it("are refused when they declare more columns than their arrays have, or than can be served", () => {
    for (const name of ["logistic-two-sk19", "svc-two-sk13", "k-neighbors-two-sk13", "scale-standard-sk15"]) {
      for (const width of [1n, 8n, 100_000n, 1_000_000n, 2n ** 62n]) {
        const { root, attributes } = attributesOf(name);
        attributes.set("n_features_in_", width);
        expect(outcome(root)).toMatch(/^(malformed-model|unsupported-option)$/);
      }
    }
  });
  it("compile in time where nothing contradicts a great width", () => {
    const { root, attributes } = attributesOf("func-none-sk13");
    attributes.set("n_features_in_", 60_000n);
    expect(outcome(root)).toBe("compiled");
    const chi2 = attributesOf("additive-chi2-sampler-sk19");
    chi2.attributes.set("n_features_in_", 60_000n);
    expect(outcome(chi2.root)).toBe("compiled");
  });
  it("are refused for columns that ONNX cannot name", () => {
    for (const name of ["", "\ud800"]) {
      const { root, attributes } = attributesOf("onehot-default-sk15");
      ((attributes.get("feature_names_in_") as NumpyArray).objects as PyValue[])[0] = name;
      expect(outcome(root)).toBe("unsupported-option");
    }
  });
  it("are refused when a setting asks for more than can be loaded", () => {
    const poly = attributesOf("scale-poly2-sk19");
    poly.attributes.set("n_features_in_", 5000n);
    expect(outcome(poly.root)).toBe("unsupported-option");
    const chi2 = attributesOf("additive-chi2-sampler-sk19");
    chi2.attributes.set("sample_steps", 1000n);
    expect(outcome(chi2.root)).toBe("malformed-model");
  });
  it("cannot choose an option by the name of a method of every object", () => {
    const { root, attributes } = attributesOf("gaussian-mixture-diag-sk19");
    for (const name of ["constructor", "__proto__", "toString"]) {
      attributes.set("covariance_type", name);
      expect(outcome(root)).toBe("unsupported-option");
    }
  });
  it("are refused when a part contains itself, in however many places", () => {
    const names = ["best_estimator_", "regressor_", "estimator_", "base_estimator_", "estimators_", "estimator", "final_estimator_"];
    const { root, attributes } = attributesOf("search-grid-pipeline-sk19");
    attributes.set("n_features_in_", null);
    attributes.set("feature_names_in_", null);
    for (const name of names) attributes.set(name, root);
    expect(outcome(root)).toBe("malformed-model");
    const process = attributesOf("gaussian-process-sk15");
    const kernel = process.attributes.get("kernel_") as PyObject;
    expect(kernel.className).toMatch(/\.(Sum|Product)$/);
    for (const side of ["k1", "k2"]) kernel.attributes!.set(side, kernel);
    expect(outcome(process.root)).toBe("malformed-model");
  });
  it("cannot keep digamma counting", () => {
    for (const value of [-Infinity, -1e18, NaN]) {
      const { root, attributes } = attributesOf("bayesian-mixture-distribution-sk19");
      const { length } = (attributes.get("weight_concentration_") as NumpyArray).bytes;
      attributes.set("weight_concentration_", doubles(...Array.from({ length: length / 8 }, () => value)));
      outcome(root);
    }
  });
  it("are refused when one fitted object is a part thousands of times", () => {
    const { root, attributes } = attributesOf("calibrated-prefit-sk13");
    const list = (attributes.get("calibrated_classifiers_") as PyList).items;
    for (let i = 0; i < 2000; i++) list.push(list[0]!);
    expect(outcome(root)).toBe("malformed-model");
  });
  it("are refused when a spline's degree is not that of its parts", () => {
    const { root, attributes } = attributesOf("scale-spline-sk11");
    attributes.set("degree", 1000n);
    expect(outcome(root)).toBe("malformed-model");
  });
});
