// skops files (skops.io, protocol 0 to 2): a zip of schema.json, a tree of what an object is made of, and arrays as .npy. MLflow 3
// saves scikit-learn models so. The tree is written down as the pickle that the same object would have been, which then takes
// the way of every other pickle: the same inert machine, the same limits, the same list of names that a file mentions.

import { defineErrors, type ErrorMaker, type SlipwayError } from "../base/index.ts";
import { ZipArchive } from "../formats/index.ts";
import { npyParts, type NpyField } from "./npy.ts";
import { PickleWriter } from "./pickle-writer.ts";

const table = {
  "skops-damaged": { kind: "invalid", doc: "A skops file has no schema, or one that contradicts itself. Save the model again with skops.io.dump or MLflow." },
  "skops-unsupported": { kind: "unsupported", doc: "A skops file holds an object of a kind that Slipway does not read. The error names it; save the model with joblib, which it does." },
} as const;
export const skopsError: ErrorMaker<typeof table> = defineErrors(table);

const SCHEMA = "schema.json";
const MAX_SCHEMA = 256 << 20;
const MAX_DEPTH = 400;

type Node = Readonly<Record<string, unknown>>;

/** @throws skops-damaged, skops-unsupported, and the errors of zip archives */
export function pickleOfSkops(bytes: Uint8Array): Uint8Array {
  const archive = new ZipArchive(bytes);
  const schema = archive.read(SCHEMA);
  if (schema === undefined || schema.length > MAX_SCHEMA) throw damaged(schema === undefined ? "it has no schema.json" : "its schema.json is too large");
  let tree: unknown;
  try {
    tree = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(schema));
  } catch (error) {
    throw damaged(`its schema.json is not JSON: ${error instanceof Error ? error.message.slice(0, 100) : "unreadable"}`);
  }
  const writer = new PickleWriter();
  new Transcriber(archive, writer).node(tree, 0);
  return writer.finish();
}

class Transcriber {
  readonly #archive: ZipArchive;
  readonly #out: PickleWriter;
  readonly #kept = new Map<number, number>();

  constructor(archive: ZipArchive, out: PickleWriter) {
    this.#archive = archive;
    this.#out = out;
  }

  node(value: unknown, depth: number): void {
    if (depth > MAX_DEPTH) throw damaged(`its objects lie more than ${MAX_DEPTH} deep in one another`);
    const node = object(value);
    const id = node["__id__"];
    const loader = node["__loader__"];
    if (loader === "CachedNode") {
      const place = typeof id === "number" ? this.#kept.get(id) : undefined;
      if (place === undefined) throw damaged("an object is referred to before it is there");
      this.#out.get(place);
      return;
    }
    this.#write(node, String(loader), depth + 1);
    // Whole numbers, texts and None share their ids with equal ones, and need no memo.
    if (typeof id === "number" && loader !== "JsonNode" && loader !== "TypeNode") this.#kept.set(id, this.#out.put());
  }

