import { expect, it } from "vitest";
import { NotForMe } from "../value.ts";
import { WordCutter } from "./tokenizer.ts";

function cut(pattern: string, lower: boolean, words: readonly string[], text: string): number[] {
  const cutter = new WordCutter({ pattern, lower, words, ids: words.map((_, i) => i + 1), unknown: 0 });
  const out = { ids: new Int32Array(1) };
  const count = cutter.cut(text, out);
  return Array.from(out.ids.subarray(0, count));
}

it("cuts, lowers and looks up words of ASCII as it does others", () => {
  const words = ["the", "cat", "sat", "été", "i", "ss", "σας"];
  const [word, letters] = ["[0-9A-Za-z_é-σ]{2,}", "[a-z]+"];
  expect(cut(word, true, words, "The CAT, a cat; sat")).toEqual([1, 2, 2, 3]);
  expect(cut(word, false, words, "The CAT, a cat; sat")).toEqual([0, 0, 2, 3]);
  expect(cut(word, true, words, "The CAT, a cat; sat — ÉTÉ")).toEqual([1, 2, 2, 3, 4]);
  expect(cut(letters, true, words, "thecat the-cat THE\u0000cat")).toEqual([0, 1, 2, 1, 2]);
  expect(cut(letters, false, words, "tHe cat")).toEqual([0, 0, 2]);
  expect(cut(word, true, words, "")).toEqual([]);
  // Character by character: no sigma of its own at the end, a dotted capital I is one i.
  expect(cut("[σ\\x41-\\x5aa-zα]+", true, words, "ΣAΣ")).toEqual([0]);
  expect(cut("[a-z]+", true, words, "İ")).toEqual([5]);
  const many = Array.from({ length: 700 }, (_, i) => `w${i}`);
  expect(cut("[a-z0-9]+", true, many, many.join(" "))).toEqual(many.map((_, i) => i + 1));
});

it("takes no pattern that it may read otherwise than RE2", () => {
  for (const pattern of ["a+", "[a-z]+|(?s:.)", "(?i:[a-z])+", "[\\p{L}]+", "[\\w]+", "[[:alpha:]]+", "", "[a-z]{2,}+", "[a-z]+\\b", "[z-a]+", "[a]+[a]+[b]", "[a]*", `[${"a".repeat(100_000)}]+`]) {
    expect(() => cut(pattern, true, ["a"], "a"), pattern.slice(0, 40)).toThrow(expect.any(NotForMe) as Error);
  }
});
