// The exact table of names whose calls are data. Exact (module, name) only: no prefixes, no dotted names.
// A constructor returns undefined when the arguments are not the ones that Python's own pickling writes;
// the call then stays a description like any other.

import { cost } from "./cost.ts";
import { createDillArray, loadDillType } from "./dill.ts";
import type { Machine } from "./machine.ts";
import { frombuffer, makeDType, makeScalar, reconstructArray } from "./numpy-build.ts";
import { makeSparse, sparseClasses } from "./scipy.ts";
import { encodeLatin1 } from "./text.ts";
import {
  PyByteArray, PyBytes, PyDict, PyGlobal, PyList, PyObject, PySet, PyTuple, type Construction, type PyValue,
} from "./values.ts";

export type Constructor = (m: Machine, args: PyTuple, how: Construction, kwargs: PyDict | undefined) => PyValue | undefined;

/** Python 3's and Python 2's name of a module. */
const builtins = ["builtins", "__builtin__"];
const copyreg = ["copyreg", "copy_reg"];
const multiarray = ["numpy.core.multiarray", "numpy._core.multiarray", "numpy.multiarray"];
const dill = ["dill._dill", "dill.dill"];
const numeric = ["numpy.core.numeric", "numpy._core.numeric"];

const entries: readonly (readonly [modules: readonly string[], name: string, construct: Constructor])[] = [
  [builtins, "set", (m, args) => makeSet(m, args, false)],
  [builtins, "frozenset", (m, args) => makeSet(m, args, true)],
  [["sets"], "Set", (m, args) => makeSet(m, args, false)],
  [builtins, "bytearray", makeByteArray],
  [builtins, "bytes", (_m, args) => (args.items.length === 0 ? new PyBytes(new Uint8Array(0)) : undefined)],
  [["_codecs"], "encode", encode],
  [["collections"], "OrderedDict", makeDict],
  [["collections"], "Counter", makeDict],
  [["collections"], "defaultdict", (m, args) => makeDict(m, new PyTuple(args.items.slice(1)))],
  [copyreg, "_reconstructor", reconstruct],
  [copyreg, "__newobj__", newObject],
  [multiarray, "_reconstruct", reconstructArray],
  [multiarray, "scalar", makeScalar],
  [numeric, "_frombuffer", frombuffer],
  [["numpy"], "dtype", makeDType],
  [dill, "_create_array", createDillArray],
  [dill, "_load_type", loadDillType],
  ...sparseClasses.map(([module, name]) => [[module], name, makeSparse(name)] as const),
];

export const constructors: ReadonlyMap<string, ReadonlyMap<string, Constructor>> = (() => {
  const all = new Map<string, Map<string, Constructor>>();
  for (const [modules, name, construct] of entries) {
    for (const module of modules) {
      const names = all.get(module) ?? new Map<string, Constructor>();
      names.set(name, construct);
      all.set(module, names);
    }
  }
  return all;
})();

function makeSet(m: Machine, args: PyTuple, frozen: boolean): PyValue | undefined {
  const [items] = args.items;
  if (args.items.length > 1) return undefined;
  if (items !== undefined && !(items instanceof PyList || items instanceof PyTuple || items instanceof PySet)) return undefined;
  m.charge(cost.list + (items?.items.length ?? 0) * cost.item);
  return new PySet(items === undefined ? [] : items.items.slice(), frozen);
}

/** `bytearray()`, `bytearray(b"...")` or, from protocol 2 and before, `bytearray("...", "latin-1")`. */
function makeByteArray(m: Machine, args: PyTuple): PyValue | undefined {
  const [source, encoding] = args.items;
  m.charge(cost.bytes);
  if (args.items.length === 0) return new PyByteArray(new Uint8Array(0));
  if (args.items.length === 1 && source instanceof PyBytes) return new PyByteArray(source.bytes);
  if (typeof source === "string" && typeof encoding === "string") {
    const bytes = latin1(m, source, encoding);
    return bytes && new PyByteArray(bytes);
  }
  return undefined;
}

