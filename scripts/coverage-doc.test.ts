import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { coverageDocument, renderCoverage } from "./coverage-doc.ts";

it("docs/coverage.md is what the converters and the corpus say (node --conditions=@slipway/source scripts/coverage-doc.ts rewrites it)", async () => {
  expect(readFileSync(coverageDocument, "utf8")).toBe(await renderCoverage());
}, 120_000);
