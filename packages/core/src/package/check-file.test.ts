import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { readCheckFile, signatureOfRows, sampleChecks, type CheckRow } from "./check-file.ts";
import { checksToJson, parseChecks } from "./checks.ts";
import type { Output, Signature } from "./signature.ts";
import { exampleColumn, exampleSignature } from "./testing.ts";

const source = { file: "check.csv" };
const base = { months: 3, plan: "pro", active: true } as const;
const label = (type: Output["type"], classes?: Output["classes"]): Output => ({ name: "label", graphName: "label", kind: "label", type, rowShape: [], ...(classes ? { classes } : {}) });
const probabilities = (columns: readonly (string | number | boolean)[]): Output => ({ name: "probabilities", graphName: "p", kind: "probabilities", type: "double", rowShape: [columns.length], columns });
const withOutputs = (...outputs: Output[]): Signature => ({ ...exampleSignature(), outputs });
const places = (signature: Signature, ...columns: string[]): Record<string, string> => {
  const row: CheckRow = { ...base, ...Object.fromEntries(columns.map((c) => [c, 0])) };
  const file = readCheckFile([row], signature, source);
  return Object.fromEntries(file.expected.map((e) => [e.column, e.entry === null ? e.output : `${e.output}/${String(e.entry)}`]));
};

