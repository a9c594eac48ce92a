import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NumpyArray, NumpyDType, PyDict, PyList, PyObject, readPickleFile, type PyValue } from "../../pickle/index.ts";
import { compileFactors } from "./compile-factors.ts";
import { factorsOf, factorsOfArchive, type FactorModel } from "./factors.ts";

const file = (name: string): Uint8Array => readFileSync(join(import.meta.dirname, "../../../../slipway/src/runtime/recommend/fixtures", name));
const code = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return (error as { code: string }).code;
  }
};
/** Of surprise's file: raw ids to places. */
function usersOf(value: PyValue): PyDict {
  const attribute = (of: PyValue | undefined, name: string): PyValue | undefined => (of instanceof PyObject ? of.attributes?.get(name) : undefined);
  return attribute(attribute(value, "trainset"), "_raw2inner_id_users") as PyDict;
}
const model: FactorModel = { className: "dict", users: { shape: [2, 2], data: Float64Array.of(1, 0, 0, 1) }, items: { shape: [3, 2], data: Float64Array.of(1, 0, 0, 1, 1, 1) }, mean: 0 };
const items = ["a", "b", "c"].map((id, popularity) => ({ id, popularity }));

describe("factors of users and items", () => {
  it("are found in implicit's, surprise's and NumPy's files", () => {
    expect(factorsOf(readPickleFile(file("als.pkl")).value)).toMatchObject({ className: "implicit.cpu.als.AlternatingLeastSquares", users: { shape: [30, 6] }, items: { shape: [18, 6] }, mean: 0 });
    const svd = factorsOf(readPickleFile(file("svd.pkl")).value)!;
    expect(svd).toMatchObject({ className: "surprise.prediction_algorithms.matrix_factorization.SVD", users: { shape: [30, 5] } });
    expect(svd.itemIds).toContain("i17");
    expect([svd.mean, svd.popularity!.length, svd.userBias!.length]).toEqual([expect.closeTo(2.95, 0), 18, 30]);
    expect(factorsOfArchive(file("factors.npz"))).toMatchObject({ userIds: ["ann", "bob", "cy", "dee"], itemIds: ["100", "101", "102", "103", "104", "105"] });
  });

  it("are not made up where there are none", () => {
    expect(factorsOf(readPickleFile(file("nothing.joblib")).value)).toBeUndefined();
    expect(code(() => factorsOfArchive(file("als.pkl")))).toBe("zip-damaged");
  });

  it("are refused where biases are no numbers, or a row has no id", () => {
    const array = (shape: readonly number[], values: readonly number[]): NumpyArray => new NumpyArray(new NumpyDType("f", 8), shape, false, new Uint8Array(Float64Array.from(values).buffer));
    const dict = (more: Readonly<Record<string, NumpyArray | PyList | number>>): PyDict => {
      const made = new PyDict();
      for (const [key, value] of Object.entries({ user_factors: array([2, 1], [1, 2]), item_factors: array([2, 1], [3, 4]), ...more })) made.set(key, value);
      return made;
    };
    expect(factorsOf(dict({ item_biases: array([2], [0, 1]), global_bias: 3, user_ids: new PyList(["a", "b"]) }))).toMatchObject({ mean: 3, userIds: ["a", "b"] });
    for (const more of [{ item_biases: array([2], [0, NaN]) }, { user_biases: array([2], [Infinity, 0]) }, { item_popularity: array([2], [NaN, 1]) }, { global_bias: NaN }, { user_ids: new PyList(["a", "a"]) }]) {
      expect(code(() => factorsOf(dict(more))), Object.keys(more)[0]).toBe("recommend-factors");
    }
    // Two users in one place leave another without a name.
    const svd = readPickleFile(file("svd.pkl")).value;
    const users = usersOf(svd);
    const [[first], [, second]] = [...users.entries()] as [[PyValue, PyValue], [PyValue, PyValue]];
    users.set(first, second);
    expect(code(() => factorsOf(svd))).toBe("recommend-factors");
  });

  it("are refused by name where they do not go together", () => {
    const options = { k: 2, similarity: "dot", userIds: ["u", "v"], items, cold: "popular" } as const;
    expect(code(() => compileFactors(model, { ...options, k: 4 }))).toBe("recommend-items");
    expect(code(() => compileFactors({ ...model, itemBias: Float64Array.of(0, 0, 1) }, { ...options, similarity: "cosine" }))).toBe("recommend-unsupported");
    expect(code(() => compileFactors(model, { ...options, items: items.map((item) => ({ ...item, id: `${item.id} ,;|\t\n` })) }))).toBe("recommend-items");
    expect(compileFactors(model, options).recommend).toMatchObject({ kind: "embedding", user: "user", seen: "seen", separator: " " });
  });
});
