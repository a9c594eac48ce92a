import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MISSING_STRING, type Column, type Signature } from "@slipway/core/package";
import { SlipwayError } from "@slipway/core/base";
import { Encoder, readInput } from "./index.ts";
import { columnsModel, matrixModel, textModel } from "./testing.ts";

function signature(columns: readonly (Partial<Column> & { name: string })[], extra: Partial<Signature> = {}): Signature {
  return {
    layout: "columns", extraColumns: "ignored", outputs: [],
    columns: columns.map((c) => ({ type: "double", used: true, missing: "allowed", infinite: "refused", ...c })), ...extra,
  };
}
function encodeOne(column: Partial<Column>, value: unknown, source: "json" | "csv" = "json"): number | string {
  const encoder = new Encoder(signature([{ name: "a", ...column }]));
  const { batch } = encoder.encode({ kind: "records", records: [{ a: value }], source });
  return column.type === "string" ? batch.strings[0]! : batch.numbers[0]!;
}
interface Data {
  readonly problems: readonly { readonly row: number | null; readonly column: string | null }[];
  readonly problem_count: number;
  readonly bad_rows: number;
  readonly missing_columns: readonly string[];
  readonly example: unknown;
}
function refusal(act: () => unknown): { code: string; message: string; data: Data } {
  try {
    act();
  } catch (error) {
    if (error instanceof SlipwayError) return { code: error.code, message: error.message, data: error.data as unknown as Data };
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("numbers", () => {
  it.each<[Partial<Column>, unknown, number]>([
    [{}, 3, 3], [{}, -0.5, -0.5], [{}, null, NaN], [{}, undefined, NaN], [{}, NaN, NaN], [{}, "NaN", NaN], [{}, true, 1],
    [{ infinite: "allowed" }, "-Infinity", -Infinity], [{ infinite: "allowed" }, Infinity, Infinity], [{}, 9007199254740993n, 9007199254740992],
    [{ type: "int64" }, 3, 3], [{ type: "int64" }, 1e300, 1e300], [{ type: "boolean" }, false, 0], [{ type: "boolean" }, 1, 1],
    [{ limits: [0, 10] }, 10, 10], [{ categories: [1, 2.5], unknown: "refused" }, 2.5, 2.5], [{ categories: [1], unknown: "allowed" }, 7, 7],
    [{ type: "boolean", categories: [true, false], unknown: "refused" }, true, 1],
  ])("%j takes %s as %s", (column, value, expected) => {
    expect(encodeOne(column, value)).toEqual(expected);
  });
  it.each<[Partial<Column>, unknown, string]>([
    [{}, "3", 'expected a number or null, found text "3" (send it without quotes)'],
    [{}, "three", 'found text "three"'], [{}, [1], "found a list of 1"], [{}, { a: 1 }, "found an object"], [{}, Infinity, "not infinite, found Infinity"],
    [{ missing: "refused", missingReason: "Ridge takes none" }, null, "found a missing value (Ridge takes none)"],
    [{ missing: "refused" }, NaN, "found NaN, which is a missing value"],
    [{ limits: [-1, 1] }, 2, "between -1 and 1, found the number 2"],
    [{ type: "int64" }, 3.5, "expected a whole number or null, found the number 3.5"],
    [{ type: "boolean" }, 2, "expected true or false or null, found the number 2"],
    [{ categories: [1, 2], unknown: "refused" }, 3, "expected one of 1, 2 or null, found the number 3"],
  ])("%j refuses %s", (column, value, message) => {
    expect(refusal(() => encodeOne(column, value)).message).toContain(message);
  });
  it.each<[Partial<Column>, string | null, number]>([
    [{}, " 3.5 ", 3.5], [{}, "1e3", 1000], [{}, ".5", 0.5], [{}, null, NaN], [{}, "", NaN], [{}, "NA", NaN], [{}, "nan", NaN], [{}, "True", 1],
    [{ infinite: "allowed" }, "-inf", -Infinity], [{ type: "boolean" }, "False", 0], [{ type: "boolean" }, "true", 1],
  ])("%j reads CSV field %s as %s", (column, field, expected) => {
    expect(encodeOne(column, field, "csv")).toEqual(expected);
  });
  it.each(["0x10", "1,5", "1_000", "--1", "1e", "yes", "12 3"])("refuse the CSV field %s", (field) => {
    expect(refusal(() => encodeOne({}, field, "csv")).code).toBe("request-invalid");
  });
});

describe("texts", () => {
  it.each<[Partial<Column>, unknown, string]>([
    [{}, "a", "a"], [{}, "", ""], [{}, null, MISSING_STRING], [{}, NaN, MISSING_STRING], [{}, MISSING_STRING, MISSING_STRING],
    [{ categories: ["a"], unknown: "refused" }, "a", "a"], [{ categories: ["a"], unknown: "allowed" }, "b", "b"], [{ normalize: ["lowercase", "strip_accents_unicode"] }, "É", "e"],
  ])("%j takes %s as %s", (column, value, expected) => {
    expect(encodeOne({ type: "string", ...column }, value)).toBe(expected);
  });
  it.each<[Partial<Column>, unknown, string]>([
    [{}, 3, "found the number 3 (this column is text: put it in quotes)"], [{ missing: "refused" }, null, "found a missing value"],
    [{ categories: ["Female", "Male"], unknown: "refused" }, "female", 'expected one of "Female", "Male" or null, found text "female" (did you mean "Female"?)'],
    [{ categories: Array.from({ length: 50 }, (_, i) => `c${i}`), unknown: "refused" }, "x", "(50 in all)"],
  ])("%j refuses %s", (column, value, message) => {
    expect(refusal(() => encodeOne({ type: "string", ...column }, value)).message).toContain(message);
  });
});

describe("rows and columns", () => {
  const encoder = new Encoder(columnsModel().signature);
  const good = { age: 1, plan: "pro", member: true };

  it("lists up to ten problems, counts the rest, and shows an example that passes", () => {
    const bad = refusal(() => encoder.encode({ kind: "records", records: Array.from({ length: 40 }, () => ({ ...good, age: "x" })) }));
    expect(bad.data.problems.length).toBe(10);
    expect([bad.data.problem_count, bad.data.bad_rows]).toEqual([40, 40]);
    expect(bad.message).toContain("and 39 more problems");
    expect(encoder.encode(readInput(bad.data.example, encoder.plan.signature)).batch.rows).toBe(1);
  });
  it("names every missing column once, over all rows", () => {
    const bad = refusal(() => encoder.encode({ kind: "records", records: Array.from({ length: 5 }, () => ({ age: 1 })) }));
    expect(bad.data.missing_columns).toEqual(["plan", "member"]);
    expect(bad.message).toBe("missing columns: plan, member");
    expect(bad.data.bad_rows).toBe(5);
  });
  it("ignores extra columns where the model does, unless one looks like a mistyped column that is absent", () => {
    expect(encoder.encode({ kind: "records", records: [{ ...good, other: 1, unused: "x" }] }).batch.rows).toBe(1);
    expect(refusal(() => encoder.encode({ kind: "records", records: [{ ...good, nota: "x" }] })).message).toContain('did you mean "note"?');
    const family = new Encoder(signature([{ name: "f1" }, { name: "f2" }]));
    expect(family.encode({ kind: "records", records: [{ f1: 1, f10: 2 }] }).batch.rows).toBe(1);
  });
  it("refuses what has none of the model's columns, where all of them may be missing", () => {
    const encoder = new Encoder(signature([{ name: "age" }, { name: "plan", type: "string" }]));
    for (const body of [{ instances: [{ age: 3, plan: "pro" }] }, { foo: 1 }, [{ age: 3 }, { foo: 1 }], { foo: [1, 2], bar: [3, 4] }]) {
      expect(refusal(() => encoder.encode(readInput(body, encoder.plan.signature)))).toMatchObject({ code: "request-invalid" });
    }
    expect(encoder.encode(readInput([{}, { age: 3, foo: 1 }], encoder.plan.signature)).batch.rows).toBe(2);
  });
  it("refuses extra columns where the model does", () => {
    const strict = new Encoder(signature([{ name: "age" }], { extraColumns: "refused" }));
    expect(refusal(() => strict.encode({ kind: "records", records: [{ age: 1, agee: 2 }] })).message).toContain('row 1, column "agee": expected only columns that the model knows');
    expect(refusal(() => strict.encode({ kind: "columns", columns: { age: [1], b: [2] } })).data.problems[0]).toMatchObject({ row: null, column: "b" });
  });
  it("is not fooled by names of Object's own", () => {
    const odd = new Encoder(signature([{ name: "constructor" }, { name: "__proto__" }, { name: "toString", type: "string" }]));
    const { batch } = odd.encode({ kind: "records", records: [{}, JSON.parse('{"__proto__": 3, "constructor": 4, "toString": "x"}')] });
    expect([...batch.numbers]).toEqual([NaN, NaN, 4, 3]);
    expect(batch.strings).toEqual([MISSING_STRING, "x"]);
  });
  it("refuses rows of another length and things that are no rows", () => {
    const matrix = new Encoder(matrixModel().signature);
    expect(refusal(() => matrix.encode({ kind: "rows", rows: [[1, 2]] })).message).toContain("row 1: expected 3 values");
    expect(refusal(() => matrix.encode({ kind: "rows", rows: [3] })).message).toContain("expected a list of 3 values, found the number 3");
    expect(refusal(() => matrix.encode({ kind: "texts", texts: ["a"] })).code).toBe("request-shape");
    expect(refusal(() => new Encoder(textModel().signature).encode({ kind: "records", records: [null] })).message).toContain("found null");
  });
  it("bounds what one request may hold", () => {
    expect(refusal(() => new Encoder(matrixModel().signature).encode({ kind: "rows", rows: { length: 2 ** 28 } as unknown as unknown[] })).code).toBe("request-limit");
  });
  it("takes whatever JSON there is, or refuses it with a code", () => {
    const signatures = [columnsModel().signature, matrixModel().signature, textModel().signature];
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(...signatures), (value, s) => {
      try {
        new Encoder(s).encode(readInput(value, s));
      } catch (error) {
        expect(error).toBeInstanceOf(SlipwayError);
      }
    }), { numRuns: 500 });
  });
});
