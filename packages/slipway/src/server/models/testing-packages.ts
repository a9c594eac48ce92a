// Small packages written to folders, for the tests of repositories.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { buildPackage, writeSlip, type Checks } from "@slipway/core/package";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { doubles } from "@slipway/core/tensor";
import { matrixModel } from "../../runtime/testing.ts";

export interface TestPackage {
  readonly name?: string;
  readonly version?: string;
  /** value = factor * (x0 + 2 x1 + 3 x2) */
  readonly factor?: number;
  /** What its check says of [1, 1, 1]; none by default. */
  readonly promises?: number;
  /** Adds a random number between 0 and 1. */
  readonly random?: boolean;
  /** So many bytes of weights that play no part. */
  readonly ballast?: number;
}

export async function testPackage({ name = "linear", version = "1.0.0", factor = 1, promises, ballast = 0, random = false }: TestPackage = {}): Promise<Uint8Array> {
  const { signature } = matrixModel(name);
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  let value = o.matmul(x, doubles([1, 2, 3].map((v) => v * factor), [3, 1]));
  // The builder emits nothing random; an operator with a name as long is renamed below.
  if (random) value = o.add(value, o.cast(o.reshape(g.op("GlobalAveragePool", [o.reshape(o.cast(value, "float"), [-1, 1, 1, 1])]), [-1, 1]), "double"));
  if (ballast > 0) {
    const width = Math.ceil(ballast / 8);
    const row = o.matmul(o.mul(value, doubles([0])), doubles(Array.from({ length: width }, (_, i) => (i % 7) + 0.5), [1, width]));
    value = o.add(value, o.columns(row, [0]));
  }
  g.bindEntryAsInput(x, "X", 3);
  g.output("value", o.reshape(value, [-1]));
  const checks: Checks | null = promises === undefined ? null : {
    source: { file: "check.csv", rows: 1 }, inputs: [{ x0: 1, x1: 1, x2: 1 }], expected: { value: [[promises]] }, tolerance: { value: { rtol: 1e-9, atol: 1e-9 } },
  };
  const pkg = await buildPackage({
    manifest: { name, version, source: { file: "m.pkl", sha256: "0".repeat(64), bytes: 1, format: "pickle", producer: {}, rootClass: "test" }, tool: { name: "slipway", version: "0" }, lineage: [] },
    model: random ? renamed(serializeModel(g.finish()), "GlobalAveragePool", "RandomUniformLike") : serializeModel(g.finish()), signature, checks, profile: null, card: "", sbom: {},
  });
  return writeSlip(pkg);
}

function renamed(model: Uint8Array, from: string, to: string): Uint8Array {
  return Buffer.from(Buffer.from(model).toString("latin1").replaceAll(from, to), "latin1");
}

/** Whole or not at all, as a release would. */
export async function writePackage(path: string, pkg: TestPackage = {}): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.tmp`, await testPackage(pkg));
  renameSync(`${path}.tmp`, path);
}
