import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PipelineSettings } from "../../config/index.ts";
import { loadModelPackage } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import { createServer, ModelDirectory, Pipeline, type App } from "../index.ts";
import { inject } from "../testing.ts";

let directory: ModelDirectory;
beforeAll(async () => {
  directory = new ModelDirectory(await Promise.all([columnsModel(), matrixModel(), textModel()].map((s) => loadModelPackage(s))));
});
afterAll(() => directory.close());

const pipeline = (settings: Omit<PipelineSettings, "version">): Pipeline => new Pipeline("risk", { version: "2.0.0", ...settings }, directory);
async function serve(settings: Omit<PipelineSettings, "version">): Promise<App> {
  const models = directory.all;
  const p = pipeline(settings);
  return createServer({ models: [p, ...models] });
}
async function predict(app: App, rows: unknown, query = "") {
  const answer = await inject(app, { method: "POST", url: `/models/risk/predict${query}`, payload: JSON.stringify(rows) });
  return { status: answer.statusCode, body: answer.json() };
}
const row = { age: 45, plan: "pro", member: false, note: null };
/** loan's score: age + 10 pro + 100 member + 0.5 noted; linear: x0 + 2 x1 + 3 x2. */
const chain = { steps: [
  { name: "final", model: "linear", inputs: { x0: "loan.score", x1: "loan.probabilities.yes", x2: "bonus" } },
  { model: "loan" },
], outputs: { value: "final", label: "loan.label", certainty: "loan.probabilities" } };

describe("a pipeline", () => {
  it("feeds one model's outputs to the next one's columns, and is one more model in every protocol", async () => {
    const app = await serve(chain);
    const alone = (await inject(app, { method: "POST", url: "/models/loan/predict", payload: JSON.stringify(row) })).json().predictions[0];
    const { body } = await predict(app, [{ ...row, bonus: 2 }, { ...row, age: 10, bonus: 0 }]);
    expect(body.predictions[0]).toEqual({ value: 55 + 2 * alone.probabilities.yes + 6, label: "yes", certainty: alone.probabilities });
    expect(body.predictions[1].label).toBe("no");
    expect(body.model).toMatchObject({ name: "risk", version: "2.0.0" });
    const metadata = (await inject(app, "/v2/models/risk")).json();
    expect(metadata.inputs.map((i: { name: string; datatype: string }) => [i.name, i.datatype])).toEqual([["age", "FP64"], ["plan", "BYTES"], ["member", "BOOL"], ["note", "BYTES"], ["bonus", "FP64"]]);
    expect(metadata.outputs.map((o: { name: string }) => o.name)).toEqual(["value", "label", "certainty"]);
    const oip = await inject(app, { method: "POST", url: "/v2/models/risk/infer", payload: JSON.stringify({ inputs: [
      { name: "age", datatype: "FP64", shape: [1, 1], data: [45] }, { name: "plan", datatype: "BYTES", shape: [1, 1], data: ["pro"] },
      { name: "member", datatype: "BOOL", shape: [1, 1], data: [false] }, { name: "note", datatype: "BYTES", shape: [1, 1], data: [null] }, { name: "bonus", datatype: "FP64", shape: [1, 1], data: [2] }] }) });
    expect(oip.json().outputs[0].data[0]).toBe(body.predictions[0].value);
    expect((await inject(app, "/openapi.json")).json().paths["/models/risk/predict"]).toBeDefined();
  });
  it("checks the request's columns as its models would", async () => {
    const app = await serve(chain);
    const bad = await predict(app, [{ ...row, plan: "por", bonus: 2 }]);
    expect([bad.status, bad.body.error.where]).toEqual([400, 'row 1, column "plan"']);
    expect((await predict(app, [row])).body.error.data.missing_columns).toEqual(["bonus"]);
  });
  it("refuses a row that a later step does not take, and answers the others", async () => {
    const app = await serve(chain);
    const rows = [{ ...row, bonus: 1 }, { ...row, age: null, bonus: 1 }, { ...row, age: 1, bonus: 1 }];
    const refused = await predict(app, rows);
    expect([refused.status, refused.body.error.code, refused.body.error.message]).toEqual([400, "request-invalid", expect.stringMatching(/^row 2: step final, column x0: expected a number/)]);
    const { body } = await predict(app, rows, "?on_invalid=rows&outputs=value");
    expect([typeof body.predictions[0].value, body.predictions[1].error.code, typeof body.predictions[2].value]).toEqual(["number", "request-invalid", "number"]);
    const single = await predict(app, [rows[2]], "?outputs=value");
    expect(body.predictions[2]).toEqual(single.body.predictions[0]);
  });
  it("answers many rows as it answers each alone", async () => {
    const app = await serve(chain);
    const record = fc.record({ age: fc.integer({ min: 0, max: 99 }), plan: fc.constantFrom("pro", "basic"), member: fc.boolean(), note: fc.constantFrom(null, "a"), bonus: fc.integer({ min: -5, max: 5 }) });
    await fc.assert(fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 5 }), async (rows) => {
      const together = (await predict(app, rows, "?outputs=value,label")).body.predictions;
      for (const [i, r] of rows.entries()) expect((await predict(app, [r], "?outputs=value,label")).body.predictions[0]).toEqual(together[i]);
    }), { numRuns: 30 });
  });
});

