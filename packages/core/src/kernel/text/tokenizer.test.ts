import { expect, it } from "vitest";
import { NotForMe } from "../value.ts";
import { WordCutter, type WordCheck } from "./tokenizer.ts";

function cut(pattern: string, lower: boolean, words: readonly string[], text: string, check?: WordCheck): number[] {
  const cutter = new WordCutter({ pattern, lower, words, ids: words.map((_, i) => i + 1), unknown: 0, ...(check ? { check } : {}) });
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

it("gives words that a pattern matches, or does not, a number of their own", () => {
  const words = ["cat", "x1", "été"];
  const letters = { pattern: "[a-zé]{2,}[a-zé]", matched: undefined, other: -1 };
  expect(cut("[a-z0-9é]+", true, words, "CAT x1 dog ab Été d0g", letters)).toEqual([1, -1, 0, -1, 3, -1]);
  expect(cut("[a-z0-9é]+", true, words, "CAT x1 dog ab", letters)).toEqual([1, -1, 0, -1]);
  expect(cut("[a-z0-9]+", false, words, "cat DOG dog", { pattern: "[a-z]+", matched: 7, other: undefined })).toEqual([7, 7]);
  for (const pattern of ["[a]+[b]+[c]+", "(?s:.)", "[a]|[b]", "a", "", "[a]{2,3}"]) expect(() => cut("[a-z]+", true, words, "a", { pattern, matched: 1, other: 0 }), pattern).toThrow(expect.any(NotForMe) as Error);
});

it("cuts single characters, and runs of white space as one", () => {
  const words = [" ", "a", "é", "b", "\t", "😀"];
  const [pattern, check] = ["[\\x09-\\x0d\\x20\u2003]{2,}|(?s:.)", { pattern: "[\\x09-\\x0d\\x20\u2003]{2,}", matched: 1, other: undefined }];
  expect(cut(pattern, true, words, "aB\t b  a\t", check)).toEqual([2, 4, 1, 4, 1, 2, 5]);
  expect(cut(pattern, true, words, "aB\t \u2003 é\u2003😀?\n", check)).toEqual([2, 4, 1, 3, 0, 6, 0, 0]);
  expect(cut(pattern, false, words, "  A", check)).toEqual([1, 0]);
  expect(cut(pattern, true, words, "ab \u2003", check)).toEqual([2, 4, 1]);
  expect(cut(pattern, true, words, "  a ")).toEqual([0, 2, 1]);
  expect(cut("[\\x20]+|(?s:.)", true, words, " a  b", { pattern: "[\\x20]+", matched: 9, other: undefined })).toEqual([9, 2, 9, 4]);
  expect(cut("[a-z]+|[^a-z\\x20]", true, ["ab", "!", "?"], "AB !? x")).toEqual([1, 2, 3, 0]);
  const long = "ab ".repeat(300);
  expect(cut(pattern, true, words, long, check)).toEqual([...long].map((c) => words.indexOf(c) + 1));
});

it("takes no pattern that it may read otherwise than RE2", () => {
  for (const pattern of ["a+", "[a-z]+|(?s:.)|[a]", "(?s:.)|[a]+", "(?i:[a-z])+", "[\\p{L}]+", "[\\w]+", "[[:alpha:]]+", "", "[a-z]{2,}+", "[a-z]+\\b", "[z-a]+", "[a]+[a]+[b]", "[a]*", `[${"a".repeat(100_000)}]+`]) {
    expect(() => cut(pattern, true, ["a"], "a"), pattern.slice(0, 40)).toThrow(expect.any(NotForMe) as Error);
  }
});
