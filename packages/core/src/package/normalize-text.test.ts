import { describe, expect, it } from "vitest";
import { normalizeText } from "./normalize-text.ts";

describe("normalizeText", () => {
  it("lowers as Python does: final sigma, dotted capital I", () => {
    expect(normalizeText("ΣΊΣΥΦΟΣ Σ ΟΔΟΣ.", ["lowercase"])).toBe("σίσυφος σ οδος.");
    expect(normalizeText("İI", ["lowercase"])).toBe("i\u0307i");
  });
  it("strips what has a combining class, and keeps marks of class 0", () => {
    expect(normalizeText("café cafe\u0301 ﬁ Ωωᾳ", ["strip_accents_unicode"])).toBe("cafe cafe fi Ωωα");
    expect(normalizeText("\u0915\u093f\u0924\u093e\u092c \u0939\u094d", ["strip_accents_unicode"])).toBe("\u0915\u093f\u0924\u093e\u092c \u0939");
  });
  it("keeps only ASCII of the decomposed text", () => {
    expect(normalizeText("naïve ½ ß 日 😀", ["strip_accents_ascii"])).toBe("naive 12   ");
  });
  it("follows the order of the steps", () => {
    expect(normalizeText("ÀÉ", ["lowercase", "strip_accents_unicode"])).toBe("ae");
  });
});
