// Walks of complete trees in WebAssembly: eight rows side by side, as each step waits for the one before. A node is 16 bytes: its
// threshold, and where in a row the value stands that it asks for. What comes out is what TreeWalker gives without it.

import { FunctionWriter, writeModule } from "../wasm/index.ts";

export const ROWS_ABREAST = 8;
export const NODE_BYTES = 16;

/** walk(rows in groups of eight, the sums of them, how many rows, the nodes of a tree, its leaves): adds to each row's sum its leaf. */
export type WalkTree = (rows: number, sums: number, count: number, nodes: number, leaves: number) => void;

function writeWalk(width: number, depth: number): FunctionWriter {
  const f = new FunctionWriter("walk", ["i32", "i32", "i32", "i32", "i32"]);
  const [x, sums, count, nodes, leaves] = [0, 1, 2, 3, 4];
  const walks = f.locals("i32", ROWS_ABREAST);
  return f.loop(() => {
    for (let step = 0; step < depth; step++) {
      walks.forEach((node, k) => {
        // In nodes of 16 bytes: 2 node + 1, and one more where the value is above the threshold.
        if (step === 0) f.i32(NODE_BYTES);
        else f.get(node).i32(1).op("i32.shl").i32(NODE_BYTES).op("i32.add");
        const at = (): FunctionWriter => (step === 0 ? f.get(nodes) : f.get(nodes, node).op("i32.add"));
        at().access("i32.load", 8).get(x).op("i32.add").access("f64.load", 8 * width * k);
        at().access("f64.load").op("f64.gt").i32(Math.log2(NODE_BYTES)).op("i32.shl", "i32.add").set(node);
      });
    }
    const beforeLeaves = NODE_BYTES * ((1 << depth) - 1);
    walks.forEach((node, k) => {
      f.get(sums, sums).access("f64.load", 8 * k).get(node).i32(beforeLeaves).op("i32.sub").i32(1).op("i32.shr_u").get(leaves).op("i32.add").access("f64.load").op("f64.add").access("f64.store", 8 * k);
    });
    f.increase(x, 8 * width * ROWS_ABREAST).increase(sums, 8 * ROWS_ABREAST);
    f.get(count).i32(ROWS_ABREAST).op("i32.sub").tee(count);
  });
}

const compiled = new Map<string, WebAssembly.Module>();

export function walkingOver(memory: WebAssembly.Memory, width: number, depth: number): WalkTree {
  const key = `${width} ${depth}`;
  let module = compiled.get(key);
  if (module === undefined) compiled.set(key, (module = new WebAssembly.Module(writeModule([writeWalk(width, depth)]))));
  return new WebAssembly.Instance(module, { env: { memory } }).exports["walk"] as WalkTree;
}
