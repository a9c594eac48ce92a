// PyTorch's zip archives (torch.save since 1.6, torch.jit.save, torch.export.save): one folder with pickles and one file
// for each storage of a tensor. Pickles are read by the inert machine: a storage is a persistent id, which becomes a
// description; the few functions that rebuild tensors are descriptions as well, read by tensorOf with their strides.

import { ZipArchive } from "../../formats/index.ts";
import { assertInert, PyDict, PyGlobal, PyObject, PyTuple, readPickleFile, type PickleFile, type PyValue } from "../../pickle/index.ts";
import { elementCount, type ElementType, type Tensor } from "../../tensor/index.ts";
import { malformed, shown, torchError } from "./errors.ts";

/** Calls that PyTorch's own files are made of, and that are data. */
const DATA_CALLS = /^torch\._utils\._rebuild_(tensor|tensor_v2|parameter|parameter_with_state)$|^torch\.jit\._pickle\.(restore_type_tag|build_\w+list)$|^torch\.(device|Size)$|^torch\.serialization\._get_layout$|^torch\.storage\._load_from_bytes$/;

const STORAGE = "storage";
/** A tensor may repeat elements (stride 0), but not without end. */
const FREE_ELEMENTS = 2 ** 20;
const MAX_DIMENSIONS = 32;

/** Element type and bytes per element, by the name of the storage class. */
const STORAGES: Readonly<Record<string, readonly [ElementType, number]>> = {
  FloatStorage: ["float", 4], DoubleStorage: ["double", 8], LongStorage: ["int64", 8], IntStorage: ["int32", 4], ShortStorage: ["int16", 2],
  CharStorage: ["int8", 1], ByteStorage: ["uint8", 1], BoolStorage: ["bool", 1], HalfStorage: ["float16", 2], BFloat16Storage: ["uint16", 2],
};
/** Kept as float, which holds every one of their numbers. */
const HALVES: Readonly<Record<string, string>> = { HalfStorage: "float16", BFloat16Storage: "bfloat16" };

export class TorchArchive {
  readonly zip: ZipArchive;
  /** "model/": the one folder that everything is in. */
  readonly root: string;
  readonly #littleEndian: boolean;
  readonly #tensors = new Map<PyObject, Tensor>();
  readonly #folders = new Map<PyObject, string>();
  readonly #halves = new Map<Tensor, string>();

  constructor(bytes: Uint8Array) {
    this.zip = new ZipArchive(bytes);
    const pickle = this.zip.names.find((n) => /^[^/]+\/(data\.pkl|version|archive_format)$/.test(n));
    this.root = pickle === undefined ? "" : pickle.slice(0, pickle.indexOf("/") + 1);
    this.#littleEndian = this.text("byteorder") !== "big";
  }
  has(name: string): boolean {
    return this.zip.has(this.root + name);
  }
  read(name: string): Uint8Array | undefined {
    return this.zip.read(this.root + name);
  }
  text(name: string): string | undefined {
    const bytes = this.read(name);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** A pickle whose storages lie in `folder`. @throws pickle-calls-code when it would call anything but PyTorch's own rebuilding */
  pickle(name: string, folder: string): PickleFile | undefined {
    const bytes = this.read(name);
    if (!bytes) return undefined;
    const file = readPickleFile(bytes, {
      persistentId: (id) => {
        if (!(id instanceof PyTuple) || id.items.length < 5 || id.items[0] !== "storage") return undefined;
        const ref = new PyObject(new PyGlobal("torch", STORAGE), "newobj", id);
        this.#folders.set(ref, folder);
        return ref;
      },
    });
    assertInert({ ...file, globals: file.globals.filter((g) => !DATA_CALLS.test(g.name)) });
    return file;
  }

  /** The tensor that a value describes, or undefined when it describes none. */
  tensorOf(value: PyValue): Tensor | undefined {
    if (!(value instanceof PyObject)) return undefined;
    const known = this.#tensors.get(value);
    if (known) return known;
    const found = this.#rebuild(value, 0);
    if (found) this.#tensors.set(value, found);
    return found;
  }
  #rebuild(value: PyObject, depth: number): Tensor | undefined {
    if (value.how !== "reduce" || depth > 4) return undefined;
    if (value.className.startsWith("torch._utils._rebuild_parameter")) {
      const inner = value.args.items[0];
      return inner instanceof PyObject ? this.#rebuild(inner, depth + 1) : undefined;
    }
    const [storage, offset, size, stride] = value.args.items;
    if (!/^torch\._utils\._rebuild_tensor(_v2)?$/.test(value.className) || !(storage instanceof PyObject)) return undefined;
    const [, type, key] = storage.args.items;
    if (!(type instanceof PyGlobal) || typeof key !== "string" || !/^[\w.-]{1,200}$/.test(key)) throw malformed("a tensor's storage is not readable");
    return this.tensorAt(`${this.#folders.get(storage) ?? "data"}/${key}`, type.name, sizes(offset), list(size), list(stride));
  }

