import { describe, expect, it } from "vitest";
import { openSession } from "../../../../slipway/src/runtime/session.ts";
import { GraphBuilder, serializeModel } from "../../onnx/index.ts";
import { Conversion } from "./conversion.ts";
import { arctangent, erf, logGamma } from "./special-functions.ts";

describe("special functions", () => {
  it("give the log of gamma as scipy.special.gammaln does", () => {
    const known: [number, number][] = [[0.5, 0.5723649429247], [1, 0.0], [1.5, -0.12078223763524526], [2, 0.0], [3.7, 1.428072326665388], [12, 17.502307845873887], [150.5, 602.5139548705853]];
    for (const [x, y] of known) expect(Math.abs(logGamma(x) - y)).toBeLessThan(2e-14 * Math.max(1, Math.abs(y)));
  });
  it("give erf in double as scipy.special.erf does, on both sides of where the formula changes", async () => {
    const known: [number, number][] = [[0, 0.0], [1e-10, 1.1283791670955126e-10], [0.3, 0.3286267594591274], [1, 0.8427007929497148], [2.4999999, 0.9995930477647266], [2.5, 0.999593047982555], [3, 0.9999779095030014], [5, 0.9999999999984626], [9, 1.0], [-1.2, -0.9103139782296353], [-40, -1.0]];
    const graph = new GraphBuilder();
    graph.output("y", erf(new Conversion(new Map(), graph), graph.input("x", "double", ["N"])));
    const session = await openSession(serializeModel(graph.finish()));
    const { y } = await session.run({ x: { type: "float64", dims: [known.length], data: Float64Array.from(known, ([x]) => x) } }, ["y"]);
    await session.close();
    known.forEach(([x, wanted], i) => expect(Math.abs((y!.data as Float64Array)[i]! - wanted), `erf(${x})`).toBeLessThanOrEqual(1e-15 * Math.abs(wanted)));
  });
  it("give the arctangent in double as Math.atan does, in each of its three ranges", async () => {
    const xs = [0, 1e-300, 1e-9, 0.1, 0.66, 0.6600001, 1, 2.4142135, 2.4142136, 7.5, 1e8, 1e308, -0.3, -1.7, -33];
    const graph = new GraphBuilder();
    graph.output("y", arctangent(new Conversion(new Map(), graph), graph.input("x", "double", ["N"])));
    const session = await openSession(serializeModel(graph.finish()));
    const { y } = await session.run({ x: { type: "float64", dims: [xs.length], data: Float64Array.from(xs) } }, ["y"]);
    await session.close();
    xs.forEach((x, i) => expect(Math.abs((y!.data as Float64Array)[i]! - Math.atan(x)), `atan(${x})`).toBeLessThanOrEqual(5e-16 * Math.abs(Math.atan(x))));
  });
});
