// What every protocol must do with the same three models, whatever its requests look like: a suite that each protocol's
// test runs with its own way of asking and reading.

import { describe, expect, it } from "vitest";
import { loadModelPackage, type Servable } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import { createServer, type App } from "../app.ts";
import { inject, type Injected, type InjectedAnswer } from "../testing.ts";

export type Row = Readonly<Record<string, unknown>>;

export interface Wire {
  readonly name: string;
  /** Rows with named columns for the model `loan`, as JSON text with NaN and Infinity bare, or in the protocol's own form. */
  records(model: string, rows: readonly Row[]): Injected;
  /** Rows of numbers. */
  matrix(model: string, rows: readonly (readonly number[])[]): Injected;
  texts(model: string, texts: readonly string[]): Injected;
  /** The answer's rows: every output by name, lists where the output has several values. */
  read(answer: InjectedAnswer): Readonly<Record<string, unknown>>[] | Promise<Readonly<Record<string, unknown>>[]>;
  /** The message of a failed request. */
  message(answer: InjectedAnswer): string;
  /** A request for a model, or a version of it, where the protocol's address has one. */
  readonly version?: (model: string, version: string, rows: readonly Row[]) => Injected;
  /** Whether the address names the model; else the first model answers. */
  readonly namesModel: boolean;
  /** Status of a row that does not fit; 400 by default. */
  readonly invalid?: number;
  /** How a missing number is answered: null by default. */
  readonly missing?: unknown;
  /** Ways a missing value may be written in this protocol. */
  readonly missingForms?: readonly unknown[];
  /** Whether the protocol can write infinity. */
  readonly infinity?: boolean;
  /** What is said of a text in a number's place. */
  readonly wrongType?: RegExp;
  /** Status where there are no rows; 400 by default. */
  readonly empty?: number;
}

/** `models[0]` is what protocols without a model in the address ask. */
async function withApp<T>(first: "loan" | "linear" | "tickets", use: (app: App, models: Readonly<Record<string, Servable>>) => Promise<T>): Promise<T> {
  const all = await Promise.all([columnsModel(), matrixModel(), textModel()].map((s) => loadModelPackage(s)));
  all.sort((a, b) => Number(b.name === first) - Number(a.name === first));
  const app = createServer({ models: all, options: { bodyLimit: 100_000 } });
  try {
    return await use(app, Object.fromEntries(all.map((m) => [m.name, m])));
  } finally {
    await Promise.all(all.map((m) => m.close()));
  }
}

const row: Row = { age: 45, plan: "pro", member: false, note: null };

/** JSON as Python's clients write it: NaN and infinities as bare words. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(",")}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => `${JSON.stringify(k)}:${pythonJson(v)}`).join(",")}}`;
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return JSON.stringify(value);
}

/** JSON that may hold bare NaN. */
export function readPythonJson(text: string): unknown {
  return JSON.parse(text.replace(/(?<=[[:,])(NaN|-?Infinity)(?=[\],}])/g, '"$1"')) as unknown;
}