describe("readCheckFile", () => {
  it("splits inputs from outputs, whether values come typed or as text", () => {
    const typed = readCheckFile([{ ...base, prediction: "yes", probability_yes: 0.75 }, { months: null, plan: "basic", active: false, prediction: "no", probability_yes: 0.123456789012 }], exampleSignature(), source);
    const text = readCheckFile([{ months: "3", plan: "pro", active: "True", prediction: "yes", probability_yes: "0.75" }, { months: "", plan: "basic", active: "false", prediction: "no", probability_yes: "0.123456789012" }], exampleSignature(), source);
    expect(text.checks).toEqual(typed.checks);
    expect(typed.checks).toEqual({
      source: { file: "check.csv", rows: 2 },
      inputs: [{ months: 3, plan: "pro", active: true }, { months: null, plan: "basic", active: false }],
      expected: { label: [["yes"], ["no"]], probabilities: [[null, 0.75], [null, 0.123456789012]] },
      tolerance: { label: "exact", probabilities: { rtol: 1e-9, atol: 1e-9 } },
    });
  });

  it("knows the usual names", () => {
    const s = exampleSignature();
    for (const name of ["label", "predict", "Prediction", "predicted", "y_pred", "yhat", "expected_label"]) expect(places(s, name)).toEqual({ [name]: "label" });
    for (const name of ["probability_yes", "proba_yes", "prob_yes", "p_yes", "predict_proba_yes", "predict_proba_1", "predict_proba[1]", "probabilities.yes", "probability", "predict_proba"]) {
      expect(places(s, name)).toEqual({ [name]: "probabilities/yes" });
    }
    const value: Output = { name: "value", graphName: "value", kind: "value", type: "double", rowShape: [] };
    expect(places(withOutputs(value), "prediction")).toEqual({ prediction: "value" });
    expect(places(withOutputs({ ...value, rowShape: [2], columns: ["price", "rent"] }), "predict_price", "value_1")).toEqual({ predict_price: "value/price", value_1: "value/rent" });
    const score: Output = { name: "score", graphName: "score", kind: "score", type: "double", rowShape: [] };
    expect(places(withOutputs(label("int64"), score, { ...score, name: "score_samples" }), "score", "score_samples")).toEqual({ score: "score", score_samples: "score_samples" });
    expect(places(withOutputs(label("int64"), score), "decision_function")).toEqual({ decision_function: "score" });
  });

  it("takes a number after predict_proba as a place, unless those columns name every class", () => {
    const s = withOutputs(label("int64", [1, 2, 3]), probabilities([1, 2, 3]));
    expect(places(s, "predict_proba_0", "predict_proba_1", "predict_proba_2")).toEqual({ predict_proba_0: "probabilities/1", predict_proba_1: "probabilities/2", predict_proba_2: "probabilities/3" });
    expect(places(s, "predict_proba_1", "predict_proba_2", "predict_proba_3")).toEqual({ predict_proba_1: "probabilities/1", predict_proba_2: "probabilities/2", predict_proba_3: "probabilities/3" });
    expect(places(s, "probability_1")).toEqual({ probability_1: "probabilities/1" });
    expect(places(s, "p_1.0")).toEqual({ "p_1.0": "probabilities/1" });
    expect(places(withOutputs(label("bool"), probabilities([false, true])), "proba_True")).toEqual({ proba_True: "probabilities/true" });
  });

  it("reports what it does not know and suggests the nearest name", () => {
    const file = readCheckFile([{ ...base, label: "no", customer_id: 7, probabilty: 0.5 }], exampleSignature(), source);
    expect(file.unknown).toEqual([{ column: "customer_id" }, { column: "probabilty", suggestion: "probability" }]);
  });

  it("lets an input win over an output of the same name", () => {
    const s = { ...exampleSignature(), columns: [exampleColumn("score"), exampleColumn("label")] };
    const file = readCheckFile([{ score: 1, label: 2, expected_label: "yes" }], s, source);
    expect(file.checks.inputs).toEqual([{ score: 1, label: 2 }]);
    expect(file.checks.expected["label"]).toEqual([["yes"]]);
  });

  it("sharpens the signature with ranges, types seen and an example", () => {
    const columns = [exampleColumn("whole"), exampleColumn("real"), exampleColumn("truth"), exampleColumn("text", { type: "string" }), exampleColumn("empty")];
    const file = readCheckFile([
      { whole: "3", real: 1.5, truth: "True", text: "a", empty: "", label: "no" },
      { whole: "-1", real: Infinity, truth: "False", text: "b", empty: null, label: "no" },
    ], { ...exampleSignature(), columns }, source);
    expect(file.signature.columns).toEqual([
      { ...columns[0], seen: "int64", range: [-1, 3], example: 3 },
      { ...columns[1], seen: "double", range: [1.5, 1.5], example: 1.5 },
      { ...columns[2], seen: "boolean", range: [0, 1], example: 1 },
      { ...columns[3], example: "a" },
      columns[4],
    ]);
  });

  it("takes the same from rows of the training", () => {
    const columns = [exampleColumn("whole"), exampleColumn("real"), exampleColumn("truth"), exampleColumn("text", { type: "string" }), exampleColumn("empty"), exampleColumn("unused", { used: false })];
    const seen = signatureOfRows({ ...exampleSignature(), columns }, [{ whole: 3, real: 1.5, truth: true, text: "a", empty: null, unused: 1 }, { whole: -1, real: Infinity, truth: false, text: 7, empty: "?", unused: 2 }]);
    expect(seen.columns).toEqual([
      { ...columns[0], seen: "int64", range: [-1, 3], example: 3 }, { ...columns[1], seen: "double", range: [1.5, 1.5], example: 1.5 }, { ...columns[2], seen: "boolean", range: [0, 1], example: 1 },
      { ...columns[3], example: "a" }, columns[4], columns[5],
    ]);
  });

  it("brings labels into the output's type", () => {
    const read = (output: Output, value: string | number | boolean): unknown => readCheckFile([{ ...base, label: value }], withOutputs(output), source).checks.expected["label"]![0]![0];
    expect(read(label("string", ["0", "1"]), 1)).toBe("1");
    expect(read(label("string", ["1.0", "2.0"]), 1)).toBe("1.0");
    expect(read(label("string", ["true", "false"]), true)).toBe("true");
    expect(read(label("int64"), "2.0")).toBe(2);
    expect(read(label("int64"), "9007199254740993")).toBe(9007199254740993n);
    expect(read(label("bool"), "False")).toBe(false);
    expect(read(label("double"), "1e3")).toBe(1000);
    expect(() => read(label("int64"), "yes")).toThrow(expect.objectContaining({ code: "package-check-value", where: "check.csv, row 1, column label" }));
  });

  it("maps numbered columns and a lone text column for models without names", () => {
    const matrix: Signature = { ...exampleSignature(), layout: "matrix", matrixName: "X", columns: [exampleColumn("x0"), exampleColumn("x1")] };
    for (const [a, b] of [["0", "1"], ["f1", "f2"], ["feature_0", "feature_1"], ["x0", "x1"]] as const) {
      expect(readCheckFile([{ [b]: 2, [a]: 1, label: "no" }], matrix, source).checks.inputs).toEqual([{ x0: 1, x1: 2 }]);
    }
    expect(() => readCheckFile([{ a: 1, b: 2, label: "no" }], matrix, source)).toThrow(expect.objectContaining({ code: "package-check-columns" }));
    const text: Signature = { ...exampleSignature(), layout: "text", columns: [exampleColumn("text", { type: "string", missing: "refused" })] };
    expect(readCheckFile([{ review: "good", prediction: "yes" }, { review: "", prediction: "no" }], text, source).checks.inputs).toEqual([{ text: "good" }, { text: "" }]);
  });

  it("refuses files that cannot serve", () => {
    const s = exampleSignature();
    const refuses = (rows: CheckRow[], code: string): void => expect(() => readCheckFile(rows, s, source)).toThrow(expect.objectContaining({ code }));
    refuses([], "package-check-empty");
    refuses([{ ...base }], "package-check-columns");
    refuses([{ months: 1, label: "no" }], "package-check-columns");
    refuses([{ ...base, label: "no", prediction: "no" }], "package-check-columns");
    refuses([{ ...base, months: "three", label: "no" }], "package-check-value");
    refuses([{ ...base, label: "no", probability_yes: "high" }], "package-check-value");
    refuses([[1] as unknown as CheckRow], "package-check-value");
  });

  it("takes column names that mean something to JavaScript", () => {
    const columns = [exampleColumn("__proto__"), exampleColumn("constructor")];
    const row = JSON.parse('{"__proto__": 1, "constructor": 2, "label": "no"}') as CheckRow;
    const file = readCheckFile([row], { ...exampleSignature(), columns }, source);
    expect(Object.entries(file.checks.inputs[0]!)).toEqual([["__proto__", 1], ["constructor", 2]]);
    expect(parseChecks(JSON.parse(JSON.stringify(checksToJson(file.checks))))).toEqual(file.checks);
  });

  it("answers any rows with checks or a coded error", () => {
    const name = fc.oneof(fc.constantFrom("months", "plan", "active", "label", "prediction", "proba_yes", "predict_proba_0", "p_no", "value", "expected_label", "probabilities[1]", "__proto__"), fc.string());
    const value = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constantFrom("1", "nan", "-inf", "True", "", "yes"), fc.anything());
    const rows = fc.array(fc.oneof(fc.dictionary(name, value), fc.dictionary(name, value).map((extra) => ({ ...base, label: "no", ...extra }))), { maxLength: 5 });
    fc.assert(fc.property(rows, (any) => {
      try {
        const { checks } = readCheckFile(any as CheckRow[], exampleSignature(), source);
        expect(parseChecks(JSON.parse(JSON.stringify(checksToJson(checks))))).toEqual(checks);
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
      }
    }), { numRuns: 2000 });
  });

  it("samples evenly over the rows", () => {
    const rows = Array.from({ length: 10 }, (_, i) => ({ ...base, months: i, label: "no" }));
    const checks = sampleChecks(readCheckFile(rows, exampleSignature(), source).checks, 4);
    expect(checks.inputs.map((r) => r["months"])).toEqual([0, 2, 5, 7]);
    expect(checks.expected["label"]).toHaveLength(4);
    expect(checks.source.rows).toBe(10);
  });
});

