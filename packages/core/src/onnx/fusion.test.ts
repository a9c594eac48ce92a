// Random graphs in double, run as they are and as the engine optimises them: both must give the same.

import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { int64s } from "../tensor/index.ts";
import { GraphBuilder, Ops, serializeModel, type Value } from "./index.ts";

const GRAPHS = Number(process.env["SLIPWAY_FUSION_GRAPHS"] ?? 300);

type Rng = () => number;
/** mulberry32. */
function seeded(state: number): Rng {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Steps from [N, 3] to [N, 3]. */
function steps(g: GraphBuilder, o: Ops, rng: Rng, pick: () => Value): Readonly<Record<string, () => Value>> {
  const k = (): number => 0.1 + rng();
  const vector = (): Value => o.doubles([k(), k(), k()]);
  const square = (): Value => o.doubles(Array.from({ length: 9 }, k), [3, 3]);
  const positive = (): Value => o.add(o.abs(pick()), 1);
  const meanSquare = (v: Value): Value => o.add(o.mean(g.op("Pow", [v, o.scalar(2)]), 1, true), 0.1);
  const cube = (): Value => o.add(o.unsqueeze(pick(), 1), o.doubles(Array.from({ length: 6 }, k), [2, 3]));
  return {
    matmul: () => g.op("MatMul", [pick(), square()]),
    gemm: () => g.op("Gemm", [pick(), square(), vector()], { transB: 1 }),
    cube: () => o.sum(o.mul(g.op("MatMul", [cube(), square()]), k()), 1),
    cubeScaled: () => o.max(g.op("MatMul", [o.div(cube(), k()), square()]), 1),
    cubeTurned: () => o.sum(g.op("MatMul", [o.transpose(o.transpose(o.mul(cube(), k()), [0, 2, 1]), [0, 2, 1]), square()]), 1),
    einsum: () => g.op("Einsum", [pick(), square()], { equation: "ij,kj->ik" }),
    turned: () => g.op("MatMul", [pick(), o.transpose(o.add(square(), o.sum(pick(), 0)), [1, 0])]),
    mulNumber: () => o.mul(pick(), k()), divNumber: () => o.div(pick(), k()), divided: () => o.div(k(), positive()), addNumber: () => o.add(pick(), k()), subNumber: () => o.sub(k(), pick()),
    addVector: () => o.add(pick(), vector()), mulVector: () => o.mul(vector(), pick()), add: () => o.add(pick(), pick()), sub: () => o.sub(pick(), pick()), mul: () => o.mul(pick(), pick()), div: () => o.div(pick(), positive()),
    centred: () => { const p = pick(); return o.sub(p, o.mean(p, 1, true)); },
    rootMeanSquare: () => { const p = pick(); return o.mul(o.div(p, o.sqrt(meanSquare(p))), vector()); },
    layerNorm: () => { const p = pick(); const d = o.sub(p, o.mean(p, 1, true)); return o.add(o.mul(o.div(d, o.sqrt(meanSquare(d))), vector()), vector()); },
    norm: () => { const p = pick(); return o.div(p, g.op("ReduceL2", [p, o.int64s([1])], { keepdims: 1 })); },
    relu: () => o.relu(pick()), clip: () => g.op("Clip", [pick(), o.scalar(0.05), o.scalar(1.3)]), reluClip: () => g.op("Clip", [o.relu(pick()), o.scalar(-0.5), o.scalar(1.3)]),
    max: () => o.maximum(pick(), k()), min: () => o.minimum(pick(), k()), pow: () => o.pow(o.abs(pick()), [2, 3, 0.5, 1.3][Math.floor(rng() * 4)]!),
    sigmoid: () => o.sigmoid(pick()), silu: () => { const p = pick(); return o.mul(p, g.op("Sigmoid", [p])); }, quickGelu: () => { const p = pick(); return o.mul(p, g.op("Sigmoid", [o.mul(p, 1.702)])); },
    tanhGelu: () => { const p = pick(); return o.mul(o.mul(p, 0.5), o.add(o.tanh(o.mul(o.add(p, o.mul(o.mul(o.mul(p, p), p), 0.044715)), 0.7978845608028654)), 1)); },
    erfGelu: () => { const p = pick(); return o.mul(o.mul(p, o.add(o.cast(g.op("Erf", [o.cast(o.div(p, Math.SQRT2), "float")]), "double"), 1)), 0.5); },
    tanh: () => o.tanh(pick()), exp: () => o.exp(o.tanh(pick())), log: () => o.log(positive()), sqrt: () => o.sqrt(positive()), neg: () => o.neg(pick()), reciprocal: () => g.op("Reciprocal", [positive()]), inverse: () => o.mul(o.div(1, positive()), pick()),
    softmax: () => g.op("Softmax", [pick()], { axis: 1 }), biasSoftmax: () => g.op("Softmax", [o.add(pick(), vector())], { axis: 1 }), logSoftmax: () => g.op("LogSoftmax", [pick()], { axis: 1 }), spelledSoftmax: () => o.softmax(pick()),
    logSumExp: () => o.sub(pick(), g.op("ReduceLogSumExp", [pick(), o.int64s([1])], { keepdims: 1 })),
    where: () => o.where(o.less(pick(), k()), pick(), k()), notWhere: () => o.where(o.not(o.greater(pick(), k())), k(), pick()), nan: () => o.where(o.isNaN(pick()), 0, pick()),
    permuted: () => o.gather(pick(), int64s([2, 0, 1]), 1), single: () => o.cast(o.cast(pick(), "float"), "double"), whole: () => o.cast(o.cast(o.mul(pick(), 10), "int64"), "double"), flag: () => o.cast(o.less(pick(), k()), "double"),
    reshaped: () => o.reshape(o.reshape(pick(), [-1]), [-1, 3]), sliced: () => o.concat([o.slice(pick(), 0, 1, 1), o.slice(pick(), 1, 3, 1)]), split: () => o.concat(g.ops("Split", [pick(), o.int64s([1, 2])], { axis: 1 }, 2).reverse()),
    top: () => g.ops("TopK", [pick(), o.int64s([3])], { axis: 1 }, 2)[0]!, best: () => o.cast(g.op("OneHot", [o.argmin(pick(), 1), o.int64s([3]), o.int64s([0, 1])], { axis: -1 }), "double"),
    cumulated: () => g.op("CumSum", [pick(), o.scalar(1, "int64")]), tiled: () => o.gather(g.op("Tile", [pick(), o.int64s([1, 2])]), int64s([1, 5, 3]), 1), transposed: () => o.transpose(o.relu(o.transpose(pick(), [1, 0])), [1, 0]),
    distances: () => o.sqrt(o.sum(g.op("Pow", [o.sub(o.unsqueeze(pick(), 1), o.doubles(Array.from({ length: 9 }, k), [3, 3])), o.scalar(2)]), 2)), expanded: () => o.mul(g.op("Expand", [o.scalar(2), g.op("Shape", [pick()])]), pick()),
  };
}

describe("graphs in double", () => {
  it("give the same when the engine optimises them", async () => {
    const rng = seeded(11);
    const found: string[] = [];
    for (let t = 0; t < GRAPHS; t++) {
      const g = new GraphBuilder();
      const o = new Ops(g);
      const pool: Value[] = [g.input("x", "double", ["N", 3])];
      const make = steps(g, o, rng, () => pool[Math.floor(rng() * pool.length)]!);
      const names = Object.keys(make);
      const chosen: string[] = [];
      for (let i = 0, n = 2 + Math.floor(rng() * 4); i < n; i++) {
        const name = names[Math.floor(rng() * names.length)]!;
        chosen.push(name);
        const next = make[name]!();
        expect(next.shape?.[1], name).toBe(3);
        if (rng() < 0.7) pool.length = 0;
        pool.push(next);
      }
      g.output("y", pool.at(-1)!);
      const bytes = serializeModel(g.finish());
      const x = new OrtTensor("float64", Float64Array.from({ length: 12 }, () => rng() * 4 - 2), [4, 3]);
      const run = async (graphOptimizationLevel: "disabled" | "all"): Promise<Float64Array> => {
        const session = await InferenceSession.create(bytes, { graphOptimizationLevel, logSeverityLevel: 4, intraOpNumThreads: 1 });
        const { y } = await session.run({ x });
        await session.release();
        return y!.data as Float64Array;
      };
      try {
        const [plain, optimised] = [await run("disabled"), await run("all")];
        const worst = plain.reduce((w, v, i) => Math.max(w, Object.is(v, optimised[i]) || v === optimised[i] ? 0 : Math.abs(v - optimised[i]!) / Math.max(1e-3, Math.abs(v)) || 0), 0);
        const nans = plain.some((v, i) => Number.isNaN(v) !== Number.isNaN(optimised[i]));
        if (worst > 1e-12 || nans) found.push(`${chosen.join(" > ")}: ${nans ? "NaN" : worst.toExponential(1)}`);
      } catch (error) {
        found.push(`${chosen.join(" > ")}: ${(error as Error).message.slice(0, 200)}`);
      }
    }
    expect(found).toEqual([]);
  }, 300_000);
});
