// A typed, checked view of an estimator's attributes. Every accessor throws a coded error that names the path.

import type { SlipwayError } from "../../base/index.ts";
import {
  NumpyArray, NumpyScalar, PyBytes, PyDict, PyGlobal, PyList, PyObject, PyTuple, SparseMatrix,
  arrayFloat64, arrayInt64, arrayStrings, arrayValues, sparseToDense, type PyValue,
} from "../../pickle/index.ts";
import { convertError } from "./errors.ts";
import type { Labels } from "./contract.ts";

export interface Matrix {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float64Array;
}

export class Estimator {
  readonly object: PyObject;
  /** For messages: "pipeline.steps[1] 'clf'". */
  readonly path: string;
  readonly #attributes: PyDict;

  constructor(object: PyObject, path: string) {
    this.object = object;
    this.path = path;
    const attributes = object.attributes;
    if (!attributes) throw convertError("malformed-model", `${object.className} has no attributes in the file`, { where: path });
    this.#attributes = attributes;
  }
  get qualifiedName(): string {
    return this.object.className;
  }
  /** The class's own name: "LogisticRegression". */
  get className(): string {
    return this.object.classGlobal?.name ?? "?";
  }
  /** "sklearn.LogisticRegression": first segment of the module and the class. */
  get key(): string {
    return `${this.object.classGlobal?.module.split(".")[0] ?? "?"}.${this.className}`;
  }
  /** For messages. */
  get label(): string {
    return `${this.className} (${this.path})`;
  }
  /** scikit-learn version as [major, minor], from `_sklearn_version`; [0, 0] when the file does not say. */
  get version(): readonly [number, number] {
    const v = this.raw("_sklearn_version");
    const m = typeof v === "string" ? /^(\d+)\.(\d+)/.exec(v) : null;
    return m ? [Number(m[1]), Number(m[2])] : [0, 0];
  }
  versionAtLeast(major: number, minor: number): boolean {
    const [a, b] = this.version;
    return a > major || (a === major && b >= minor);
  }
  get attributes(): PyDict {
    return this.#attributes;
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }
  /** NumPy scalars are unwrapped; undefined when there is no such attribute. */
  raw(name: string): PyValue | undefined {
    const v = this.#attributes.get(name);
    return v instanceof NumpyScalar ? v.value : v;
  }
  /** The first of several names that is there (attributes were renamed over the years). */
  rawOf(...names: string[]): PyValue | undefined {
    for (const n of names) if (this.has(n)) return this.raw(n);
    return undefined;
  }
  need(...names: string[]): PyValue {
    const v = this.rawOf(...names);
    if (v === undefined) throw this.missing(names[0]!);
    return v;
  }
  isNone(name: string): boolean {
    const v = this.raw(name);
    return v === null || v === undefined;
  }
  number(name: string, fallback?: number): number {
    const v = this.raw(name);
    if (typeof v === "number") return v;
    if (typeof v === "bigint") return Number(v);
    if (typeof v === "boolean") return v ? 1 : 0;
    if (v instanceof NumpyArray && v.shape.length === 0) return arrayFloat64(v)[0]!;
    if (v === undefined && fallback !== undefined) return fallback;
    throw v === undefined ? this.missing(name) : this.wrong(name, "a number", v);
  }
  int(name: string, fallback?: number): number {
    const v = this.number(name, fallback);
    if (!Number.isSafeInteger(v)) throw this.wrong(name, "an integer", v);
    return v;
  }
  bool(name: string, fallback?: boolean): boolean {
    const v = this.raw(name);
    if (typeof v === "boolean") return v;
    if (typeof v === "bigint" || typeof v === "number") return Number(v) !== 0;
    if ((v === undefined || v === null) && fallback !== undefined) return fallback;
    throw v === undefined ? this.missing(name) : this.wrong(name, "true or false", v);
  }
  string(name: string, fallback?: string): string {
    const v = this.raw(name);
    if (typeof v === "string") return v;
    if (v === undefined && fallback !== undefined) return fallback;
    throw v === undefined ? this.missing(name) : this.wrong(name, "a string", v);
  }
  /** A numeric array (dense, sparse or a plain list) as doubles, row-major. */
  matrix(...names: string[]): Matrix {
    return toMatrix(this.need(...names), `${this.path}.${names[0]}`);
  }
  /** A 1-D numeric array. */
  vector(...names: string[]): Float64Array {
    return this.matrix(...names).data;
  }
  vectorOrNone(name: string): Float64Array | undefined {
    return this.isNone(name) ? undefined : this.vector(name);
  }
  ints(name: string): BigInt64Array {
    const v = this.need(name);
    if (v instanceof NumpyArray) return arrayInt64(v);
    return BigInt64Array.from(this.list(name), (x) => (typeof x === "bigint" ? x : typeof x === "number" ? BigInt(Math.trunc(x)) : 0n));
  }
  /** Items of a list, tuple or 1-D array (of any dtype). */
  list(...names: string[]): readonly PyValue[] {
    return toList(this.need(...names), `${this.path}.${names[0]}`);
  }
  dict(name: string): PyDict {
    const v = this.need(name);
    if (v instanceof PyDict) return v;
    if (v instanceof PyObject && v.dictItems) return v.dictItems;
    throw this.wrong(name, "a dictionary", v);
  }
  /** A nested estimator. */
  estimator(...names: string[]): Estimator {
    return toEstimator(this.need(...names), `${this.path}.${names[0]}`);
  }
  estimators(...names: string[]): Estimator[] {
    return this.list(...names).map((v, i) => toEstimator(v, `${this.path}.${names[0]}[${i}]`));
  }
  /** An estimator found by other means, with this one's path before its own. */
  child(object: PyObject, place: string): Estimator {
    return new Estimator(object, `${this.path}.${place}`);
  }
  /** `classes_` (or another array of labels). */
  labels(name = "classes_"): Labels {
    return toLabels(this.need(name), `${this.path}.${name}`);
  }
  /** `feature_names_in_`, where the estimator was fitted on a data frame. */
  get featureNamesIn(): readonly string[] | undefined {
    const v = this.raw("feature_names_in_");
    return v instanceof NumpyArray ? arrayStrings(v) : undefined;
  }