export function protocolContract(wire: Wire): void {
  const invalid = wire.invalid ?? 400;
  describe(`${wire.name}: what every protocol does`, () => {
    it("answers rows with named columns with every output, equal to the model's own", () => withApp("loan", async (app, models) => {
      const rows = [row, { ...row, age: 3, plan: "basic", member: true }, { age: 44.5, plan: "basic", member: false, note: "x" }];
      const answer = await inject(app, wire.records("loan", rows));
      expect(answer.statusCode, answer.body).toBe(200);
      const got = await wire.read(answer);
      const want = await (models["loan"] as unknown as { predict(input: unknown): Promise<Record<string, unknown>[]> }).predict(rows);
      expect(got.map((r) => r["label"])).toEqual(["yes", "yes", "no"]);
      expect(got.map((r) => r["score"])).toEqual([55, 103, 45]);
      expect(got.map((r) => r["probabilities"])).toEqual(want.map((w) => Object.values(w["probabilities"] as object)));
    }));
    it("takes plain rows of numbers and keeps every bit of a double", () => withApp("linear", async (app) => {
      const rows = [[0.1, 0.2, 0.3], [1e-300, 1e300, -(2 ** 53) + 1], [1 / 3, 5e-324, 0.1 + 0.2]] as const;
      const answer = await inject(app, wire.matrix("linear", rows));
      expect(answer.statusCode, answer.body).toBe(200);
      expect((await wire.read(answer)).map((r) => r["value"])).toEqual(rows.map(([a, b, c]) => a + 2 * b + 3 * c));
    }));
    it("takes texts of any script", () => withApp("tickets", async (app) => {
      const answer = await inject(app, wire.texts("tickets", ["Café", "кафе \u{1f600}", "cafe"]));
      expect(answer.statusCode, answer.body).toBe(200);
      expect((await wire.read(answer)).map((r) => Number(r["label"]))).toEqual([1, 0, 1]);
    }));
    it("takes missing values however they are written, and answers them", () => withApp("loan", async (app) => {
      for (const age of wire.missingForms ?? [null, NaN]) {
        const answer = await inject(app, wire.records("loan", [row, { ...row, age }]));
        expect(answer.statusCode, answer.body).toBe(200);
        expect((await wire.read(answer)).map((r) => r["score"])).toEqual([55, wire.missing ?? null]);
      }
    }));
    it("refuses what the model cannot take, and says row, column and what was expected", () => withApp("loan", async (app) => {
      const ask = async (bad: Row): Promise<string> => {
        const answer = await inject(app, wire.records("loan", [row, { ...row, ...bad }]));
        expect(answer.statusCode, answer.body).toBe(invalid);
        return wire.message(answer);
      };
      expect(await ask({ plan: "por" })).toMatch(/row 2, column "plan": expected one of "basic", "pro", found text "por" \(did you mean "pro"\?\)/);
      expect(await ask({ age: "old" })).toMatch(wire.wrongType ?? /row 2, column "age": expected a number or null, found text "old"/);
      expect(await ask({ plan: null })).toMatch(/row 2, column "plan": .*OneHotEncoder knows no missing category/);
      if (wire.infinity !== false) expect(await ask({ age: Infinity })).toMatch(/row 2, column "age": .*not infinite/);
    }));
    it("names the column that is missing, and the one that was probably meant", () => withApp("loan", async (app) => {
      const answer = await inject(app, wire.records("loan", [{ age: 3, plam: "pro", member: true }]));
      expect(answer.statusCode, answer.body).toBe(invalid);
      expect(wire.message(answer)).toContain('missing column: plan ("plam" is not known; was it meant?)');
    }));
    it("refuses bodies that are too large, empty or garbage, without a fault of its own", () => withApp("loan", async (app) => {
      const asked = wire.records("loan", [row]);
      const with_ = async (payload: string | Buffer): Promise<InjectedAnswer> => inject(app, { ...asked, payload });
      expect((await with_("x".repeat(100_001))).statusCode).toBe(413);
      expect((await with_("")).statusCode).toBe(wire.empty ?? 400);
      for (const garbage of ["{", "[", "null", "3", '"x"', "{}", "[]", "[[]]", '{"instances":[]}', '{"inputs":{}}', "[".repeat(5000), `{"a":${"[".repeat(9000)}${"]".repeat(9000)}}`, Buffer.from([0xff, 0xfe, 0]), Buffer.alloc(64)]) {
        const answer = await with_(garbage);
        expect([400, 413, 415, 422], `${garbage.toString().slice(0, 40)}: ${answer.body}`).toContain(answer.statusCode);
        expect(wire.message(answer)).not.toBe("");
      }
    }));
    if (wire.namesModel) it("says 404 of a model or a version that is not there", () => withApp("loan", async (app) => {
      const answer = await inject(app, wire.records("loam", [row]));
      expect(answer.statusCode, answer.body).toBe(404);
      expect(wire.message(answer)).toMatch(/unknown model: "loam".*/);
      if (wire.version === undefined) return;
      expect((await inject(app, wire.version("loan", "1.2.0", [row]))).statusCode).toBe(200);
      const other = await inject(app, wire.version("loan", "7", [row]));
      expect([other.statusCode, wire.message(other)]).toEqual([404, expect.stringContaining('version "7"')]);
    }));
  });
}

/** Rows of an answer that keys several values by class, and drops the name of an output that is alone. */
export function rowsOf(list: readonly unknown[]): Record<string, unknown>[] {
  return list.map((row) => {
    if (typeof row !== "object" || row === null) return { label: row, value: row };
    const { probabilities, ...rest } = row as Record<string, unknown>;
    return { ...rest, ...(probabilities === undefined ? {} : { probabilities: Object.values(probabilities as object) }) };
  });
}
