// What dill (0.3 and 0.4) writes instead of pickle's own words for plain data: arrays with their state in one call, and
// built-in types by name. Its functions, classes, modules and cells made from code stay descriptions, and are reported.

import { cost } from "./cost.ts";
import type { Machine } from "./machine.ts";
import { reconstructArray, setArrayState } from "./numpy-build.ts";
import { NumpyArray, PyDict, PyGlobal, PyTuple, type PyValue } from "./values.ts";

/** dill's names of types (dill._dill._reverse_typemap): the built-in ones as they are called, and old ones with "Type". */
const types: ReadonlyMap<string, readonly [module: string, name: string]> = new Map([
  ...["object", "bool", "int", "float", "complex", "str", "bytes", "bytearray", "tuple", "list", "dict", "set", "frozenset", "range", "slice"].map((name) => [name, ["builtins", name]] as const),
  ...Object.entries({
    ObjectType: "object", BooleanType: "bool", BoolType: "bool", IntType: "int", LongType: "int", FloatType: "float", ComplexType: "complex", StringType: "str", UnicodeType: "str", BytesType: "bytes",
    TupleType: "tuple", ListType: "list", DictType: "dict", DictionaryType: "dict", SetType: "set", FrozenSetType: "frozenset", RangeType: "range", XRangeType: "range", SliceType: "slice",
  }).map(([name, type]) => [name, ["builtins", type]] as const),
]);

/** `_load_type("slice")`; a type of code is named as what it is, so that a call of it is seen. */
export function loadDillType(m: Machine, args: PyTuple): PyValue | undefined {
  const [name] = args.items;
  if (args.items.length !== 1 || typeof name !== "string") return unusual(m, "dill._dill._load_type");
  const [module, type] = types.get(name) ?? ["dill._dill", `_load_type(${name})`];
  m.charge(cost.object);
  return m.globals.mention(module, type, m.at).global;
}

/** `_create_array(_reconstruct, (ndarray, (0,), b"b"), state, None)`. */
export function createDillArray(m: Machine, args: PyTuple): PyValue | undefined {
  const [make, makeArgs, state, attributes] = args.items;
  if (make instanceof PyGlobal) m.globals.noteCall(make, m.at);
  const known = make instanceof PyGlobal && /^numpy\.(_?core\.)?multiarray$/.test(make.module) && make.name === "_reconstruct";
  const plain = attributes === undefined || attributes === null || (attributes instanceof PyDict && attributes.size === 0);
  if (!known || !(makeArgs instanceof PyTuple) || state === undefined || !plain) return unusual(m, "dill._dill._create_array");
  const array = reconstructArray(m, makeArgs);
  if (!(array instanceof NumpyArray)) return unusual(m, "dill._dill._create_array");
  setArrayState(m, array, state);
  return array;
}

function unusual(m: Machine, what: string): undefined {
  m.globals.noteIndirectCall(`${what} with unusual arguments`, m.at);
  return undefined;
}
