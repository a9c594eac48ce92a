// For tests: a real network, trained here: two wide layers and a softmax over clouds of points around five middles, with
// rows that it never saw.

import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { buildPackage, type ModelPackage, type Signature } from "@slipway/core/package";
import { normalNumbers, randomNumbers } from "@slipway/core/stats";
import { floats } from "@slipway/core/tensor";

const [INPUTS, WIDTH, CLASSES] = [32, 192, 5];
export type Sample = { readonly x: number[]; readonly digit: string };

export interface Trained {
  readonly package: ModelPackage;
  readonly rows: readonly Sample[];
}

/** `spread`: how far points lie from their middle; from about 2 on classes overlap. */
export async function trainedNetwork(spread = 1.2): Promise<Trained> {
  const random = randomNumbers(3);
  const normal = normalNumbers(random);
  const middles = Array.from({ length: CLASSES }, () => Array.from({ length: INPUTS }, () => normal()));
  const draw = (): { x: number[]; c: number } => {
    const c = Math.floor(random() * CLASSES);
    return { c, x: middles[c]!.map((m) => Math.fround(m + spread * normal())) };
  };
  const layer = (rows: number, columns: number): Float32Array => Float32Array.from({ length: rows * columns }, () => normal() * Math.sqrt(2 / rows));
  const [w1, w2] = [layer(INPUTS, WIDTH), layer(WIDTH, WIDTH)];
  const hidden = (x: ArrayLike<number>): Float32Array => relu(multiply(relu(multiply(x, w1, WIDTH)), w2, WIDTH));
  // The last layer is trained by gradient descent on the features that the others give.
  const w3 = new Float32Array(WIDTH * CLASSES);
  for (let step = 0; step < 3000; step++) {
    const { x, c } = draw();
    const h = hidden(x);
    const p = softmax(multiply(h, w3, CLASSES));
    for (let i = 0; i < WIDTH; i++) for (let k = 0; k < CLASSES; k++) w3[i * CLASSES + k]! -= 0.01 * h[i]! * (p[k]! - (k === c ? 1 : 0));
  }
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.input("x", "float", ["N", INPUTS]);
  const one = o.relu(o.add(o.matmul(x, floats(w1, [INPUTS, WIDTH])), floats(new Float32Array(WIDTH))));
  const two = o.relu(o.add(o.matmul(one, floats(w2, [WIDTH, WIDTH])), floats(new Float32Array(WIDTH))));
  g.output("probabilities", o.softmax(o.matmul(two, floats(w3, [WIDTH, CLASSES])), 1));
  const classes = Array.from({ length: CLASSES }, (_, i) => `d${i}`);
  const signature: Signature = {
    layout: "tensors", tensors: [{ name: "x", type: "float", shape: ["N", INPUTS] }], tensorRows: "independent", columns: [], extraColumns: "refused",
    outputs: [{ name: "probabilities", graphName: "probabilities", kind: "probabilities", type: "float", rowShape: [CLASSES], columns: classes }],
  };
  return {
    package: await buildPackage({
      manifest: { name: "digits", version: "1.0.0", source: { file: "m.pt", sha256: "0".repeat(64), bytes: 1, format: "torchscript", producer: {}, rootClass: "Net" }, tool: { name: "slipway", version: "0.1.0" }, lineage: [] },
      model: serializeModel(g.finish()), signature, checks: null, profile: null, card: "# digits", sbom: {},
    }),
    rows: Array.from({ length: 600 }, () => draw()).map(({ x: row, c }) => ({ x: row, digit: classes[c]! })),
  };
}

function multiply(x: ArrayLike<number>, w: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(columns);
  for (let i = 0; i < x.length; i++) for (let j = 0; j < columns; j++) out[j]! += x[i]! * w[i * columns + j]!;
  return out;
}
function relu(x: Float32Array): Float32Array {
  return x.map((v) => Math.max(0, v));
}
function softmax(x: Float32Array): Float32Array {
  const top = Math.max(...x);
  const e = x.map((v) => Math.exp(v - top));
  const sum = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / sum);
}