describe("numbers of single precision", () => {
  it("that pandas wrote with the fewest digits agree with the same number, and no other", async () => {
    const { compareOutputs } = await import("./compare-outputs.ts");
    const output: Output = { ...probabilities([0, 1]), type: "double" };
    const signature = withOutputs(output);
    const given = [0.6094486713409424, 131.57516479492188, 1.2345678e-7].map((v) => Math.fround(v));
    const rows = given.map((v) => ({ ...base, probability_1: [6, 7, 8, 9].map((d) => Number(v.toPrecision(d))).find((s) => Math.fround(s) === v)! }));
    const { checks } = readCheckFile(rows, signature, source);
    expect(checks.tolerance["probabilities"]).toMatchObject({ single: true });
    expect(parseChecks(JSON.parse(JSON.stringify(checksToJson(checks))))).toEqual(checks);
    const answered = (factor: number): boolean => compareOutputs(checks.expected, [{ output, width: 2, data: given.flatMap((v) => [0, v * factor]) }], checks.tolerance).passed;
    expect([answered(1), answered(1 + 2e-7)]).toEqual([true, false]);
    // A number of full precision among them: the file is not of single precision.
    expect(readCheckFile([...rows, { ...base, probability_1: 0.1234567890123 }], signature, source).checks.tolerance["probabilities"]).not.toHaveProperty("single");
  });
});
