// The walks as WebAssembly. A node is 16 bytes: its threshold (f64), the offset of its column in a row, and the address of
// the child to which "no" leads; the child for "yes" lies behind that one. A leaf has NaN for a threshold, so that every
// answer is no, and leads to itself: all walks of a tree take as many steps as it is deep, without a branch to guess.
// Several walks go side by side, as each step waits for the one before.
//
// A tree is 16 bytes as well: the address of its root, its depth, where its numbers are added, the depth of its group.

import { FunctionWriter, writeModule } from "../../wasm/index.ts";

/** What becomes of a leaf: its weight is added in double or in float, or its number is written down. */
export type LeafUse = "f64" | "f32" | "leaf";
const LEAF_USES: readonly LeafUse[] = ["f64", "f32", "leaf"];

export const TREE_BYTES = 16;
export const NODE_BYTES = 16;
/** Rows that are walked side by side. */
export const ROWS_ABREAST = 8;
/** Trees that are walked side by side for a single row. */
export const TREES_ABREAST = 12;

/** node = child + (x[column] <= threshold ? 16 : 0). `x` and `node` are locals with addresses. */
function step(f: FunctionWriter, x: number, node: number): void {
  f.get(x, node).access("i32.load", 8).op("i32.add").access("f64.load");
  f.get(node).access("f64.load").op("f64.le").i32(4).op("i32.shl");
  f.get(node).access("i32.load", 12).op("i32.add").set(node);
}

/** memory[to] gets what the leaf at `node` brings. */
function use(f: FunctionWriter, how: LeafUse, to: number, node: number, payload: number): void {
  f.get(to);
  if (how === "f64") f.get(to).access("f64.load").get(node).i32(1).op("i32.shr_u").get(payload).op("i32.add").access("f64.load").op("f64.add").access("f64.store");
  else {
    const at = (): FunctionWriter => f.get(node).i32(2).op("i32.shr_u").get(payload).op("i32.add");
    if (how === "leaf") at().access("i32.load").access("i32.store");
    else {
      f.get(to).access("f32.load");
      at().access("f32.load").op("f32.add").access("f32.store");
    }
  }
}

/** rows(x, stride, groups of rows, trees, count of trees, results, payload, stride of results) */
function rows(how: LeafUse): FunctionWriter {
  const f = new FunctionWriter(`rows_${how}`, ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"]);
  const [x, stride, groups, tree, trees, results, payload, resultStride] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [row, result, group, depth, root] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const nodes = f.locals("i32", ROWS_ABREAST);
  const xs = f.locals("i32", ROWS_ABREAST);
  f.loop(() => {
    f.get(tree).access("i32.load").set(root);
    f.get(x).set(row);
    f.get(results, tree).access("i32.load", 8).op("i32.add").set(result);
    f.get(groups).set(group);
    f.loop(() => {
      nodes.forEach((node, i) => {
        f.get(root).set(node);
        if (i === 0) f.get(row).set(xs[0]!);
        else f.get(xs[i - 1]!, stride).op("i32.add").set(xs[i]!);
      });
      f.get(tree).access("i32.load", 4).set(depth);
      f.loop(() => {
        nodes.forEach((node, i) => step(f, xs[i]!, node));
        f.get(depth).i32(1).op("i32.sub").tee(depth);
      });
      for (const node of nodes) {
        use(f, how, result, node, payload);
        f.get(result, resultStride).op("i32.add").set(result);
      }
      f.get(xs[ROWS_ABREAST - 1]!, stride).op("i32.add").set(row);
      f.get(group).i32(1).op("i32.sub").tee(group);
    });
    f.increase(tree, TREE_BYTES);
    f.get(trees).i32(1).op("i32.sub").tee(trees);
  });
  return f;
}

/** one(x, groups of trees, trees, results, payload) */
function one(how: LeafUse): FunctionWriter {
  const f = new FunctionWriter(`one_${how}`, ["i32", "i32", "i32", "i32", "i32"]);
  const [x, groups, tree, results, payload] = [0, 1, 2, 3, 4];
  const [depth, to] = [f.local("i32"), f.local("i32")];
  const nodes = f.locals("i32", TREES_ABREAST);
  f.loop(() => {
    nodes.forEach((node, i) => f.get(tree).access("i32.load", i * TREE_BYTES).set(node));
    f.get(tree).access("i32.load", 12).set(depth);
    f.loop(() => {
      for (const node of nodes) step(f, x, node);
      f.get(depth).i32(1).op("i32.sub").tee(depth);
    });
    nodes.forEach((node, i) => {
      f.get(results, tree).access("i32.load", i * TREE_BYTES + 8).op("i32.add").set(to);
      use(f, how, to, node, payload);
    });
    f.increase(tree, TREE_BYTES * TREES_ABREAST);
    f.get(groups).i32(1).op("i32.sub").tee(groups);
  });
  return f;
}

let compiled: WebAssembly.Module | undefined;

export interface Walks {
  readonly rows: (x: number, stride: number, groups: number, trees: number, count: number, results: number, payload: number, resultStride: number) => void;
  readonly one: (x: number, groups: number, trees: number, results: number, payload: number) => void;
}

/** The walks over a memory. */
export function walksOver(memory: WebAssembly.Memory, how: LeafUse): Walks {
  compiled ??= new WebAssembly.Module(writeModule(LEAF_USES.flatMap((use) => [rows(use), one(use)])));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  return { rows: exports[`rows_${how}`] as Walks["rows"], one: exports[`one_${how}`] as Walks["one"] };
}
