// Small trees in bulk: every question of a tree is asked of sixteen rows at once, and the answers choose between the leaves
// from the bottom up, without a step that waits for another. Each forest becomes a WebAssembly module of its own, one
// function a tree, written part by part while larger batches come. The idea is that of the "tensor trees" of bitwise selection;
// it pays where trees have some dozens of leaves (30 nodes cost as much as three or four steps of a walk).

import { NotForMe } from "../value.ts";
import type { Arena } from "../wasm/arena.ts";
import { FunctionWriter, writeModule } from "../../wasm/index.ts";
import { addLeaf } from "./add-leaf.ts";
import { BLOCK, overCodedRows, type BlockWalker } from "./block-walker.ts";
import { planByteColumns, type ByteColumns } from "./byte-columns.ts";
import type { Columns } from "./columns.ts";
import type { Forest } from "./forest.ts";
import type { LeafUse } from "./walk-module.ts";

const LANES = 16;
const MOST_LEAVES = 256;
const MOST_DEPTH = 64;
/** Nodes of a forest: code is about 20 bytes a node. */
const MOST_NODES = 2 ** 16;
/** Questions that may be asked for each step of a walk. */
const QUESTIONS_A_STEP = 20;

/** Whether selection is the faster way for this forest. */
export function selects(forest: Forest): boolean {
  const nodes = forest.feature.length;
  let steps = 0;
  for (const depth of forest.depth) {
    if (depth > MOST_DEPTH) return false;
    steps += depth;
  }
  return nodes <= MOST_NODES && nodes <= steps * QUESTIONS_A_STEP;
}

/** tree(codes, scratch, groups of rows): the number of each row's leaf, as a byte. Gives the leaves in their order. */
function treeFunction(forest: Forest, columns: Columns, coded: ByteColumns, root: number, bytesAt: number): { readonly code: FunctionWriter; readonly leaves: readonly number[] } | undefined {
  const f = new FunctionWriter("", ["i32", "i32", "i32"]);
  const [codes, scratch, groups] = [0, 1, 2];
  const zero = f.local("i32");
  const leaves: number[] = [];
  const byte = (value: number): void => { f.get(zero).access("v128.load8_splat", bytesAt + (value & 255)); };
  const above = (node: number): void => {
    f.get(codes).access("v128.load", columns.column[node]! * BLOCK);
    byte(coded.codeOf(columns.column[node]!, columns.threshold[node]!));
    f.op("i8x16.gt_s");
  };
  const select = (node: number): void => {
    const [yes, no] = [forest.yes[node]!, forest.no[node]!];
    if (yes < 0 && no < 0) {
      // Two leaves side by side: the number of the first, and one more where the answer is no, which is -1.
      byte(leaves.push(~yes) - 1);
      leaves.push(~no);
      above(node);
      f.op("i8x16.sub");
      return;
    }
    for (const child of [no, yes]) {
      if (child < 0) byte(leaves.push(~child) - 1);
      else select(child);
    }
    above(node);
    f.op("v128.bitselect");
  };
  f.loop(() => {
    f.get(scratch);
    select(root);
    f.access("v128.store");
    f.increase(codes, LANES).increase(scratch, LANES);
    f.get(groups).i32(1).op("i32.sub").tee(groups);
  });
  return leaves.length > MOST_LEAVES ? undefined : { code: f, leaves };
}

/** add(scratch, leaves, results, stride, groups of 8 rows) */
function addFunction(how: LeafUse): FunctionWriter {
  const f = new FunctionWriter("", ["i32", "i32", "i32", "i32", "i32"]);
  const [number, leaves, to, stride, groups] = [0, 1, 2, 3, 4];
  f.loop(() => {
    for (let i = 0; i < 8; i++) {
      addLeaf(f, how, i, { number, leaves, to, stride });
    }
    f.increase(number, 8);
    f.get(groups).i32(1).op("i32.sub").tee(groups);
  });
  return f;
}

type Run = (codes: number, scratch: number, results: number, stride: number, groups: number) => void;

/** Rows from which on a batch is worth it. */
const BULK = 48;
/** Nodes that are written in one call, so that none takes long. */
const NODES_A_CALL = 2000;
/** Rows of one call that wait for the module gladly. */
const LONG_CALL = 16_384;

