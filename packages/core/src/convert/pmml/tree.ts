// TreeModel: nodes with any number of children become a binary tree for ai.onnx.ml TreeEnsemble. Comparisons of numbers and
// sets of texts are asked by the nodes themselves; any other predicate is a column that holds 1, 0 or NaN (unknown).

import type { Value } from "../../onnx/index.ts";
import { int64s, strings } from "../../tensor/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { leafColumns } from "../sklearn/tree/emit-trees.ts";
import { LEAF, type FlatTree } from "../sklearn/tree/flat-tree.ts";
import { asField, literalNumber, missingOf, number, spread, type Field, type Pmml, type Scope } from "./context.ts";
import { arrayOf, childrenOf, choiceOf, malformed, needChild, refuse, textOf } from "./element.ts";
import { evaluate, predicateOf } from "./predicates.ts";

/** ONNX Runtime reads a tree recursively. */
const DEEPEST = 2000;
const MOST_NODES = 8_000_000;
const MOST_COLUMNS = 20_000;

/** A question of one column: `at most threshold`, or membership; NaN is unknown. */
interface Test {
  readonly column: number;
  readonly threshold: number;
  readonly members?: readonly number[];
  /** Whether "yes" is the predicate's true. */
  readonly yes: boolean;
}

/** The columns that some trees ask, made as the trees are read. */
export class TreeColumns {
  readonly #p: Pmml;
  readonly #columns: { readonly make: () => Value; readonly canBeMissing: boolean }[] = [];
  readonly #places = new Map<string, number>();

