import { describe, expect, it } from "vitest";
import { catboostHash, cityHash64 } from "./category-hash.ts";

/** From a JSON export of CatBoost 1.2.10 (cat_features_hash), for texts of every length class. */
const KNOWN: readonly (readonly [text: string, hash: string])[] = [
  ["", "797982799"],
  ["a", "-805065478"],
  ["ab", "-204718274"],
  ["abc", "978243121"],
  ["abcd", "345588365"],
  ["eight888", "-1831150600"],
  ["nine99999", "-374759884"],
  ["sixteen_letters_", "-563366339"],
  ["seventeen_letters", "689872410"],
  ["x".repeat(31), "-653198677"],
  ["x".repeat(32), "664286079"],
  ["y".repeat(33), "-926615273"],
  ["Zürich ".repeat(5), "343134289"],
  ["z".repeat(63), "-1540497120"],
  ["z".repeat(64), "-1569044539"],
  ["z".repeat(65), "1972452671"],
  ["w".repeat(127), "-394026132"],
  ["w".repeat(128), "-1249076691"],
  ["w".repeat(129), "-387167533"],
  ["日本語のテキスト".repeat(20), "2099630107"],
];

describe("CatBoost's category hash", () => {
  it("is CityHash64 1.0 for texts of every length", () => {
    for (const [text, hash] of KNOWN) expect([text, catboostHash(text)]).toEqual([text, hash]);
  });
  it("remembers texts without growing for ever", () => {
    for (let i = 0; i < 70_000; i++) catboostHash(`category ${i}`);
    expect(catboostHash("category 1")).toBe(BigInt.asIntN(32, cityHash64(new TextEncoder().encode("category 1"))).toString());
  });
});
