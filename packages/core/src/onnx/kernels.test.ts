import { describe, expect, it } from "vitest";
import { combinations, probe, probedOperators, rowsOf } from "../../../../scripts/onnx-kernels/probe.ts";
import { findSchema } from "./index.ts";
import { KERNELS } from "./kernels.generated.ts";

describe("the table of kernels", () => {
  it.each(probedOperators())("says of %s what the engine does, and inference agrees with the engine", async (op) => {
    const results = await Promise.all(combinations(findSchema(op)!).map((types) => probe(op, types)));
    expect(results.flatMap((r) => r.wrong)).toEqual([]);
    expect(rowsOf(results)).toEqual(KERNELS[op]);
  });
  it("has no operator that is not probed", () => {
    expect(Object.keys(KERNELS).sort()).toEqual(probedOperators());
  });
});