  constructor(p: Pmml) {
    this.#p = p;
  }
  canBeMissing(column: number): boolean {
    return this.#columns[column]!.canBeMissing;
  }
  #place(key: string, el: XmlElement, make: () => { make: () => Value; canBeMissing: boolean }): number {
    let at = this.#places.get(key);
    if (at === undefined) {
      at = this.#columns.length;
      if (at >= MOST_COLUMNS) throw refuse(el, `more than ${MOST_COLUMNS} different predicates`, "the table of them would be too large");
      this.#columns.push(make());
      this.#places.set(key, at);
    }
    return at;
  }
  /** A column that is 1 where another is NaN. */
  missing(column: number, el: XmlElement): number {
    return this.#place(`missing ${column}`, el, () => {
      const { make } = this.#columns[column]!;
      return { canBeMissing: false, make: () => this.#p.c.o.cast(this.#p.c.o.isNaN(make()), "double") };
    });
  }
  #number(field: Field, el: XmlElement): number {
    return this.#place(`number ${field.value.name}`, el, () => ({ canBeMissing: field.canBeMissing, make: () => field.value }));
  }
  readonly #codes = new Map<string, Map<string, number>>();
  /** A column with a number for every text that a tree names; 0 is any other. */
  #text(field: Field, values: readonly string[], el: XmlElement): { column: number; members: number[] } {
    const p = this.#p;
    const known = this.#codes.get(field.value.name) ?? new Map<string, number>();
    this.#codes.set(field.value.name, known);
    const members = values.map((v) => {
      const code = known.get(v) ?? known.size + 1;
      known.set(v, code);
      return code;
    });
    const column = this.#place(`text ${field.value.name}`, el, () => ({
      canBeMissing: field.canBeMissing,
      make: () => {
        const code = p.c.o.cast(p.c.graph.op("LabelEncoder", [field.value], {
          keys_tensor: strings([...known.keys()]), values_tensor: int64s([...known.values()]), default_tensor: int64s([0]) }), "double");
        return field.canBeMissing ? p.c.o.where(missingOf(p, field), NaN, code) : code;
      },
    }));
    return { column, members };
  }

  test(el: XmlElement, scope: Scope): Test | boolean {
    if (el.name === "True" || el.name === "False") return el.name === "True";
    if (el.name === "SimplePredicate") {
      const field = scope.get(textOf(el, "field"), el);
      const operator = textOf(el, "operator");
      if (operator === "isMissing" || operator === "isNotMissing") {
        if (!field.canBeMissing) return operator === "isNotMissing";
        const column = this.missing(field.kind === "number" ? this.#number(field, el) : this.#text(field, [], el).column, el);
        return { column, threshold: 0.5, yes: operator === "isNotMissing" };
      }
      const value = textOf(el, "value");
      if (field.kind === "string") {
        if (operator !== "equal" && operator !== "notEqual") throw refuse(el, operator, "texts are only compared for being equal");
        return { ...this.#text(field, [value], el), threshold: 0.5, yes: operator === "equal" };
      }
      const threshold = literalNumber(value, field, el);
      switch (operator) {
        case "lessOrEqual": return { column: this.#number(field, el), threshold, yes: true };
        case "greaterThan": return { column: this.#number(field, el), threshold, yes: false };
        case "lessThan": return { column: this.#number(field, el), threshold: below(threshold), yes: true };
        case "greaterOrEqual": return { column: this.#number(field, el), threshold: below(threshold), yes: false };
      }
    }
    if (el.name === "SimpleSetPredicate") {
      const field = scope.get(textOf(el, "field"), el);
      const operator = textOf(el, "booleanOperator");
      const values = arrayOf(needChild(el, "Array"));
      if (field.kind === "string" && values.length > 0 && (operator === "isIn" || operator === "isNotIn")) {
        return { ...this.#text(field, [...new Set(values)], el), threshold: 0.5, yes: operator === "isIn" };
      }
    }
    const column = this.#place(keyOf(el, scope), el, () => {
      const field = asField(this.#p, evaluate(this.#p, el, scope));
      return { canBeMissing: field.canBeMissing, make: () => field.value };
    });
    return { column, threshold: 0.5, yes: false };
  }

  /** [N, columns]. */
  build(): Value {
    const p = this.#p;
    if (this.#columns.length === 0) return spread(p, number(p, 0).value);
    return p.c.o.concat(this.#columns.map(({ make }) => spread(p, make())));
  }
}

/** What tells predicates apart: their text, with the columns that the fields' names stand for. */
function keyOf(el: XmlElement, scope: Scope): string {
  const field = el.attributes.get("field");
  const value = field === undefined ? "" : scope.get(field, el).value.name;
  return `${el.name}(${JSON.stringify([value, ...[...el.attributes].filter(([k]) => k !== "field"), el.text.trim()])},${childrenOf(el).map((child) => keyOf(child, scope)).join()})`;
}

const scratch = new DataView(new ArrayBuffer(8));
/** The next smaller double. */
function below(v: number): number {
  if (v === 0) return -Number.MIN_VALUE;
  if (v === -Infinity) return v;
  scratch.setFloat64(0, v);
  scratch.setBigInt64(0, scratch.getBigInt64(0) + (v > 0 ? -1n : 1n));
  return scratch.getFloat64(0);
}

export interface ReadTree {
  readonly tree: FlatTree;
  /** For every leaf of the tree, the node that answers; null: there is no answer. */
  readonly answers: readonly (XmlElement | null)[];
}

interface Task {
  readonly slot: number;
  readonly depth: number;
  /** The node that asks its children, from child `from` on; `answer` is what it says itself. */
  readonly children: readonly XmlElement[];
  readonly from: number;
  readonly answer: XmlElement | null;
  readonly node: XmlElement | undefined;
  /** Columns that are known not to be missing here. */
  readonly known: ReadonlySet<number>;
}

export function readTree(p: Pmml, model: XmlElement, scope: Scope, columns: TreeColumns): ReadTree {
  const strategy = choiceOf(model, "missingValueStrategy", ["none", "defaultChild", "lastPrediction", "nullPrediction"], "none");
  const noTrue = choiceOf(model, "noTrueChildStrategy", ["returnNullPrediction", "returnLastPrediction"], "returnNullPrediction");
  const root = needChild(model, "Node");
  const left: number[] = [];
  const right: number[] = [];
  const feature: number[] = [];
  const threshold: number[] = [];
  const missingLeft: number[] = [];
  const members = new Map<number, readonly number[]>();
  const answers: (XmlElement | null)[] = [];
  const allocate = (): number => {
    if (left.length >= MOST_NODES) throw refuse(model, `more than ${MOST_NODES} nodes`, "the tree would be too large");
    left.push(LEAF);
    right.push(LEAF);
    feature.push(0);
    threshold.push(0);
    missingLeft.push(0);
    answers.push(null);
    return left.length - 1;
  };
  const none: ReadonlySet<number> = new Set();
  const stack: Task[] = [{ slot: allocate(), depth: 0, children: [root], from: 0, answer: null, node: undefined, known: none }];
  const tests = new Map<XmlElement, Test | boolean>();
  const testOf = (child: XmlElement): Test | boolean => {
    let test = tests.get(child);
    if (test === undefined) tests.set(child, test = columns.test(predicateOf(child), scope));
    return test;
  };
  const enter = (node: XmlElement, slot: number, depth: number, above: XmlElement | null): Task => ({
    slot, depth, children: childrenOf(node, "Node"), from: 0, node, known: none,
    answer: node.attributes.has("score") || node.children.some((child) => child.name === "ScoreDistribution") ? node : above,
  });
  for (let task = stack.pop(); task; task = stack.pop()) {
    const { slot, depth, children, node, answer } = task;
    if (depth > DEEPEST) throw refuse(model, `a tree deeper than ${DEEPEST} levels`, "ONNX Runtime cannot read it");
    const child = children[task.from];
    if (!child) {
      answers[slot] = children.length === 0 || noTrue === "returnLastPrediction" ? answer : null;
      continue;
    }
    const test = testOf(child);
    if (typeof test === "boolean") {
      stack.push(test ? enter(child, slot, depth, answer) : { ...task, from: task.from + 1 });
      continue;
    }
    const next = children[task.from + 1];
    const other = next && task.from + 2 === children.length ? testOf(next) : undefined;
    const opposite = typeof other === "object" && other.column === test.column && other.yes !== test.yes && other.threshold === test.threshold && sameMembers(other.members, test.members);
    const unsure = columns.canBeMissing(test.column) && !task.known.has(test.column);
    // A missing value goes to the same place as false, or has a place of its own.
    const own = unsure && (opposite || (strategy !== "none" && node !== undefined));
    const known = own ? new Set([...task.known, test.column]) : task.known;
    const whenTrue = (at: number, deep: number): Task => enter(child, at, deep, answer);
    const whenFalse = (at: number, deep: number): Task => (opposite && next ? enter(next, at, deep, answer) : { ...task, slot: at, depth: deep, from: task.from + 1, known });
    let asked = slot;
    let deep = depth + 1;
    let missingTrue = false;
    let missingPlace: ((at: number, deep: number) => Task) | undefined;
    if (own) {
      if (strategy === "defaultChild" && node) {
        const id = textOf(node, "defaultChild");
        const chosen = children.find((x) => x.attributes.get("id") === id);
        if (!chosen) throw malformed(node, `its defaultChild ${JSON.stringify(id.slice(0, 40))} is none of its children`);
        if (chosen === child) missingTrue = true;
        else if (!(opposite && chosen === next)) missingPlace = (at, d) => enter(chosen, at, d, answer);
      } else {
        const end = strategy === "lastPrediction" ? answer : strategy === "none" && noTrue === "returnLastPrediction" ? answer : null;
        missingPlace = (at, d) => ({ slot: at, depth: d, children: [], from: 0, answer: end, node: undefined, known: none });
      }
    }
    if (missingPlace) {
      feature[slot] = columns.missing(test.column, child);
      threshold[slot] = 0.5;
      asked = left[slot] = allocate();
      const at = right[slot] = allocate();
      stack.push(missingPlace(at, deep++));
    }
    feature[asked] = test.column;
    threshold[asked] = test.threshold;
    if (test.members) members.set(asked, test.members);
    const l = left[asked] = allocate();
    const r = right[asked] = allocate();
    missingLeft[asked] = missingTrue === test.yes ? 1 : 0;
    stack.push(whenTrue(test.yes ? l : r, deep), whenFalse(test.yes ? r : l, deep));
  }
  const nodeCount = left.length;
  const tree: FlatTree = {
    nodeCount, left: Int32Array.from(left), right: Int32Array.from(right), feature: Int32Array.from(feature), threshold: Float64Array.from(threshold),
    missingLeft: Uint8Array.from(missingLeft), members, reached: new Uint8Array(nodeCount).fill(1),
  };
  return { tree, answers };
}

function sameMembers(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.length === b.length && a.every((v, i) => v === b[i]));
}

/** int64 [N]: which of the distinct answers a row gets. */
export function answerNumbers(p: Pmml, X: Value, read: ReadTree): { readonly index: Value; readonly nodes: readonly (XmlElement | null)[] } {
  const nodes = [...new Set(read.answers.filter((_, i) => read.tree.left[i] === LEAF))];
  const places = new Map(nodes.map((node, i) => [node, i]));
  const index = p.c.o.cast(leafColumns(p.c, X, [read.tree], (_, node) => places.get(read.answers[node]!)!), "int64");
  return { index: p.c.o.squeeze(index, 1), nodes };
}