describe("combinations", () => {
  const two = [{ name: "a", model: "loan" }, { name: "b", model: "loan", inputs: { age: "other_age" } }];
  const given = [{ ...row, other_age: 0 }];
  it.each([
    ["mean", ["a.score", "b.score"], undefined, 32.5],
    ["weighted", ["a.score", "b.score"], [3, 1], 43.75],
    ["first", ["a.score", "b.score"], undefined, 55],
    ["vote", ["b.label", "a.label", "a.label"], undefined, "yes"],
    ["vote", ["b.label", "a.label"], undefined, "no"],
    ["vote", ["b.label", "a.label"], [1, 2], "yes"],
    ["argmax", ["a.probabilities"], undefined, "yes"],
    ["argmax", ["b.probabilities"], undefined, "no"],
  ] as const)("%s of %j with weights %j is %s", async (combine, of, weights, expected) => {
    const steps = [...two.filter((s) => of.some((o) => o.startsWith(s.name))), { name: "all", combine, of, ...(weights === undefined ? {} : { weights }) }];
    const app = await serve({ steps });
    expect((await predict(app, given)).body.predictions[0]).toEqual({ all: expected });
  });
  it("means of probabilities keep their classes, by name", async () => {
    const app = await serve({ steps: [...two, { name: "soft", combine: "mean", of: ["a.probabilities", "b.probabilities"] }, { name: "label", combine: "argmax", of: ["soft"] }], outputs: { probabilities: "soft", label: "label", yes: "soft.yes" } });
    const { predictions: [p] } = (await predict(app, given)).body;
    expect(p.probabilities.yes).toBeCloseTo((1 / (1 + Math.exp(-5)) + 1 / (1 + Math.exp(50))) / 2, 12);
    expect([p.label, p.yes]).toEqual(["no", p.probabilities.yes]);
  });
  it("first passes over what is missing", async () => {
    const app = await serve({ steps: [...two, { name: "all", combine: "first", of: ["a.score", "b.score"] }] });
    expect((await predict(app, [{ ...row, age: null, other_age: 4 }])).body.predictions).toEqual([{ all: 14 }]);
  });
});

describe("what does not fit together is refused at the start", () => {
  it.each<[string, Omit<PipelineSettings, "version">, string | RegExp, string?]>([
    ["a circle", { steps: [{ name: "a", model: "linear", inputs: { x0: "b.value" } }, { name: "b", model: "linear", inputs: { x0: "a.value" } }] }, /go round in a circle: a, b/],
    ["a step of itself", { steps: [{ name: "a", model: "linear", inputs: { x0: "a.value" } }] }, /circle: a/],
    ["an unknown column", { steps: [{ model: "loan", inputs: { agee: "x" } }] }, /has no column "agee"/, "Did you mean age?"],
    ["an unknown output", { steps: [{ model: "loan" }], outputs: { x: "loan.scores" } }, /has no output "scores"/, "Its outputs: label, probabilities, score."],
    ["an unknown entry", { steps: [{ model: "loan" }], outputs: { x: "loan.probabilities.maybe" } }, /has no entry "maybe"/, "Its entries: no, yes."],
    ["a text for a number", { steps: [{ model: "loan" }, { model: "linear", inputs: { x0: "loan.label" } }] }, /x0 takes double, and loan.label gives string/],
    ["a vector for a column", { steps: [{ model: "loan" }, { model: "linear", inputs: { x0: "loan.probabilities" } }] }, /more than one value/, "Name an entry: loan.probabilities.no, loan.probabilities.yes."],
    ["two steps of a name", { steps: [{ model: "loan" }, { model: "loan" }] }, /two steps are named "loan"/],
    ["a step that nothing uses", { steps: [{ model: "loan" }, { model: "linear" }], outputs: { l: "loan.label" } }, /step linear is asked for nothing/],
    ["neither model nor combine", { steps: [{ name: "a" }] }, /neither a model nor|neither a model and/],
    ["a mean of texts", { steps: [{ model: "loan" }, { name: "m", combine: "mean", of: ["loan.label"] }] }, /mean is of numbers/],
    ["other weights", { steps: [{ model: "loan" }, { name: "m", combine: "weighted", of: ["loan.score"], weights: [1, 2] }] }, /2 weights for 1 values/],
    ["an output that is a column", { steps: [{ model: "loan" }], outputs: { x: "age" } }, /which is no step/],
    ["columns of two types", { steps: [{ model: "loan" }, { model: "linear", inputs: { x0: "plan" } }], outputs: { a: "loan.label", b: "linear" } }, /column "plan" is double for step linear and string for another/],
  ])("%s", (_what, settings, message, hint) => {
    let thrown: unknown;
    try {
      pipeline(settings);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "pipeline-invalid", message: expect.stringMatching(message), ...(hint === undefined ? {} : { hint }) });
  });
  it("an unknown model", () => {
    expect(() => pipeline({ steps: [{ model: "lone" }] })).toThrow(expect.objectContaining({ code: "model-unknown", hint: expect.stringContaining('Did you mean "loan"?') }));
  });
});

it("goes on with a swapped model that fits, and says so where it does not", async () => {
  const models = new ModelDirectory([await loadModelPackage(matrixModel("linear"))]);
  const p = new Pipeline("p", { version: "1.0.0", steps: [{ model: "linear" }] }, models);
  const { batch } = p.encode({ kind: "rows", rows: [[1, 1, 1]] });
  const version = models.entryOf("linear").versions.get("1.0.0")!;
  version.servable = await loadModelPackage({ ...matrixModel("linear"), digest: "sha256:other" });
  expect((await p.run(batch)).outputs[0]!.data[0]).toBe(6);
  version.servable = await loadModelPackage({ ...textModel("linear"), digest: "sha256:text" });
  await expect(p.run(batch)).rejects.toMatchObject({ code: "pipeline-broken" });
});
