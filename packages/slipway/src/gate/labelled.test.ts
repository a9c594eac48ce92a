// What labelled data tells: against a baseline, against the simplest predictor, leaks, robustness and rules; and the reports.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { readXml } from "@slipway/core/formats";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { buildPackage, type ModelPackage } from "@slipway/core/package";
import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import { doubles } from "@slipway/core/tensor";
import type { GateSettings } from "../config/index.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { rowsOfText } from "../tables/index.ts";
import { packModel } from "../runtime/pack.ts";
import { matrixModel } from "../runtime/testing.ts";
import type { GateResult } from "./define-gate-test.ts";
import { junitXml, reportPage, reportText, runGate, type GateReport, type GateRequest } from "./index.ts";
import { madeRows } from "./sample-rows.ts";
import { GATE_TESTS } from "./tests/index.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const file = join(root, "examples", "churn", "churn.joblib");
type Rows = Record<string, unknown>[];
let churn: ModelPackage;
/** Labels drawn by the model's own probabilities: it is as good as a model of them can be, and calibrated. */
let rows: Rows;
beforeAll(async () => {
  churn = (await packModel(file, readFileSync(file), { check: { file: "check.csv", text: readFileSync(join(root, "examples", "churn", "check.csv"), "utf8") } })).package;
  const model = await loadModelPackage(churn);
  const made = madeRows(churn.signature, churn.checks, 600, 5);
  const random = randomNumbers(9);
  const answers = await model.predict(made);
  rows = made.map((row, i) => ({ ...row, region: i % 3 === 0 ? "north" : "south", truth: random() < (answers[i]!["probabilities"] as { stays: number }).stays ? "stays" : "leaves" }));
  await model.close();
});

const only = (...names: string[]): { skip: string[] } => ({ skip: GATE_TESTS.map((t) => t.name).filter((name) => !names.includes(name)) });
const labelled = (given: Rows): NonNullable<GateRequest["data"]> => ({ file: "labelled.json", target: "truth", get rows() { return rowsOfText(JSON.stringify(given), "labelled.json"); } });
async function run(name: string, request: Partial<GateRequest> = {}, settings: Partial<GateSettings> = {}): Promise<GateResult> {
  const report = await runGate({ package: churn, ...request, settings: { ...only(name), ...settings } });
  return report.results.find((r) => r.name === name)!;
}

/** value = w0 x0 + w1 x1 + w2 x2 */
async function linear(weights: readonly [number, number, number], name = "linear"): Promise<ModelPackage> {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  const value = o.reshape(o.matmul(x, doubles([...weights], [3, 1])), [-1]);
  g.bindEntryAsInput(x, "X", 3);
  g.output("value", value);
  const { kernel: _, ...manifest } = churn.manifest;
  return buildPackage({ manifest: { ...manifest, name }, model: serializeModel(g.finish()), signature: matrixModel().signature, checks: null, profile: null, card: "", sbom: {} });
}
function linearRows(count: number): Rows {
  const normal = normalNumbers(randomNumbers(4));
  return Array.from({ length: count }, () => {
    const [x0, x1, x2] = [normal(), normal(), normal()];
    return { x0, x1, x2, truth: x0 + 2 * x1 + 3 * x2 + normal() / 2 };
  });
}

describe("the baseline", () => {
  it("is beaten, or is not, with the interval of the difference", async () => {
    const data = labelled(linearRows(300));
    const [good, bad] = [await linear([1, 2, 3], "good"), await linear([1, 2, 2], "bad")];
    expect(await run("baseline", { package: good, baseline: bad, data })).toMatchObject({ verdict: "pass", reason: expect.stringMatching(/^rmse better by 0\.\d+/) });
    expect(await run("baseline", { package: bad, baseline: good, data })).toMatchObject({ verdict: "fail", reason: expect.stringMatching(/^rmse is worse by 0\.\d+/) });
    expect(await run("baseline", { package: bad, baseline: good, data }, { quality: { rmse: { maxLoss: 5, sure: false } } })).toMatchObject({ verdict: "pass" });
    expect(await run("baseline", { package: good, baseline: good, data })).toMatchObject({ verdict: "pass" });
  });
  it("that few rows cannot tell from it is to be looked at", async () => {
    const data = labelled(linearRows(8));
    expect((await run("baseline", { package: await linear([1, 2, 2.99]), baseline: await linear([1, 2, 3]), data })).verdict).not.toBe("fail");
  });
});