  /** The sizes of a tensor whose numbers are not wanted. */
  shapeOf(value: PyValue): { readonly type: ElementType; readonly shape: readonly number[] } | undefined {
    if (!(value instanceof PyObject) || !/^torch\._utils\._rebuild_tensor(_v2)?$/.test(value.className)) return undefined;
    const [storage, , size] = value.args.items;
    const type = storage instanceof PyObject && storage.args.items[1] instanceof PyGlobal ? STORAGES[storage.args.items[1].name] : undefined;
    return type && { type: type[0], shape: list(size) };
  }

  /** A view of a storage: `offset` and `strides` in elements. */
  tensorAt(name: string, storageType: string, offset: number, shape: readonly number[], strides: readonly number[]): Tensor {
    const kind = Object.hasOwn(STORAGES, storageType) ? STORAGES[storageType] : undefined;
    if (!kind) {
      throw torchError("torch-operator", `a tensor of the model is kept as ${shown(storageType)}`, {
        where: name, hint: "Quantized and complex tensors are not compiled: save the float model." });
    }
    const [type, width] = kind;
    const bytes = this.read(name);
    if (!bytes) throw malformed(`the archive holds no ${shown(name)}`);
    const held = Math.floor(bytes.length / width);
    if (shape.length > MAX_DIMENSIONS || shape.length !== strides.length) throw malformed("a tensor's size and strides do not agree", name);
    const count = elementCount(shape);
    if (!(count <= Math.max(held, FREE_ELEMENTS))) throw malformed(`a tensor has ${count} elements, but its storage ${held}`, name);
    const last = shape.reduce((at, d, i) => at + (d - 1) * strides[i]!, offset);
    if (count > 0 && last >= held) throw malformed(`a tensor reaches to element ${last} of a storage of ${held}`, name);
    const data = gather(bytes, type, width, this.#littleEndian, count, offset, shape, strides);
    const half = Object.hasOwn(HALVES, storageType) ? HALVES[storageType] : undefined;
    if (half === undefined) return { type, shape, data } as Tensor;
    const tensor: Tensor = { type: "float", shape, data: widened(data as Uint16Array, half) };
    this.#halves.set(tensor, half);
    return tensor;
  }
  /** "float16" or "bfloat16" where the file holds it so. */
  halfOf(tensor: Tensor): string | undefined {
    return this.#halves.get(tensor);
  }
}

function widened(bits: Uint16Array, half: string): Float32Array {
  const out = new Float32Array(bits.length);
  const words = new Uint32Array(out.buffer);
  bits.forEach((b, i) => {
    if (half === "bfloat16") words[i] = b << 16;
    else {
      const [sign, exponent, fraction] = [b >> 15 ? -1 : 1, (b >> 10) & 31, b & 1023];
      out[i] = exponent === 31 ? (fraction ? NaN : sign * Infinity) : sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
    }
  });
  return out;
}

function gather(bytes: Uint8Array, type: ElementType, width: number, little: boolean, count: number, offset: number, shape: readonly number[], strides: readonly number[]): Tensor["data"] {
  const swapped = !little && width > 1;
  const out = new Uint8Array(count * width);
  let dense = 1;
  const isDense = shape.every((_, k) => {
    const i = shape.length - 1 - k;
    const fits = shape[i] === 1 || strides[i] === dense;
    dense *= shape[i]!;
    return fits;
  });
  if (isDense) out.set(bytes.subarray(offset * width, (offset + count) * width));
  else {
    const index = new Array<number>(shape.length).fill(0);
    let from = offset;
    for (let to = 0; to < count; to++) {
      for (let b = 0; b < width; b++) out[to * width + b] = bytes[from * width + b]!;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        from += strides[axis]!;
        if (++index[axis]! < shape[axis]!) break;
        from -= strides[axis]! * shape[axis]!;
        index[axis] = 0;
      }
    }
  }
  if (swapped) for (let i = 0; i < out.length; i += width) out.subarray(i, i + width).reverse();
  switch (type) {
    case "float": return new Float32Array(out.buffer);
    case "double": return new Float64Array(out.buffer);
    case "int64": return new BigInt64Array(out.buffer);
    case "int32": return new Int32Array(out.buffer);
    case "int16": return new Int16Array(out.buffer);
    case "int8": return new Int8Array(out.buffer);
    case "float16": case "uint16": return new Uint16Array(out.buffer);
    default: return out;
  }
}

function sizes(value: PyValue | undefined): number {
  const n = typeof value === "bigint" ? Number(value) : NaN;
  if (!(n >= 0 && Number.isSafeInteger(n))) throw malformed("a tensor's size is not a number");
  return n;
}
function list(value: PyValue | undefined): number[] {
  if (value instanceof PyObject && value.className === "torch.Size") return list(value.args.items[0]);
  if (!(value instanceof PyTuple)) throw malformed("a tensor's size is not a tuple");
  return value.items.map(sizes);
}

/** Named attributes of an object, whichever way they were set. */
export function attributesOf(value: PyObject): PyDict {
  return value.attributes ?? new PyDict();
}
