import { describe, expect, it } from "vitest";
import { translate, translateTokenPattern, USUAL_PATTERN } from "./token-pattern.ts";

const taken = [
  "(?u)\\b\\w\\w+\\b", "\\b\\w+\\b", "(?u)\\b\\w{2,20}\\b", "\\w+", "[a-zA-Z]+", "\\b[a-zA-Z]{3,}\\b", "\\S+", "[^\\s,;]+", "[^\\W\\d_]+", "(?ui)\\b\\w*[a-z]+\\w*\\b",
  "(?u)\\b\\w[\\w'-]+\\b", "\\b\\w+-?\\w*\\b", "\\w+(?:'\\w+)?", "\\w+|[^\\w\\s]", "[A-Za-z0-9]+(?=\\s+)", "(?u)\\b(\\w+)\\b", "(\\b\\w+\\b)", "(?P<word>\\w+)", "(?a)\\w+", "[#@]?\\w+", "\\b\\d+\\b", "[\\u4e00-\\u9fff]",
];
const refused: readonly (readonly [pattern: string, reason: RegExp])[] = [
  ["\\w*", /nothing at all/],
  ["ab|abc", /first alternative/],
  ["\\w\\w*?", /first alternative/],
  ["[\\u4e00-\\u9fff]|\\w+", /first alternative/],
  ["\\b\\w", /\\b/],
  ["\\b[a-z][a-z'-]+\\b", /\\b/],
  ["\\b[A-Za-z]\\s(?:b+)+?", /\\b/],
  ["(?:^|\\s)(\\S+)", /\^/],
  ["(?<!x)\\w+", /look-behind/],
  ["(\\w)\\1", /captures|\\1/],
  ["a(b)", /captures only a part/],
  ["(?:a?)+b", /can be empty/],
  ["\\w{2,500}", /more than 200/],
  ["[a-", /no end|range/],
  ["(a", /no end/],
  ["a)", /no beginning/],
  ["+", /repeats nothing/],
  ["a++", /possessive/],
  [`${"(?:".repeat(60)}a${")".repeat(60)}`, /nested deeper/],
  ["a".repeat(3000), /longer than/],
  ["(?:\\w{20}\\d?){9}x", /too large/],
];

describe("translateTokenPattern", () => {
  it.each(taken)("takes %s", (pattern) => {
    expect(translateTokenPattern(pattern)).toMatchObject({ expression: expect.any(String) });
  });
  it.each(refused)("refuses %s and says why", (pattern, reason) => {
    expect(translateTokenPattern(pattern)).toMatch(reason);
  });
  it("gives the default pattern as runs of word characters", () => {
    const rule = translateTokenPattern(USUAL_PATTERN);
    expect(rule).toEqual(translate(USUAL_PATTERN));
    expect(rule).toEqual({ expression: expect.stringMatching(/^\[.*\\p\{L\}.*\]\{2,\}$/), holdsSpace: false });
  });
  it("knows whether a token can hold a space", () => {
    expect(translateTokenPattern("[^,]+")).toMatchObject({ holdsSpace: true });
    expect(translateTokenPattern("[^\\s,]+")).toMatchObject({ holdsSpace: false });
  });
  it("answers any pattern in bounded time", () => {
    const begun = performance.now();
    for (const pattern of ["(?:a|b|ab|ba|\\w){50}[a-z]*\\w*?\\d{100}", "(?:(?:(?:a{9}){9}){9}){9}", "(?:a?){200}", "(?:\\w|\\d|\\s){200}x", "[".repeat(1999), "(?:x".repeat(39)]) translateTokenPattern(pattern);
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});
