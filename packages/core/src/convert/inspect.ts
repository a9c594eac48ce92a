// What is inside a file, for people: the tree of estimators with their settings and shapes, what the file tried to call,
// and whether it compiles. Bounded in depth, nodes and text; shared objects are shown once.

import { SlipwayError } from "../base/index.ts";
import {
  arrayValues, assertInert, dangers, NumpyArray, NumpyScalar, PyDict, PyGlobal, PyList, PyObject, PyTuple, type Danger, type PyValue,
} from "../pickle/index.ts";
import type { Signature } from "../package/index.ts";
import type { SourceFile } from "./import-model.ts";
import { compilePickled, isEstimator, type CompileOptions } from "./compile.ts";
import { describe } from "./conversion/estimator.ts";
import { converters } from "./registry.ts";

export interface InspectionNode {
  /** Where it is in its parent: "steps[0] 'scale'". Empty for the root. */
  readonly place: string;
  /** Class, or a few words on other values. */
  readonly what: string;
  readonly version?: string;
  /** Settings given to the constructor. */
  readonly settings: Readonly<Record<string, string>>;
  /** What fitting learnt: shapes and short values. */
  readonly fitted: Readonly<Record<string, string>>;
  /** "yes": there is a converter; "no": there is none; absent for what is not an estimator. */
  readonly compiles?: "yes" | "no";
  readonly children: readonly InspectionNode[];
}

export interface Inspection {
  readonly format: string;
  readonly protocol: number;
  readonly bytes: number;
  readonly trailingBytes: number;
  readonly tree: InspectionNode;
  readonly names: readonly { readonly name: string; readonly count: number; readonly called: boolean }[];
  /** What Python would have run on loading it, beyond data and known libraries. */
  readonly dangers: readonly Danger[];
  readonly compile:
    | { readonly ok: true; readonly signature: Signature; readonly modelBytes: number; readonly notes: readonly string[] }
    | { readonly ok: false; readonly error: ReturnType<SlipwayError["toJSON"]> };
}

const MAX_DEPTH = 10;
const MAX_NODES = 400;
const MAX_CHILDREN = 50;
const MAX_LIKE = 4;
const MAX_FACTS = 40;
const MAX_VALUES = 6;
const UNTOLD: ReadonlySet<string> = new Set(["copy", "verbose", "n_jobs", "warm_start", "copy_X", "copy_x"]);

export function inspectSource(source: SourceFile, options: CompileOptions = {}): Inspection {
  const { pickle } = source;
  let compile: Inspection["compile"];
  try {
    assertInert(pickle);
    const compiled = compilePickled(pickle.value, options);
    compile = { ok: true, signature: compiled.signature, modelBytes: compiled.model.length, notes: compiled.warnings };
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    compile = { ok: false, error: error.toJSON() };
  }
  return {
    format: source.format, protocol: pickle.protocol, bytes: pickle.bytes, trailingBytes: pickle.trailingBytes,
    tree: new Walk().node(pickle.value, "", 0), names: pickle.globals, dangers: dangers(pickle), compile,
  };
}

class Walk {
  readonly #seen = new Set<PyObject>();
  #nodes = 0;

