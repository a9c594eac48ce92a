// Good models pass the default gate; models that are wrong fail it, for the reason that they are wrong.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { buildPackage, readCheckFile, type Checks, type CheckRow, type ModelPackage, type Output } from "@slipway/core/package";
import { openModel, readCheckRows } from "../runtime/index.ts";
import { rowsOfText } from "../tables/index.ts";
import { packModel } from "../runtime/pack.ts";
import type { GateResult } from "./define-gate-test.ts";
import { runGate, type GateReport, type GateRequest } from "./run-gate.ts";
import { GATE_TESTS } from "./tests/index.ts";
import { columnsModel, matrixModel } from "../runtime/testing.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const churnFile = join(root, "examples", "churn", "churn.joblib");
const checkText = readFileSync(join(root, "examples", "churn", "check.csv"), "utf8");
const checkRows = readCheckRows(checkText);
let churn: ModelPackage;
beforeAll(async () => {
  churn = (await packModel(churnFile, readFileSync(churnFile), { check: { file: "check.csv", text: checkText } })).package;
});

const gate = (request: Partial<GateRequest> & { package: ModelPackage }): Promise<GateReport> => runGate({ settings: {}, ...request });
/** The other tests take their time. */
const only = (...names: string[]): { skip: string[] } => ({ skip: GATE_TESTS.map((t) => t.name).filter((name) => !names.includes(name)) });
const of = (report: GateReport, name: string): GateResult => report.results.find((r) => r.name === name)!;
const failures = (report: GateReport): string[] => report.results.filter((r) => r.verdict === "fail").map((r) => r.name);
const checksOf = (rows: readonly CheckRow[]): Checks => readCheckFile(rows, churn.signature, { file: "check.csv" }).checks;
const csv = (rows: readonly CheckRow[]): string => [Object.keys(rows[0]!), ...rows.map((r) => Object.values(r))].map((line) => line.map((v) => (v === null ? "" : String(v))).join(",")).join("\n");

describe("models that are good", () => {
  it("pass every test that there is something to test with", async () => {
    const report = await gate({ package: churn });
    expect(report.results.map((r) => [r.name, r.verdict]).filter(([, v]) => v !== "pass" && v !== "skipped")).toEqual([]);
    expect(report.passed).toBe(true);
    expect(of(report, "parity").figures).toMatchObject({ rows: 60, "rows beyond tolerance": 0, "labels that differ": 0 });
  });
  it.each(["ada-3-str-sk19", "bagging-regression-sk19", "catboost-ctr-all-types-cb1210", "hgb-categorical-numbers-sk13", "onnx-sk-regression", "torch-mlp-export", "ovr-multilabel-sk19", "nmf-sk15"])("pass without checked rows, on rows made from the signature: %s", async (name) => {
    const folder = join(root, "corpus", "cases", name);
    const { model_file } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as { model_file: string };
    const report = await gate({ package: (await openModel(join(folder, model_file))).package, settings: { skip: ["budgets"] } });
    expect(failures(report)).toEqual([]);
    expect(of(report, "parity").verdict).toBe("skipped");
    expect(of(report, "served").figures!["rows"]).toBeGreaterThan(10);
  });
});

it("is documented, test by test", () => {
  const document = readFileSync(join(root, "docs", "testing-models.md"), "utf8");
  expect(GATE_TESTS.map((t) => t.name).filter((name) => !document.includes(`| \`${name}\` |`))).toEqual([]);
});

it("skips what needs rows where none can be made, and says why", async () => {
  const report = await gate({ package: (await openModel(join(root, "corpus", "cases", "torch-cnn-whole", "model.pt"))).package, settings: { skip: ["budgets"] } });
  expect(of(report, "served")).toMatchObject({ verdict: "skipped", reason: expect.stringContaining("give rows with --check or --data") });
  expect(failures(report)).toEqual([]);
});