/** `_codecs.encode("...", "latin1")` is how protocol 2 writes bytes. */
function encode(m: Machine, args: PyTuple): PyValue | undefined {
  const [text, encoding] = args.items;
  if (args.items.length !== 2 || typeof text !== "string" || typeof encoding !== "string") return undefined;
  const bytes = latin1(m, text, encoding);
  return bytes && new PyBytes(bytes);
}

function latin1(m: Machine, text: string, encoding: string): Uint8Array | undefined {
  if (!/^(latin-?1|iso-?8859-?1)$/i.test(encoding)) return undefined;
  m.charge(cost.bytes + text.length);
  const bytes = encodeLatin1(text);
  if (bytes === undefined) throw m.malformed("bytes written as text hold a character above U+00FF");
  return bytes;
}

/** From nothing, from a dict, or from a list of pairs. */
function makeDict(m: Machine, args: PyTuple): PyValue | undefined {
  const [source] = args.items;
  if (args.items.length > 1) return undefined;
  m.charge(cost.dict);
  const dict = new PyDict();
  if (source === undefined) return dict;
  if (source instanceof PyDict) {
    m.charge(source.size * cost.entry);
    for (const [key, value] of source.entries()) dict.set(key, value);
    return dict;
  }
  if (!(source instanceof PyList || source instanceof PyTuple)) return undefined;
  m.charge(source.items.length * cost.entry);
  for (const pair of source.items) {
    if (!(pair instanceof PyList || pair instanceof PyTuple) || pair.items.length !== 2) return undefined;
    dict.set(pair.items[0]!, pair.items[1]!);
  }
  return dict;
}

/** `copyreg._reconstructor(cls, base, state)`: protocols 0 and 1 allocate objects with it. */
function reconstruct(m: Machine, args: PyTuple): PyValue | undefined {
  const [cls, base, content] = args.items;
  if (args.items.length !== 3 || !(cls instanceof PyGlobal) || !(base instanceof PyGlobal)) return undefined;
  m.globals.noteAllocation(cls, m.at);
  // Python calls base.__new__ and base.__init__: with the built-in types that is data.
  if (!builtins.includes(base.module) || !/^(object|dict|list|tuple|set|frozenset|str|unicode|int|long|float|complex|bytes)$/.test(base.name)) {
    m.globals.noteCall(base, m.at);
  }
  // A namedtuple, which later protocols allocate with its items.
  if (base.name === "tuple" && content instanceof PyTuple) {
    m.charge(cost.object + content.items.length * cost.item);
    return new PyObject(cls, "newobj", content);
  }
  if (content === null) {
    const sparse = constructors.get(cls.module)?.get(cls.name)?.(m, m.emptyTuple, "newobj", undefined);
    if (sparse !== undefined) return sparse;
  }
  m.charge(cost.object);
  const object = new PyObject(globalOf(m, "copyreg", "_reconstructor"), "reduce", args);
  if (content instanceof PyDict) object.dictItems = content;
  if (content instanceof PyList) object.listItems = content.items;
  return object;
}

/** `copyreg.__newobj__(cls, *args)` is NEWOBJ spelled as a call. */
function newObject(m: Machine, args: PyTuple, how: Construction): PyValue | undefined {
  const [cls, ...rest] = args.items;
  if (how !== "reduce" || !(cls instanceof PyGlobal)) return undefined;
  m.globals.noteAllocation(cls, m.at);
  const data = sparseClasses.some(([module, name]) => module === cls.module && name === cls.name)
    ? constructors.get(cls.module)?.get(cls.name)?.(m, new PyTuple(rest), "newobj", undefined)
    : undefined;
  if (data !== undefined) return data;
  m.charge(cost.object + rest.length * cost.item);
  return new PyObject(cls, "newobj", new PyTuple(rest));
}

function globalOf(m: Machine, module: string, name: string): PyGlobal {
  return m.globals.find(module, name) ?? m.globals.find("copy_reg", name) ?? new PyGlobal(module, name);
}