  #write(node: Node, loader: string, depth: number): void {
    const out = this.#out;
    const content = node["content"];
    const [module, name] = [text(node, "__module__"), text(node, "__class__")];
    const inner = (value: unknown): void => this.node(value, depth);
    switch (loader) {
      case "JsonNode": return literal(out, content);
      case "TypeNode": case "FunctionNode": return out.global(module, name);
      case "ListNode": return out.list(list(content).map((item) => () => inner(item)));
      case "TupleNode": return out.tuple(list(content).map((item) => () => inner(item)));
      case "SetNode": return out.set(list(content).map((item) => () => inner(item)));
      case "DictNode": return this.#dict(node, depth);
      case "DefaultDictNode": case "_DictWithDeprecatedKeysNode": return inner(object(content)["main"]);
      case "ObjectNode":
        out.newobj(module, name);
        if (content !== undefined && content !== null && !isNone(content)) out.build(() => inner(content));
        return;
      case "ConstructorFromReduceNode": return out.reduce(module, name, () => inner(content));
      case "TreeNode": case "LossNode":
        out.reduce(module, name, () => inner(object(node["__reduce__"])["args"]));
        if (content !== undefined && !isEmpty(content)) out.build(() => inner(content));
        return;
      case "PartialNode": {
        const { func, args, kwds, namespace } = object(content);
        out.reduce("functools", "partial", () => out.tuple([() => inner(func)]));
        out.build(() => out.tuple([func, args, kwds, namespace].map((part) => () => inner(part))));
        return;
      }
      case "SliceNode": {
        const { start, stop, step } = object(content);
        return out.reduce("builtins", "slice", () => out.tuple([start, stop, step].map((end) => () => literal(out, JSON.stringify(end ?? null)))));
      }
      case "BytesNode": case "BytearrayNode": return out.bytes(this.#file(node), loader === "BytearrayNode");
      case "NdArrayNode": return this.#array(node, module, name, depth);
      case "MaskedArrayNode": {
        const { data, mask } = object(content);
        out.newobj("numpy.ma", "MaskedArray");
        return out.build(() => out.dict([[() => out.text("_data"), () => inner(data)], [() => out.text("_mask"), () => inner(mask)]]));
      }
      case "DTypeNode": {
        const { descr } = npyParts(this.#file(object(content)), damaged);
        return dtype(out, descr);
      }
      case "RandomStateNode": case "RandomGeneratorNode":
        out.newobj(module, name);
        return;
      case "SparseMatrixNode": return this.#sparse(node, name);
      default: throw skopsError("skops-unsupported", `the file holds ${module}.${name} as ${JSON.stringify(loader.slice(0, 60))}`, { hint: "Save the model with joblib.dump(model, 'model.joblib'), and pass that." });
    }
  }

  #dict(node: Node, depth: number): void {
    const out = this.#out;
    const entries = Object.entries(object(node["content"]));
    const types = list(object(node["key_types"])["content"]).map((t) => text(object(t), "__class__"));
    if (types.length !== entries.length) throw damaged(`a dict has ${entries.length} keys and ${types.length} types of keys`);
    // A JSON object puts whole-number keys first, whatever their order was; the types stand in the order of the file.
    const numeric = entries.filter(([key]) => /^(?:0|[1-9]\d*)$/.test(key) && Number(key) < 2 ** 32 - 1).length;
    const sorted = numeric > 0 && new Set(types).size > 1 ? undefined : types;
    out.dict(entries.map(([key, value], i) => [() => dictKey(out, key, sorted === undefined ? guessed(key, types) : sorted[i]!), () => this.node(value, depth)]));
  }

  #array(node: Node, module: string, name: string, depth: number): void {
    const out = this.#out;
    if (node["type"] === "json") {
      const items = list(node["content"]);
      const shape = object(node["shape"]);
      const sides = list(shape["content"]).map((side) => Number(object(side)["content"]));
      return out.array(sides, () => dtype(out, "|O"), false, () => out.list(flat(items, sides.length - 1).map((item) => () => this.node(item, depth))));
    }
    const { descr, fortran, shape, data } = npyParts(this.#file(node), damaged);
    if (module !== "numpy" || name === "ndarray" || name === "matrix") return out.array(shape, () => dtype(out, descr), fortran, () => out.bytes(data, false));
    // np.float64(1) and its like.
    out.reduce("numpy.core.multiarray", "scalar", () => out.tuple([() => dtype(out, descr), () => out.bytes(data, false)]));
  }

  #sparse(node: Node, name: string): void {
    const out = this.#out;
    const inside = new ZipArchive(this.#file(node));
    const part = (key: string): ReturnType<typeof npyParts> | undefined => {
      const bytes = inside.read(`${key}.npy`);
      return bytes === undefined ? undefined : npyParts(bytes, damaged);
    };
    const format = part("format");
    const kind = format === undefined ? name.slice(0, 3) : new TextDecoder().decode(format.data).replaceAll("\0", "");
    const shape = part("shape");
    if (!/^(?:csr|csc|coo|dia)$/.test(kind) || shape === undefined) throw skopsError("skops-unsupported", `the file holds a sparse matrix of the format ${JSON.stringify(kind.slice(0, 20))}`);
    const view = new DataView(shape.data.buffer, shape.data.byteOffset, shape.data.byteLength);
    const wide = shape.descr === "<i8";
    const sides = Array.from({ length: shape.shape[0] ?? 0 }, (_, i) => (wide ? Number(view.getBigInt64(i * 8, true)) : view.getInt32(i * 4, true)));
    out.newobj("scipy.sparse", `${kind}_${name.endsWith("array") ? "array" : "matrix"}`);
    out.build(() => out.dict([
      [() => out.text("_shape"), () => out.tuple(sides.map((side) => () => out.integer(BigInt(side))))],
      ...["data", "indices", "indptr", "row", "col", "offsets"].flatMap((key): [() => void, () => void][] => {
        const found = part(key);
        return found === undefined ? [] : [[() => out.text(key), () => out.array(found.shape, () => dtype(out, found.descr), found.fortran, () => out.bytes(found.data, false))]];
      }),
    ]));
  }

