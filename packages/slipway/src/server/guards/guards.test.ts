import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PipelineSettings } from "../../config/index.ts";
import { loadModelPackage } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import { createServer, ModelDirectory, Pipeline, type App, type ServerOptions } from "../index.ts";
import { inject } from "../testing.ts";
import { textPattern } from "./text-pattern.ts";
import { MAX_SEARCHED, textRule } from "./text-rule.ts";

type Steps = PipelineSettings["steps"];
let directory: ModelDirectory;
beforeAll(async () => {
  directory = new ModelDirectory(await Promise.all([columnsModel(), matrixModel(), textModel(), textModel("topics")].map((s) => loadModelPackage(s))));
});
afterAll(() => directory.close());

function serve(steps: Steps, outputs?: Record<string, string>, options: ServerOptions = {}): App {
  const models = directory.all;
  const app = createServer({ models, options });
  app.context.models.add(new Pipeline("guarded", { version: "1.0.0", steps, ...(outputs === undefined ? {} : { outputs }) }, app.context.models));
  return app;
}
async function ask(app: App, body: unknown, query = "", path = "/models/guarded/predict") {
  const answer = await inject(app, { method: "POST", url: `${path}${query}`, payload: JSON.stringify(body) });
  return { status: answer.statusCode, code: answer.errorCode, text: answer.body, body: answer.json() };
}
const counted = async (app: App): Promise<string[]> => (await inject(app, "/metrics")).body.split("\n").filter((l) => l.startsWith("slipway_guard_refused_total"));

describe("a guard", () => {
  const steps: Steps = [
    { name: "length", guard: "text", maxCharacters: 20 },
    { name: "iban", guard: "text", pattern: "\\b[A-Z]{2}\\d{2}(?: ?[A-Z0-9]{4}){2,7}\\b", message: "Send no account numbers." },
    { name: "secrets", guard: "text", words: ["password"] },
    { name: "topic", guard: "text", classifier: "topics", allow: ["1"] },
    { model: "tickets" },
  ];
  it.each([
    ["length", "a text of far too many letters"],
    ["iban", "to DE12 3456 7890"],
    ["iban", "de12 34567890"],
    ["secrets", "my PASSWORD?"],
    ["topic", "tea"],
  ])("refuses by the rule %s, and repeats nothing: %s", async (rule, text) => {
    const app = serve(steps);
    const { status, code, body, text: answered } = await ask(app, [{ text }]);
    expect([status, code, body.error.data.rule]).toEqual([400, "guard-refused", rule]);
    expect(body.error.message).toContain(rule === "iban" ? "Send no account numbers." : `the rule "${rule}"`);
    expect(answered).not.toContain(text);
    expect(await counted(app)).toEqual(["length", "iban", "secrets", "topic"].map((r) => `slipway_guard_refused_total{model="guarded",rule="${r}"} ${r === rule ? 1 : 0}`));
  });
  it("lets through what keeps the rules, in every protocol", async () => {
    const app = serve(steps);
    expect((await ask(app, [{ text: "Café" }])).body.predictions).toEqual([{ label: 1 }]);
    const tfs = "/v1/models/guarded:predict";
    expect((await ask(app, { instances: [{ text: "Café" }] }, "", tfs)).body.predictions).toEqual([1]);
    const refused = await ask(app, { instances: [{ text: "a password" }] }, "", tfs);
    expect([refused.status, refused.code]).toEqual([400, "guard-refused"]);
    const oip = await ask(app, { inputs: [{ name: "text", datatype: "BYTES", shape: [1, 1], data: ["a password"] }] }, "", "/v2/models/guarded/infer");
    expect([oip.status, oip.code]).toEqual([400, "guard-refused"]);
  });
  it("answers the other rows, each as alone, with the rule in the place of the refused", async () => {
    const app = serve(steps);
    await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom("Café", "tea", "a password", "x".repeat(21), "CAFE"), { minLength: 1, maxLength: 6 }), async (texts) => {
      const { body } = await ask(app, texts.map((text) => ({ text })), "?on_invalid=rows");
      expect(body.predictions.map((p: { label?: number; error?: { rule: string; code: string } }) => p.error?.rule ?? p.label)).toEqual(texts.map((t) => (t === "tea" ? "topic" : t === "a password" ? "secrets" : t.length > 20 ? "length" : 1)));
    }), { numRuns: 30 });
    const all = await ask(app, [{ text: "tea" }, { text: "tea" }], "?on_invalid=rows");
    expect(all.body.predictions.map((p: { error: object }) => p.error)).toMatchObject([{ code: "guard-refused", rule: "topic" }, { code: "guard-refused", rule: "topic" }]);
  });
  it("keeps what it refused out of a log that shows rows", async () => {
    const lines: string[] = [];
    const app = serve(steps, undefined, { requestLog: { rows: 3 }, log: { level: "info", write: (line) => lines.push(line) } });
    await ask(app, [{ text: 3 }, { text: "a password" }, { text: "Café" }], "?on_invalid=rows");
    await ask(app, [{ text: "a password" }]);
    expect(lines.map((line) => (JSON.parse(line) as { input?: object }).input)).toEqual([[{ text: 3 }, "[redacted]", { text: "Café" }], undefined]);
  });
  it("keeps later models from being asked", async () => {
    const asked: string[] = [];
    const app = serve([{ name: "g", guard: "text", words: ["no"] }, { model: "tickets" }]);
    const tickets = app.context.models.entryOf("tickets").versions.get("1.0.0")!;
    const { servable } = tickets;
    tickets.servable = new Proxy(servable!, { get: (of, key) => (key === "run" ? (...given: Parameters<typeof of.run>) => { asked.push(`${given[0].rows}`); return of.run(...given); } : typeof of[key as keyof typeof of] === "function" ? (of[key as keyof typeof of] as () => unknown).bind(of) : of[key as keyof typeof of]) });
    try {
      await ask(app, [{ text: "no" }]);
      await ask(app, [{ text: "no" }, { text: "no" }], "?on_invalid=rows");
      await ask(app, [{ text: "no" }, { text: "yes" }], "?on_invalid=rows");
    } finally {
      tickets.servable = servable;
    }
    expect(asked).toEqual(["1"]);
  });
  it("compares numbers and labels of steps before it", async () => {
    const loan = { age: 45, plan: "pro", member: false, note: null };
    const app = serve([{ model: "loan" }, { name: "sane", guard: "loan.score", atLeast: -50, atMost: 60 }, { name: "only-yes", guard: "loan.label", deny: ["no"] }], { label: "loan.label" });
    expect((await ask(app, [loan])).body.predictions).toEqual([{ label: "yes" }]);
    expect((await ask(app, [{ ...loan, age: 99 }])).body.error.data.rule).toBe("sane");
    expect((await ask(app, [{ ...loan, age: -45 }])).body.error.data.rule).toBe("only-yes");
    expect((await ask(app, [{ ...loan, age: null }, loan], "?on_invalid=rows")).body.predictions[0].error.rule).toBe("sane");
  });
});

