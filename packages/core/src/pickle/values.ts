// What the inert machine builds: plain descriptions of Python values. Nothing here can run.
//
// Mapping: None -> null, bool -> boolean, int -> bigint (always), float -> number (always), str -> string,
// bytes -> PyBytes, bytearray -> PyByteArray, list/tuple/set/frozenset/dict -> the classes below,
// a global -> PyGlobal (only ever a name), anything made by calling or newing a global -> PyObject,
// except for the few exactly named constructors that are data (NumPy arrays, dtypes and scalars, SciPy sparse
// matrices, slices, complex numbers, OrderedDict ...), which become the classes below.

export type PyValue =
  | null | boolean | bigint | number | string
  | PyBytes | PyByteArray | PyList | PyTuple | PySet | PyDict
  | PyGlobal | PyObject
  | NumpyDType | NumpyArray | NumpyScalar | SparseMatrix;

export class PyBytes {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) { this.bytes = bytes; }
}
export class PyByteArray {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) { this.bytes = bytes; }
}
export class PyList {
  readonly items: PyValue[];
  constructor(items: PyValue[] = []) { this.items = items; }
}
export class PyTuple {
  readonly items: readonly PyValue[];
  constructor(items: readonly PyValue[]) { this.items = items; }
}
export class PySet {
  readonly items: PyValue[];
  readonly frozen: boolean;
  constructor(items: PyValue[], frozen: boolean) { this.items = items; this.frozen = frozen; }
}
/** A dict, OrderedDict, defaultdict or Counter: insertion order kept, keys compared as Python does for simple types. */
export class PyDict {
  /** Made with the first entry: a file may hold millions of empty dicts. */
  #entries: Map<unknown, [PyValue, PyValue]> | undefined;
  get size(): number { return this.#entries?.size ?? 0; }
  set(key: PyValue, value: PyValue): void {
    this.#entries ??= new Map();
    const id = keyIdentity(key);
    const old = this.#entries.get(id);
    if (old) old[1] = value;
    else this.#entries.set(id, [key, value]);
  }
  get(key: PyValue): PyValue | undefined { return this.#entries?.get(keyIdentity(key))?.[1]; }
  has(key: PyValue): boolean { return this.#entries?.has(keyIdentity(key)) ?? false; }
  entries(): IterableIterator<[PyValue, PyValue]> { return (this.#entries ?? new Map<unknown, [PyValue, PyValue]>()).values(); }
}

/** Longest text that a tuple is turned into to be compared by content. */
const maxTupleText = 10_000;

/**
 * Python's equality for hashable simple values: 1 == 1.0 == True == np.int64(1); strings, bytes and tuples of simple values
 * by content; the rest by identity. Tuples in tuples are followed one level: a file may nest them without end.
 */
function keyIdentity(key: PyValue, depth = 0): unknown {
  if (typeof key === "string") return `s${key}`;
  if (typeof key === "boolean") return key ? 1n : 0n;
  if (typeof key === "number") return Number.isInteger(key) ? integerIdentity(BigInt(key)) : key;
  if (typeof key === "bigint") return integerIdentity(key);
  if (key instanceof NumpyScalar && depth < 4) return keyIdentity(key.value, depth + 1);
  if (key instanceof PyBytes && key.bytes.length <= 256) return `b${key.bytes.join()}`;
  if (key instanceof PyTuple && key.items.length <= 64 && depth < 2) {
    let text = "t";
    for (const item of key.items) {
      const id = keyIdentity(item, depth + 1);
      if (typeof id === "object" && id !== null) return key;
      const part = String(id);
      if (text.length + part.length > maxTupleText) return key;
      text += `${typeof id}:${part.length}:${part},`;
    }
    return text;
  }
  return key;
}

/** Beyond 64 bits as text: engines hash a BigInt by few of its bits, which a file could exploit. */
function integerIdentity(value: bigint): unknown {
  return BigInt.asIntN(64, value) === value ? value : `i${value.toString(36)}`;
}

/** A name that the file mentions. Never resolved to anything. */
export class PyGlobal {
  readonly module: string;
  readonly name: string;
  constructor(module: string, name: string) { this.module = module; this.name = name; }
  get qualifiedName(): string { return `${this.module}.${this.name}`; }
}

/** How the file asked for an object to be made. */
export type Construction = "reduce" | "newobj" | "newobj_ex" | "inst" | "obj";

/**
 * An inert description of `callable(*args, **kwargs)` followed by state, list and dict items.
 * `reduce`, `inst` and `obj` would have called the callable in Python; `newobj` would only have allocated.
 */
export class PyObject {
  readonly callable: PyValue;
  readonly how: Construction;
  readonly args: PyTuple;
  readonly kwargs: PyDict | undefined;
  /** What BUILD set (the last one wins; attribute dicts of several BUILDs are merged). */
  state: PyValue | undefined;
  /** Items appended (a list subclass). */
  listItems: PyValue[] | undefined;
  /** Items set (a dict subclass). */
  dictItems: PyDict | undefined;
  constructor(callable: PyValue, how: Construction, args: PyTuple, kwargs?: PyDict) {
    this.callable = callable;
    this.how = how;
    this.args = args;
    this.kwargs = kwargs;
  }
  /** `module.name` of the class, or "?" when the callable is not a plain name. */
  get className(): string {
    const c = this.classGlobal;
    return c ? c.qualifiedName : "?";
  }
  /** The class: of `newobj` the callable itself, of `copyreg._reconstructor(cls, object, None)` its first argument. */
  get classGlobal(): PyGlobal | undefined {
    if (!(this.callable instanceof PyGlobal)) return undefined;
    const { qualifiedName: q } = this.callable;
    if (q === "copyreg._reconstructor" || q === "copy_reg._reconstructor") {
      const cls = this.args.items[0];
      return cls instanceof PyGlobal ? cls : undefined;
    }
    return this.callable;
  }
  /** The attribute dictionary: `state` itself, or the first half of the (dict, slots) pair. */
  get attributes(): PyDict | undefined {
    if (this.state instanceof PyDict) return this.state;
    if (this.state instanceof PyTuple && this.state.items[0] instanceof PyDict) return this.state.items[0];
    return undefined;
  }
}

export type NumpyKind = "b" | "i" | "u" | "f" | "c" | "S" | "U" | "O" | "M" | "m" | "V";
export interface NumpyField {
  readonly name: string;
  readonly dtype: NumpyDType;
  readonly offset: number;
}
export class NumpyDType {
  readonly kind: NumpyKind;
  /** Bytes per item. */
  readonly itemSize: number;
  readonly littleEndian: boolean;
  /** For structured types. */
  readonly fields: readonly NumpyField[] | undefined;
  /** For M and m: the unit, for example "ns", and its multiple. */
  readonly unit: readonly [string, number] | undefined;
  /** For a subarray type: its base and shape. */
  readonly subarray: { readonly base: NumpyDType; readonly shape: readonly number[] } | undefined;
  constructor(kind: NumpyKind, itemSize: number, littleEndian = true, extra: {
    fields?: readonly NumpyField[] | undefined;
    unit?: readonly [string, number] | undefined;
    subarray?: { readonly base: NumpyDType; readonly shape: readonly number[] } | undefined;
  } = {}) {
    this.kind = kind;
    this.itemSize = itemSize;
    this.littleEndian = littleEndian;
    this.fields = extra.fields;
    this.unit = extra.unit;
    this.subarray = extra.subarray;
  }
  /** NumPy's short name, for example "<f8", "|O", "<U12", "<M8[ns]". */
  get code(): string {
    const size = this.kind === "U" ? this.itemSize / 4 : this.kind === "O" ? "" : this.itemSize;
    const order = this.kind === "O" || this.itemSize === 1 || this.kind === "S" || this.kind === "V" ? "|" : this.littleEndian ? "<" : ">";
    const unit = this.unit === undefined || this.unit[0] === "generic" ? "" : `[${this.unit[1] === 1 ? "" : this.unit[1]}${this.unit[0]}]`;
    return `${order}${this.kind}${size}${unit}`;
  }
}
/** An array: raw bytes in the file's order, or objects for dtype "O". Use the functions of numpy.ts to read it. */
export class NumpyArray {
  readonly dtype: NumpyDType;
  readonly shape: readonly number[];
  readonly fortran: boolean;
  /** A view into the file for every dtype but "O". Exactly shape x itemSize bytes. */
  readonly bytes: Uint8Array;
  readonly objects: readonly PyValue[] | undefined;
  constructor(dtype: NumpyDType, shape: readonly number[], fortran: boolean, bytes: Uint8Array, objects?: readonly PyValue[]) {
    this.dtype = dtype;
    this.shape = shape;
    this.fortran = fortran;
    this.bytes = bytes;
    this.objects = objects;
  }
}
/** `numpy.float64(1.5)` and its kin: the value as a PyValue (float -> number, int -> bigint, str, bool, bytes ...). */
export class NumpyScalar {
  readonly dtype: NumpyDType;
  readonly value: PyValue;
  constructor(dtype: NumpyDType, value: PyValue) { this.dtype = dtype; this.value = value; }
}
/** A SciPy csr, csc or other compressed matrix or array, as stored. */
export class SparseMatrix {
  readonly format: "csr" | "csc" | "coo" | "dia";
  readonly shape: readonly [number, number];
  readonly parts: Readonly<Record<string, NumpyArray>>;
  constructor(format: "csr" | "csc" | "coo" | "dia", shape: readonly [number, number], parts: Readonly<Record<string, NumpyArray>>) {
    this.format = format;
    this.shape = shape;
    this.parts = parts;
  }
}