describe("models that are wrong", () => {
  it("fail where the labels of the check file are permuted, and it is said that the numbers agree", async () => {
    const labels = checkRows.map((r) => r["label"]!);
    const report = await gate({ package: churn, checks: checksOf(checkRows.map((row, i) => ({ ...row, label: labels[(i + 1) % labels.length]! }))) });
    expect(failures(report)).toEqual(["parity"]);
    expect(of(report, "parity").reason).toContain("every number agrees");
    expect(of(report, "parity").tables![0]!.rows.length).toBeGreaterThan(0);
  });
  it("fail where two columns were exchanged, and they are named", async () => {
    const filled = checkRows.map((r) => ({ ...r, tenure_months: r["monthly_charges"]!, monthly_charges: r["tenure_months"]! }));
    const report = await gate({ package: churn, checks: checksOf(filled) });
    expect(failures(report)).toContain("parity");
    expect(of(report, "parity").reason).toContain('"tenure_months" and "monthly_charges" exchanged');
  });
  it("pass with one row in a thousand beyond, fail with more", async () => {
    const many = Array.from({ length: 20 }, () => checkRows).flat();
    const off = (count: number): Checks => checksOf(many.map((row, i) => (i < count ? { ...row, probability_stays: Number(row["probability_stays"]) + 1e-4 } : row)));
    expect(of(await gate({ package: churn, checks: off(1), settings: only("parity") }), "parity").verdict).toBe("warn");
    expect(of(await gate({ package: churn, checks: off(2), settings: only("parity") }), "parity")).toMatchObject({ verdict: "fail", figures: { "rows beyond tolerance": 2 } });
  });
  it("fail a budget that they do not keep, and pass one that they do", async () => {
    const slow = await gate({ package: churn, settings: { budgets: { p50Ms: 1e-9, packageSize: 1 } } });
    expect(failures(slow)).toEqual(["budgets"]);
    expect(of(slow, "budgets").reason).toMatch(/p50Ms is .*packageSize is/);
    expect(of(await gate({ package: churn, settings: { ...only("budgets"), budgets: { p50Ms: 1e9, p99Ms: 1e9, minRowsPerSecond: 1e-9, packageSize: 1e9, memory: 1e15 } } }), "budgets").verdict).toBe("pass");
  });
  it("fail where a number is none: an accepted row that gives NaN", async () => {
    const source = columnsModel();
    const report = await gate({ package: await packaged(source), settings: only("schema-fuzz") });
    expect(of(report, "schema-fuzz")).toMatchObject({ verdict: "fail", reason: expect.stringContaining("is no number") });
    expect(of(await gate({ package: await packaged(matrixModel()), settings: only("schema-fuzz") }), "schema-fuzz").verdict).toBe("warn");
  });
  it("fail where the signature promises an output that the graph does not give", async () => {
    const source = matrixModel();
    const outputs: Output[] = [{ ...source.signature.outputs[0]!, rowShape: [3], kind: "probabilities", columns: [0, 1, 2] }];
    const report = await gate({ package: await packaged({ ...source, signature: { ...source.signature, outputs } }), settings: only("signature") });
    expect(failures(report)).toEqual(["signature"]);
  });
});

describe("quality", () => {
  const rows = checkRows.map((row, i) => ({ ...row, truth: i % 10 === 0 ? (row["label"] === "stays" ? "leaves" : "stays") : row["label"]! }));
  const text = csv(rows);
  const data = { file: "labelled.csv", target: "truth", get rows() { return rowsOfText(text, "labelled.csv"); } };
  it("is told with intervals, overall and by slice, and judged by the bars that are set", async () => {
    const settings = { ...only("quality"), quality: { accuracy: { min: 0.85, sure: false }, roc_auc: { min: 0.99, sure: false } } };
    const found = of(await gate({ package: churn, data, slices: ["contract"], settings }), "quality");
    expect(found.figures!["accuracy"]).toBeCloseTo(0.9, 12);
    expect(found).toMatchObject({ verdict: "fail", reason: expect.stringMatching(/^roc_auc is 0\.\d+ \(0\.\d+ to [01](\.\d+)?\), the bar is at least 0.99$/) });
    expect(found.tables!.map((t) => t.title)).toEqual(["Overall", "By contract"]);
    const [, value, low, high] = found.tables![0]!.rows[0] as [string, number, number, number];
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
  });
  it("is the same with the same seed", async () => {
    const [a, b] = await Promise.all([gate({ package: churn, data, settings: only("quality") }), gate({ package: churn, data, settings: only("quality") })]);
    expect(of(a, "quality").tables).toEqual(of(b, "quality").tables);
  });
  it("asks the whole interval to keep a bar where that is wanted", async () => {
    const judge = async (sure: boolean): Promise<string> => of(await gate({ package: churn, data, settings: { ...only("quality"), quality: { accuracy: { min: 0.88, sure } } } }), "quality").verdict;
    expect([await judge(false), await judge(true)]).toEqual(["pass", "fail"]);
  });
  it("refuses targets, slices, labels and metrics that are not there by name", async () => {
    await expect(gate({ package: churn, data: { ...data, rows: data.rows, target: "truht" } })).rejects.toMatchObject({ code: "gate-data", hint: "Did you mean truth?" });
    await expect(gate({ package: churn, data, slices: ["region"] })).rejects.toMatchObject({ code: "gate-data" });
    await expect(gate({ package: churn, data: { ...data, target: "internet" } })).rejects.toMatchObject({ code: "gate-data", message: expect.stringContaining("none of the model's classes") });
    await expect(gate({ package: churn, data, settings: { quality: { rmse: { max: 1, sure: false } } } })).rejects.toMatchObject({ code: "gate-setting" });
    await expect(gate({ package: churn, settings: { skip: ["paritty"] } })).rejects.toMatchObject({ code: "gate-test-unknown", hint: "Did you mean parity?" });
  });
  it("fails a test that is required and has nothing to test with", async () => {
    expect(failures(await gate({ package: churn, settings: { ...only("quality"), require: ["quality"] } }))).toEqual(["quality"]);
  });
});

async function packaged(source: ReturnType<typeof matrixModel>): Promise<ModelPackage> {
  const manifest = { ...churn.manifest, name: source.manifest.name, version: source.manifest.version };
  const { kernel: _, ...plain } = manifest;
  return buildPackage({ manifest: plain, model: source.model, signature: source.signature, checks: source.checks ?? null, profile: null, card: "", sbom: {} });
}
