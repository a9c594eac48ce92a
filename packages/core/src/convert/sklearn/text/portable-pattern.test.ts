import { describe, expect, it } from "vitest";
import { spellPortably } from "./portable-pattern.ts";

describe("portable patterns", () => {
  it("hold the same characters as the categories they spell out", () => {
    const spelled = new RegExp(`^[${spellPortably("\\p{L}\\p{N}_")}]$`, "u");
    const named = /^[\p{L}\p{N}_]$/u;
    let wrong = 0;
    for (let code = 0; code <= 0x10ffff; code++) {
      const c = String.fromCodePoint(code);
      if (spelled.test(c) !== named.test(c)) wrong++;
    }
    expect(wrong).toBe(0);
  });
  it("use no escape that either RE2 or Python lacks", () => {
    const spelled = spellPortably("[\\x{9}-\\x{d}\\x{85}\\x{3000}\\p{Nd}]{2,}|(?s:.)");
    expect(spelled).not.toMatch(/\\(?!x[0-9a-f]{2})/);
    expect(spelled).toContain("\\x09-\\x0d\u0085\u3000");
    expect(spelled).toContain("{2,}|(?s:.)");
  });
});