describe("the notebook's predictions beside the target", () => {
  const withAnswers = async (): Promise<Rows> => {
    const model = await loadModelPackage(churn);
    const answers = await model.predict(rows.map((row) => ({ ...row, region: undefined, truth: undefined })));
    await model.close();
    return rows.map((row, i) => ({ ...row, label: answers[i]!["label"], probability_stays: (answers[i]!["probabilities"] as { stays: number }).stays, probability_leaves: (answers[i]!["probabilities"] as { leaves: number }).leaves }));
  };
  it("are as good, or better, and then the model fails", async () => {
    const given = await withAnswers();
    expect(await run("notebook-quality", { data: labelled(given) })).toMatchObject({ verdict: "pass" });
    // A notebook that was right more often.
    const better = given.map((row, i) => (i % 4 === 0 ? { ...row, label: row["truth"] } : row));
    expect(await run("notebook-quality", { data: labelled(better) })).toMatchObject({ verdict: "fail", reason: expect.stringMatching(/^accuracy is 0\.\d+, in the notebook 0\.\d+/) });
  });
  it("are not there: the test is skipped", async () => {
    expect(await run("notebook-quality", { data: labelled(rows) })).toMatchObject({ verdict: "skipped", reason: expect.stringContaining("no predictions of the notebook") });
  });
});

describe("the simplest predictor", () => {
  it("is beaten by a model that knows something", async () => {
    expect(await run("simpler-model", { data: labelled(rows) })).toMatchObject({ verdict: "pass" });
    expect(await run("simpler-model", { package: await linear([1, 2, 3]), data: labelled(linearRows(300)) })).toMatchObject({ verdict: "pass" });
  });
  it("is not beaten where the labels belong to other rows", async () => {
    const shuffled = rows.map((row, i) => ({ ...row, truth: rows[(i + 301) % rows.length]!["truth"] }));
    expect((await run("simpler-model", { data: labelled(shuffled) })).verdict).not.toBe("pass");
    expect(await run("simpler-model", { package: await linear([-1, -2, -3]), data: labelled(linearRows(300)) })).toMatchObject({ verdict: "fail", reason: expect.stringContaining("not better than always the mean") });
  });
});

describe("leaks", () => {
  it("are not found where there are none", async () => {
    const { figures, verdict } = await run("leakage", { package: await linear([1, 2, 3]), data: labelled(linearRows(300)) });
    expect([verdict, figures!["repeated rows"]]).toEqual(["pass", 0]);
  });
  it("are found: a column that tells the target, repeated rows, rows of the checks, a model that is never wrong", async () => {
    const told = linearRows(200).map((row) => ({ ...row, truth: 10 * (row["x1"] as number) }));
    expect((await run("leakage", { package: await linear([1, 2, 3]), data: labelled(told) })).reason).toContain('the column "x1" alone tells');
    const twice = linearRows(100);
    expect((await run("leakage", { package: await linear([1, 2, 3]), data: labelled([...twice, ...twice]) })).reason).toContain("100 of 200 rows are repeated");
    const model = await loadModelPackage(churn);
    const known = await Promise.all(churn.checks!.inputs.map(async (row) => ({ ...row, truth: (await model.predict([row]))[0]!["label"] })));
    await model.close();
    const { reason } = await run("leakage", { data: labelled(known as Rows) });
    expect(reason).toContain("rows are among the checks too");
    expect(reason).toContain("right in every one");
  });
});

describe("robustness", () => {
  it("tells how many labels change, and judges where a bar is set", async () => {
    const found = await run("robustness");
    expect(found.verdict).toBe("pass");
    expect(found.tables![0]!.rows.map((r) => r[0])).toEqual(expect.arrayContaining(["noise", "units", "typos", "missing"]));
    expect(await run("robustness", {}, { robustness: { units: 0 } })).toMatchObject({ verdict: "fail", reason: expect.stringContaining("more than allowed: units (") });
  });
});