  node(value: PyValue, place: string, depth: number): InspectionNode {
    this.#nodes++;
    if (!(value instanceof PyObject)) return { place, what: fact(value), settings: {}, fitted: {}, children: this.#entries(value, depth) };
    const cls = value.classGlobal;
    const what = cls?.qualifiedName ?? "an object";
    if (this.#seen.has(value)) return { place, what: `${what} (shown above)`, settings: {}, fitted: {}, children: [] };
    this.#seen.add(value);
    const settings: Record<string, string> = {};
    const fitted: Record<string, string> = {};
    const children: InspectionNode[] = [];
    let version: string | undefined;
    for (const [key, v] of value.attributes?.entries() ?? []) {
      if (typeof key !== "string") continue;
      if (key === "_sklearn_version" && typeof v === "string") version = v;
      // Housekeeping, and the unfitted copies of what stands fitted under the same name with an underscore.
      if (key.startsWith("_") || UNTOLD.has(key) || value.attributes?.has(`${key}_`)) continue;
      const inner = this.#children(key, v, depth);
      if (inner) children.push(...inner);
      else {
        const facts = key.endsWith("_") ? fitted : settings;
        if (Object.keys(facts).length < MAX_FACTS) facts[key] = fact(v);
      }
    }
    const compiles = isEstimator(value) && cls ? (converters.has(`${cls.module.split(".")[0]}.${cls.name}`) ? "yes" : "no") : undefined;
    return { place, what, ...(version === undefined ? {} : { version }), settings, fitted, ...(compiles ? { compiles } : {}), children };
  }

  /** Containers at the root: their entries. */
  #entries(value: PyValue, depth: number): InspectionNode[] {
    const entries: [string, PyValue][] = value instanceof PyDict
      ? [...value.entries()].map(([k, v]) => [typeof k === "string" ? `['${k}']` : `[${describe(k)}]`, v])
      : value instanceof PyList || value instanceof PyTuple ? value.items.slice(0, 50).map((v, i) => [`[${i}]`, v]) : [];
    if (depth >= MAX_DEPTH) return [];
    return entries.slice(0, 50).flatMap(([place, v]) => (this.#nodes < MAX_NODES ? [this.node(v, place, depth + 1)] : []));
  }

  /** Nodes for an attribute that holds objects; undefined for plain values. The constructor's copies of fitted parts are left out. */
  #children(key: string, v: PyValue, depth: number): InspectionNode[] | undefined {
    if (depth >= MAX_DEPTH || this.#nodes >= MAX_NODES) return undefined;
    if (v instanceof PyObject) return isEstimator(v) ? [this.node(v, key, depth + 1)] : undefined;
    const items = v instanceof PyList || v instanceof PyTuple ? v.items : v instanceof NumpyArray && v.objects ? v.objects : undefined;
    if (!items || items.length === 0) return undefined;
    const found = items.map((item, i): [string, PyObject] | undefined => {
      if (item instanceof PyObject && isEstimator(item)) return [`${key}[${i}]`, item];
      if (!(item instanceof PyTuple)) return undefined;
      const name = item.items.find((x) => typeof x === "string");
      const object = item.items.find((x) => x instanceof PyObject && isEstimator(x));
      return object instanceof PyObject ? [`${key}[${i}]${typeof name === "string" ? ` '${name}'` : ""}`, object] : undefined;
    });
    if (!found.some((f) => f !== undefined)) return undefined;
    // Hundreds of like members (a forest's trees) are shown by their first.
    const like = found.length > MAX_LIKE && new Set(found.map((f) => f?.[1].className)).size === 1;
    const shown = like ? found.slice(0, 1) : found.slice(0, MAX_CHILDREN);
    const nodes = shown.flatMap((f) => (f && this.#nodes < MAX_NODES ? [this.node(f[1], f[0], depth + 1)] : []));
    if (shown.length < found.length) nodes.push({ place: `${key}[...]`, what: `${found.length - shown.length} more`, settings: {}, fitted: {}, children: [] });
    return nodes;
  }
}

/** A value in a few words; short arrays by their numbers, a tree by its size. */
function fact(v: PyValue): string {
  if (v instanceof NumpyScalar) return describe(v.value);
  if (v instanceof NumpyArray && v.shape.length === 1 && v.shape[0]! <= MAX_VALUES && v.dtype.kind !== "V") return `[${arrayValues(v).map(fact).join(", ")}]`;
  if ((v instanceof PyList || v instanceof PyTuple) && v.items.length <= MAX_VALUES && v.items.every((x) => x === null || typeof x !== "object")) return `[${v.items.map(describe).join(", ")}]`;
  if (v instanceof PyGlobal) return v.qualifiedName;
  if (v instanceof PyObject && v.className.endsWith("_tree.Tree")) return `a tree of ${fact(v.attributes?.get("node_count") ?? null)} nodes, depth ${fact(v.attributes?.get("max_depth") ?? null)}`;
  return describe(v);
}