/** `few` serves small batches, and larger ones until the module is there. `eager`: it is made at once. */
export function selectorWalker(few: BlockWalker, eager: boolean, arena: Arena, forest: Forest, columns: Columns, how: LeafUse, width: number, place: (tree: number) => number): BlockWalker {
  let work: Writing | undefined;
  let many: BlockWalker | undefined;
  let ended = false;
  const open = (module: WebAssembly.Module): void => { many = work!.walker(module); };
  /** A part of the work, or all of it. */
  const advance = (whole: boolean): void => {
    try {
      write(whole);
    } catch (error) {
      // No memory for it: the walks go on.
      if (!(error instanceof NotForMe) && !(error instanceof RangeError)) throw error;
      ended = true;
    }
  };
  const write = (whole: boolean): void => {
    work ??= new Writing(arena, forest, columns, how, width, place);
    const bytes = work.write(whole ? Infinity : NODES_A_CALL);
    if (bytes === undefined) return;
    ended = true;
    if (bytes === "impossible") return;
    if (whole) open(new WebAssembly.Module(bytes));
    else WebAssembly.compile(bytes).then(open, () => undefined);
  };
  if (eager) advance(true);
  return {
    run(count, start, take) {
      if (count >= BULK && !ended) advance(count >= LONG_CALL);
      (count >= BULK && many ? many : few).run(count, start, take);
    },
  };
}

/** The module of a forest, written part by part. */
class Writing {
  readonly #arena: Arena;
  readonly #forest: Forest;
  readonly #columns: Columns;
  readonly #how: LeafUse;
  readonly #width: number;
  readonly #place: (tree: number) => number;
  readonly #coded: ByteColumns | undefined;
  readonly #bytesAt: number;
  readonly #functions: FunctionWriter[];
  /** run(codes, scratch, results, stride, groups of 16 rows) */
  readonly #run = new FunctionWriter("run", ["i32", "i32", "i32", "i32", "i32"]);
  #tree = 0;

  constructor(arena: Arena, forest: Forest, columns: Columns, how: LeafUse, width: number, place: (tree: number) => number) {
    [this.#arena, this.#forest, this.#columns, this.#how, this.#width, this.#place] = [arena, forest, columns, how, width, place];
    this.#coded = planByteColumns(arena, columns);
    this.#bytesAt = arena.take(256);
    arena.bytes(this.#bytesAt, 256).set(Uint8Array.from({ length: 256 }, (_, i) => i));
    this.#functions = [addFunction(how)];
  }

  /** The module's bytes when all is written; "impossible" where a tree has too many leaves, or a column too many thresholds. */
  write(nodes: number): Uint8Array<ArrayBuffer> | "impossible" | undefined {
    const { roots, leafWeight } = this.#forest;
    const arena = this.#arena;
    const run = this.#run;
    if (!this.#coded) return "impossible";
    for (let written = 0; this.#tree < roots.length && written < nodes; this.#tree++) {
      const tree = treeFunction(this.#forest, this.#columns, this.#coded, roots[this.#tree]!, this.#bytesAt);
      if (!tree) return "impossible";
      const { leaves } = tree;
      written += leaves.length;
      const leafAt = arena.take(leaves.length * (this.#how === "f64" ? 8 : 4));
      if (this.#how === "leaf") arena.ints(leafAt, leaves.length).set(leaves);
      else arena.results(this.#how, leafAt, leaves.length).set(leaves.map((leaf) => leafWeight[leaf]!));
      run.get(0, 1, 4).call(this.#functions.push(tree.code) - 1);
      run.get(1).i32(leafAt).get(2).i32(this.#place(this.#tree) * (this.#how === "f64" ? 8 : 4)).op("i32.add").get(3).get(4).i32(1).op("i32.shl").call(0);
    }
    return this.#tree < roots.length ? undefined : writeModule([...this.#functions, run]);
  }

  walker(module: WebAssembly.Module): BlockWalker {
    const arena = this.#arena;
    const coded = this.#coded!;
    const how = this.#how;
    const width = this.#width;
    const stride = width * (how === "f64" ? 8 : 4);
    const scratch = arena.take(BLOCK);
    const results = arena.take(BLOCK * stride);
    const run = new WebAssembly.Instance(module, { env: { memory: arena.memory } }).exports["run"] as Run;
    return overCodedRows(arena, coded, how, results, width, (n) => run(coded.at, scratch, results, stride, Math.ceil(n / LANES)));
  }
}