describe("rules", () => {
  const rule = (kind: "invariant" | "increasing" | "decreasing", column: string, more: object = {}): Partial<GateSettings> => ({ rules: [{ kind, column, tolerance: 1e-9, maxShare: 0, ...more }] });
  it("hold, or are broken with the worst rows", async () => {
    const request = { package: await linear([1, -2, 0]), data: labelled(linearRows(60)) };
    expect(await run("rules", request, rule("increasing", "x0"))).toMatchObject({ verdict: "pass" });
    expect(await run("rules", request, rule("decreasing", "x1", { by: 0.5 }))).toMatchObject({ verdict: "pass" });
    expect(await run("rules", request, rule("invariant", "x2"))).toMatchObject({ verdict: "pass" });
    const broken = await run("rules", request, rule("increasing", "x1"));
    expect(broken).toMatchObject({ verdict: "fail", reason: "the answer goes up with x1 is broken in 60 of 60 changes" });
    expect(broken.tables![1]!.rows.length).toBe(10);
    expect(await run("rules", request, rule("invariant", "x0", { maxShare: 1 }))).toMatchObject({ verdict: "pass" });
  });
  it("know the classes: someone with a longer contract leaves less often", async () => {
    const few = rows.slice(0, 100);
    expect(await run("rules", { data: labelled(few) }, rule("invariant", "contract", { values: ["one year", "month-to-month"] }))).toMatchObject({ verdict: "fail" });
    expect(await run("rules", { data: labelled(few) }, rule("increasing", "support_calls", { output: "probabilities", entry: "leaves", maxShare: 0.5 }))).toMatchObject({ verdict: "pass" });
  });
  it("refuse columns, outputs and directions that there are not", async () => {
    await expect(run("rules", {}, rule("invariant", "contrakt"))).rejects.toMatchObject({ code: "gate-setting", hint: "Did you mean contract?" });
    await expect(run("rules", {}, rule("increasing", "contract"))).rejects.toMatchObject({ code: "gate-setting" });
    await expect(run("rules", {}, rule("increasing", "tenure_months", { output: "label" }))).rejects.toMatchObject({ code: "gate-setting" });
    await expect(run("rules", {}, rule("increasing", "tenure_months", { entry: "stay" }))).rejects.toMatchObject({ code: "gate-setting", hint: "Did you mean stays?" });
  });
});

describe("the reports", () => {
  let report: GateReport;
  beforeAll(async () => {
    report = await runGate({ package: { ...churn, manifest: { ...churn.manifest, name: "churn" } }, data: labelled(rows), slices: ["region", "tenure_months"], settings: { ...only("parity", "quality", "leakage", "robustness"), quality: { accuracy: { min: 0.999, sure: false } } } });
  });
  it("are a page that stands alone, with a heading a test, pictures with words, and every column of a table named", () => {
    const page = reportPage(report);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3)|<link|@import|url\(/);
    expect(page).toContain('<html lang="en">');
    expect(page).toContain("prefers-color-scheme:dark");
    expect(page.match(/<section /g)).toHaveLength(GATE_TESTS.length + 1);
    for (const title of ["Feature expectations are captured in a schema", "Prediction quality has not regressed"]) expect(page).toContain(title);
    expect(page.match(/<svg [^>]*role="img" aria-label="[^"]+"/g)!.length).toBe(page.match(/<svg /g)!.length);
    for (const title of ["Calibration of stays", "What was true, and what was predicted", "accuracy by region", "Probability of stays"]) expect(page).toContain(title);
    expect(page).not.toMatch(/[>" ]NaN[<"]|undefined|\[object/);
  });
  it("cannot be broken out of by names and values", () => {
    const nasty = '</title><script>alert(1)</script>"\u0000\ud800';
    const hostile: GateReport = { ...report, model: { ...report.model, name: nasty }, results: report.results.map((r) => ({ ...r, reason: nasty })) };
    expect(reportPage(hostile)).not.toContain("<script>");
    const xml = readXml(new TextEncoder().encode(junitXml(hostile)));
    expect(xml.name).toBe("testsuites");
  });
  it("are JUnit: a case a test, failures with their reason, skipped ones told", () => {
    const xml = junitXml(report);
    expect(xml).toMatch(new RegExp(`tests="${GATE_TESTS.length}" failures="1" errors="0" skipped="${GATE_TESTS.length - 4}"`));
    expect(xml).toMatch(/name="Quality on labelled data"[^>]*><failure message="accuracy is 0\.\d+/);
  });
  it("are text: a line a test, the bar and the figures of what failed", () => {
    const text = reportText(report);
    expect(text).toMatch(/FAIL {2}Quality on labelled data +accuracy is/);
    expect(text).toContain("bar: accuracy at least 0.999");
    expect(text).toContain("not passed: ");
    expect(text).toMatch(/ML Test Score: \d of 7 \(data \d, model \d, infrastructure \d, monitoring \d\)/);
    expect(text).toContain("not automated: data 2, data 3");
  });
});