describe("at the start", () => {
  const make = (steps: Steps): unknown => {
    try {
      return new Pipeline("guarded", { version: "1.0.0", steps }, directory);
    } catch (error) {
      return error;
    }
  };
  it.each<[string, Steps, object]>([
    ["guards alone", [{ guard: "text", maxCharacters: 3 }], { code: "pipeline-invalid", message: expect.stringContaining("nothing that they guard") }],
    ["a guard without a rule", [{ guard: "text" }, { model: "tickets" }], { code: "pipeline-invalid", message: expect.stringContaining("has no rule") }],
    ["a backreference", [{ guard: "text", pattern: "(a)\\1" }, { model: "tickets" }], { code: "guard-pattern" }],
    ["a pattern that looks ahead", [{ guard: "text", pattern: "a(?=b)" }, { model: "tickets" }], { code: "guard-pattern", hint: expect.stringContaining("RE2") }],
    ["a pattern of millions of steps", [{ guard: "text", pattern: "((a{1,999}){1,999})" }, { model: "tickets" }], { code: "guard-pattern" }],
    ["a classifier of columns", [{ guard: "text", classifier: "loan", allow: ["yes"] }, { model: "tickets" }], { code: "pipeline-invalid" }],
    ["a classifier whose labels nobody names", [{ guard: "text", classifier: "topics" }, { model: "tickets" }], { code: "pipeline-invalid", hint: expect.stringContaining("0, 1") }],
    ["a label that it does not give", [{ guard: "text", classifier: "topics", allow: ["billing"] }, { model: "tickets" }], { code: "pipeline-invalid", message: expect.stringContaining('"billing"') }],
    ["numbers of a text", [{ model: "loan" }, { guard: "loan.label", atMost: 3 }], { code: "pipeline-invalid" }],
    ["several values", [{ model: "loan" }, { guard: "loan.probabilities", atMost: 3 }], { code: "pipeline-invalid" }],
    ["rules of both kinds", [{ guard: "text", atMost: 3, maxCharacters: 4 }, { model: "tickets" }], { code: "pipeline-invalid" }],
    ["two kinds of step", [{ guard: "text", maxCharacters: 4, model: "tickets" }], { code: "pipeline-invalid" }],
  ])("refuses %s", (_what, steps, expected) => expect(make(steps)).toMatchObject(expected));
});

describe("patterns", () => {
  it("take a time that grows with the text alone: no way back through a million letters", () => {
    for (const pattern of ["(a+)+$", "(a|a)*b$", "(.*a){20}b", "^(([a-z])+.)+[A-Z]([a-z])+$"]) expect(textPattern(pattern, "p").matches(`${"a".repeat(MAX_SEARCHED - 1)}!`)).toBe(false);
  });
  it("find what JavaScript's find, in any case", () => {
    const patterns = ["ab|cd", "^a.*z$", "[^a-c]{2,3}", "\\d+-\\d+", "a?b*c+", "\\bcat\\b", "(?:x|yz){2}"];
    fc.assert(fc.property(fc.constantFrom(...patterns), fc.string({ unit: fc.constantFrom(..."abcdxyzCAT 0123-"), maxLength: 30 }), (pattern, text) => {
      expect(textPattern(pattern, "p").matches(text)).toBe(new RegExp(pattern, "iu").test(text));
    }), { numRuns: 500 });
  });
  it("do not let through what is too long to be searched", () => {
    expect(textRule("r", { words: ["x"] })("a ".repeat(MAX_SEARCHED))).toContain("are searched at most");
    expect(textRule("r", { words: ["Straße", "a.b"] })("in der STRASSE, a.b")).toBe("has a word that may not come");
    expect(textRule("r", { words: ["a.b"] })("axb, passwords")).toBeUndefined();
    expect(() => textRule("r", { words: ["a", " "] })).toThrow('one of the words of the guard "r" is empty');
  });
});