  private missing(name: string): SlipwayError {
    return name.endsWith("_")
      ? convertError("not-fitted", `${this.className} has no ${name}: it was saved before it was fitted`, {
          where: this.path, hint: "Call fit on the estimator, then save it again." })
      : convertError("malformed-model", `${this.className} has no attribute ${name}`, { where: this.path });
  }
  private wrong(name: string, expected: string, found: PyValue): SlipwayError {
    return convertError("malformed-model", `${this.className}.${name} should be ${expected}, found ${describe(found)}`, { where: this.path });
  }
}

/** A few words on a value, for messages. */
export function describe(v: PyValue | undefined): string {
  if (v === undefined) return "nothing";
  if (v === null) return "None";
  if (typeof v === "string") return JSON.stringify(v.length > 60 ? `${v.slice(0, 60)}...` : v);
  if (typeof v === "number" || typeof v === "bigint" || typeof v === "boolean") return String(v);
  if (v instanceof PyGlobal) return `the name ${v.qualifiedName}`;
  if (v instanceof PyObject) return `an object of ${v.className}`;
  if (v instanceof NumpyArray) return `an array of ${dtypeName(v.dtype.code)}, shape (${v.shape.join(", ")})`;
  if (v instanceof PyList) return `a list of ${v.items.length}`;
  if (v instanceof PyTuple) return `a tuple of ${v.items.length}`;
  if (v instanceof PyDict) return `a dict of ${v.size}`;
  if (v instanceof PyBytes) return `${v.bytes.length} bytes`;
  return v.constructor.name;
}

export function toEstimator(v: PyValue, path: string): Estimator {
  if (v instanceof PyObject) return new Estimator(v, path);
  throw convertError("malformed-model", `expected an estimator, found ${describe(v)}`, { where: path });
}

export function toList(v: PyValue, path: string): readonly PyValue[] {
  if (v instanceof PyList || v instanceof PyTuple) return v.items;
  if (v instanceof NumpyArray) return arrayValues(v);
  throw convertError("malformed-model", `expected a list, found ${describe(v)}`, { where: path });
}

export function toMatrix(v: PyValue, path: string): Matrix {
  if (v instanceof NumpyArray) {
    if (v.dtype.kind === "O") return { shape: v.shape, data: Float64Array.from(arrayValues(v), (x) => toNumber(x, path)) };
    return { shape: v.shape, data: arrayFloat64(v) };
  }
  if (v instanceof SparseMatrix) return { shape: v.shape, data: sparseToDense(v) };
  if (v instanceof PyList || v instanceof PyTuple) return { shape: [v.items.length], data: Float64Array.from(v.items, (x) => toNumber(x, path)) };
  if (v instanceof NumpyScalar || typeof v === "number" || typeof v === "bigint" || typeof v === "boolean") return { shape: [], data: Float64Array.of(toNumber(v, path)) };
  throw convertError("malformed-model", `expected numbers, found ${describe(v)}`, { where: path });
}

export function toNumber(v: PyValue, path: string): number {
  if (v instanceof NumpyScalar) return toNumber(v.value, path);
  if (typeof v === "number") return v;
  if (typeof v === "bigint") return Number(v);
  if (typeof v === "boolean") return v ? 1 : 0;
  throw convertError("malformed-model", `expected a number, found ${describe(v)}`, { where: path });
}

export function toLabels(v: PyValue, path: string): Labels {
  const items = toList(v, path).map((x) => (x instanceof NumpyScalar ? x.value : x));
  if (items.every((x) => typeof x === "string")) return { type: "string", values: items };
  if (items.every((x) => typeof x === "bigint")) return { type: "int64", values: items };
  if (items.every((x) => typeof x === "boolean")) return { type: "bool", values: items };
  if (items.every((x) => typeof x === "number" || typeof x === "bigint")) return { type: "double", values: items.map(Number) };
  throw convertError("unsupported-option", `labels of mixed kinds: ${items.slice(0, 4).map(describe).join(", ")}`, {
    where: path, hint: "Turn the target into strings or integers before fitting." });
}

const KINDS: Readonly<Record<string, string>> = { f: "float", i: "int", u: "uint", c: "complex" };
/** As NumPy names it: "<f8" is float64, "|O" object. Texts and dates keep their code. */
function dtypeName(code: string): string {
  const [, kind, bytes] = /^[<>|=]?([a-zA-Z])(\d{0,9})$/.exec(code) ?? [];
  if (kind === "O") return "object";
  if (kind === "b") return "bool";
  return kind !== undefined && KINDS[kind] !== undefined && bytes !== "" ? `${KINDS[kind]}${Number(bytes) * 8}` : code;
}
