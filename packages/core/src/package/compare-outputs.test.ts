import { describe, expect, it } from "vitest";
import type { CheckValue, Tolerance } from "./checks.ts";
import { compareOutputs, type ActualOutput, type Comparison } from "./compare-outputs.ts";
import { MISSING_STRING, type Output } from "./signature.ts";

const output = (type: Output["type"], columns?: string[]): Output => ({ name: "o", graphName: "o", kind: "value", type, rowShape: columns ? [columns.length] : [], ...(columns ? { columns } : {}) });
const run = (type: Output["type"], expected: CheckValue[][], data: ActualOutput["data"], tolerance: Tolerance = { rtol: 1e-9, atol: 1e-9 }, columns?: string[]): Comparison =>
  compareOutputs({ o: expected }, [{ output: output(type, columns), width: columns?.length ?? 1, data }], { o: tolerance });

describe("compareOutputs", () => {
  it("compares labels exactly, in their own type", () => {
    expect(run("string", [["a"], ["b"], ["c"]], ["a", "b", "x"], "exact")).toMatchObject({ passed: false, labelFlips: 1, rowsBeyond: 1, worst: [{ row: 2, expected: "c", actual: "x", difference: null }] });
    expect(run("int64", [[1], [2n], [true]], [1n, 2n, 1n], "exact").passed).toBe(true);
    expect(run("int64", [[9007199254740993n]], [9007199254740992n], "exact").labelFlips).toBe(1);
    expect(run("int64", [["1"], [1.5]], [1n, 1n], "exact").labelFlips).toBe(2);
    expect(run("bool", [[true], [false], [0]], Uint8Array.from([1, 0, 0]), "exact").passed).toBe(true);
    expect(run("float", [[0.1]], Float32Array.from([0.1]), "exact").passed).toBe(true);
    expect(run("double", [[NaN]], [NaN], "exact").passed).toBe(true);
    expect(run("string", [["a"]], [MISSING_STRING], "exact").worst[0]!.actual).toBeNull();
  });

  it("lets numbers differ by atol + rtol * |expected|", () => {
    const tolerance = { rtol: 0.01, atol: 0.1 };
    expect(run("double", [[100], [-100]], Float64Array.from([101.09, -101.09]), tolerance).passed).toBe(true);
    const far = run("double", [[100]], [101.2], tolerance);
    expect(far).toMatchObject({ passed: false, rowsBeyond: 1, labelFlips: 0 });
    expect(far.maxAbs).toBeCloseTo(1.2, 10);
    expect(far.maxRelative).toBeCloseTo(0.012, 10);
    expect(run("double", [[0]], [1e-300], { rtol: 0, atol: 0 }).passed).toBe(false);
    expect(run("double", [[0]], [-0], { rtol: 0, atol: 0 }).passed).toBe(true);
  });

  it("lets NaN agree with NaN and infinities with their own sign only", () => {
    expect(run("double", [[NaN], [Infinity], [-Infinity]], [NaN, Infinity, -Infinity])).toMatchObject({ passed: true, maxAbs: 0 });
    for (const [e, a] of [[NaN, 1], [1, NaN], [Infinity, -Infinity], [Infinity, 1e308], [1, Infinity]] as const) {
      expect(run("double", [[e]], [a])).toMatchObject({ passed: false, maxAbs: Infinity });
    }
  });

  it("does not compare what is not stated", () => {
    expect(run("double", [[null, 0.5]], [0.9, 0.5], undefined, ["no", "yes"])).toMatchObject({ passed: true, values: 1 });
  });

  it("counts values that agree to the file's decimals apart", () => {
    expect(run("double", [[0.12], [0.5]], [0.1249, 0.5], { rtol: 1e-9, atol: 1e-9, decimals: 2 })).toMatchObject({ passed: true, rounded: 1 });
    expect(run("double", [[0.12]], [0.1251, 0.5].slice(0, 1), { rtol: 1e-9, atol: 1e-9, decimals: 2 }).passed).toBe(false);
  });

  it("lists the worst value of each of the worst rows", () => {
    const expected = Array.from({ length: 30 }, () => [0, 0]);
    const data = Float64Array.from(expected.flatMap((_, i) => [i / 100, i / 50]));
    const { worst, rowsBeyond } = run("double", expected, data, { rtol: 0, atol: 0.001 }, ["a", "b"]);
    expect(rowsBeyond).toBe(29);
    expect(worst.map((w) => w.row)).toEqual([29, 28, 27, 26, 25, 24, 23, 22, 21, 20]);
    expect(worst[0]).toEqual({ row: 29, output: "o", entry: "b", expected: 0, actual: 0.58, difference: 0.58 });
  });

  it("says when the outputs cannot be laid side by side", () => {
    const code = expect.objectContaining({ code: "package-check-output" });
    expect(() => run("double", [[1]], [1, 2])).toThrow(code);
    expect(() => run("double", [[1, 2]], [1])).toThrow(code);
    expect(() => compareOutputs({ p: [[1]] }, [], { p: "exact" })).toThrow(code);
    expect(() => compareOutputs({ o: [[1]] }, [{ output: output("double"), width: 1, data: [1] }], {})).toThrow(code);
  });
});