  #file(node: Node): Uint8Array {
    const file = text(node, "file");
    const bytes = this.#archive.read(file);
    if (bytes === undefined) throw damaged(`it lacks ${JSON.stringify(file.slice(0, 100))}`);
    return bytes;
  }
}

function dtype(out: PickleWriter, descr: string | readonly NpyField[]): void {
  if (typeof descr === "string") return out.dtype(descr);
  let offset = 0;
  const fields = descr.map((field) => {
    const at = offset;
    offset += field.size;
    return { ...field, at };
  });
  // Fields without a name are room between others.
  out.structure(offset, fields.filter((f) => f.name !== "").map(({ name, type, at }) => ({ name, type, at })));
}

function literal(out: PickleWriter, content: unknown): void {
  if (typeof content !== "string") throw damaged("a plain value has no content");
  const number = content.trim();
  if (/^-?\d+$/.test(number)) return out.integer(BigInt(number));
  if (/^(?:NaN|-?Infinity)$/.test(number)) return out.number(Number(number));
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    throw damaged("a plain value is not JSON");
  }
  plain(out, value, content);
}

/** json.dumps writes lists and dicts of plain values whole; whole numbers in them have no point. */
function plain(out: PickleWriter, value: unknown, source: string, depth = 0): void {
  if (depth > MAX_DEPTH) throw damaged("a plain value is too deep");
  if (value === null) return out.none();
  if (typeof value === "boolean") return out.truth(value);
  if (typeof value === "string") return out.text(value);
  if (typeof value === "number") return Number.isInteger(value) && !/[.eE]/.test(source) ? out.integer(BigInt(value)) : out.number(value);
  if (Array.isArray(value)) return out.list(value.map((item) => () => plain(out, item, source, depth + 1)));
  return out.dict(Object.entries(value as object).map(([key, item]) => [() => out.text(key), () => plain(out, item, source, depth + 1)]));
}

function dictKey(out: PickleWriter, key: string, type: string): void {
  if (type === "int" || /^u?int\d*$/.test(type)) {
    if (!/^-?\d+$/.test(key)) throw damaged("a key of a dict is not the whole number that it should be");
    return out.integer(BigInt(key));
  }
  if (type === "float" || /^float\d*$/.test(type)) return out.number(key === "nan" ? NaN : Number(key));
  if (type === "bool" || type === "bool_") return out.truth(key === "True" || key === "true");
  if (type === "NoneType") return out.none();
  out.text(key);
}
function guessed(key: string, types: readonly string[]): string {
  const whole = /^-?\d+$/.test(key) ? types.find((t) => /^u?int\d*$/.test(t)) : undefined;
  return whole ?? types.find((t) => !/^u?int\d*$/.test(t))!;
}

/** Items of a nested list, `levels` of nesting taken away. */
function flat(items: readonly unknown[], levels: number): readonly unknown[] {
  return levels <= 0 ? items : flat(items.flatMap((item) => list(object(item)["content"])), levels - 1);
}
function object(value: unknown): Node {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged("an object is missing in its schema");
  return value as Node;
}
function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw damaged("a list is missing in its schema");
  return value;
}
function text(node: Node, key: string): string {
  const value = Object.hasOwn(node, key) ? node[key] : "";
  if (typeof value !== "string") throw damaged(`${key} is no text`);
  return value;
}
function isNone(value: unknown): boolean {
  return object(value)["__loader__"] === "JsonNode" && object(value)["content"] === "null";
}
function isEmpty(value: unknown): boolean {
  const node = object(value);
  const content = node["content"];
  return isNone(value) || (typeof content === "object" && content !== null && Object.keys(content).length === 0);
}
function damaged(message: string): SlipwayError {
  return skopsError("skops-damaged", `the skops file is damaged: ${message}`, { hint: "Save the model again." });
}
