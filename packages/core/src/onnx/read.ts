// Reads ONNX bytes (onnx.proto up to IR version 13) into a Model. The bytes are hostile until read: every length is checked
// before memory is taken, nesting is bounded, and no tensor may have its data in another file.

import { ByteReader, SlipwayError } from "../base/index.ts";
import { readFields, type ProtoField } from "../formats/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { onnxError } from "./errors.ts";
import type { Graph, Initializer, Model, Node, Opset } from "./model.ts";
import { isLength, isNumber, malformed, part, readInts, text } from "./read-fields.ts";
import { readTensor } from "./read-tensor.ts";
import { readValueInfo } from "./read-type.ts";
import type { Attribute } from "./value.ts";

export interface ReadLimits {
  /** Bytes of the file. */
  readonly bytes: number;
  /** Bodies within bodies. */
  readonly depth: number;
  /** Nodes, inputs, outputs, initializers and attributes, all together. */
  readonly parts: number;
}
export const READ_LIMITS: ReadLimits = { bytes: 2 ** 31 - 1, depth: 32, parts: 5_000_000 };

export function readModel(bytes: Uint8Array, limits: Partial<ReadLimits> = {}): Model {
  const all = { ...READ_LIMITS, ...limits };
  if (bytes.length > all.bytes) throw onnxError("onnx-limit", `the file has ${bytes.length} bytes; ${all.bytes} are read`);
  try {
    return new ModelReader(all).model(new ByteReader(bytes));
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const { code, message, where } = error as SlipwayError;
    if (code === "bytes-truncated") throw onnxError("onnx-truncated", message, { where, hint: "The file was cut off, or is not an ONNX model.", cause: error });
    if (code === "protobuf-malformed") throw onnxError("onnx-malformed", `this is not an ONNX model: ${message}`, { where, cause: error });
    throw error;
  }
}

/** One NodeProto. */
export function readNode(r: ByteReader): Node {
  return new ModelReader(READ_LIMITS).node(r, 0);
}

class ModelReader {
  readonly #limits: ReadLimits;
  #parts = 0;

  constructor(limits: ReadLimits) {
    this.#limits = limits;
  }
  #count(): void {
    if (++this.#parts > this.#limits.parts) throw onnxError("onnx-limit", `the model has more than ${this.#limits.parts} nodes, values and attributes`);
  }

  model(r: ByteReader): Model {
    let irVersion = 0;
    let producerName = "";
    let producerVersion = "";
    let docString: string | undefined;
    let graph: Graph | undefined;
    const opsets: Opset[] = [];
    const metadata: [string, string][] = [];
    for (const f of readFields(r)) {
      switch (f.number) {
        case 1: irVersion = Number(isNumber(f).value); break;
        case 2: producerName = text(r, f); break;
        case 3: producerVersion = text(r, f); break;
        case 6: docString = text(r, f); break;
        case 7:
          if (graph) throw malformed("there are two graphs", f);
          graph = this.graph(part(r, f), 0);
          break;
        case 8: opsets.push(this.#opset(part(r, f))); break;
        case 14: metadata.push(this.#entry(part(r, f))); break;
        default: break;
      }
    }
    if (!graph) throw onnxError("onnx-malformed", "the file holds no graph: it is not an ONNX model, or an empty one");
    return { irVersion, opsets, producerName, producerVersion, ...(docString === undefined ? {} : { docString }), graph, metadata: Object.fromEntries(metadata) };
  }
  #opset(r: ByteReader): Opset {
    let domain = "";
    let version = 0;
    for (const f of readFields(r)) {
      if (f.number === 1) domain = text(r, f);
      else if (f.number === 2) version = Number(isNumber(f).value);
    }
    this.#count();
    return { domain, version };
  }
  #entry(r: ByteReader): [string, string] {
    const pair: [string, string] = ["", ""];
    for (const f of readFields(r)) if (f.number === 1 || f.number === 2) pair[f.number - 1] = text(r, f);
    this.#count();
    return pair;
  }

  graph(r: ByteReader, depth: number): Graph {
    if (depth > this.#limits.depth) throw onnxError("onnx-limit", `graphs are nested deeper than ${this.#limits.depth}`, { where: `byte ${r.offset}` });
    let name = "";
    let docString: string | undefined;
    const nodes: Node[] = [];
    const initializers: Initializer[] = [];
    const inputs: Graph["inputs"][number][] = [];
    const outputs: Graph["outputs"][number][] = [];
    const values: Graph["outputs"][number][] = [];
    for (const f of readFields(r)) {
      switch (f.number) {
        case 1: nodes.push(this.node(part(r, f), depth)); break;
        case 2: name = text(r, f); break;
        case 5: initializers.push(readTensor(part(r, f))); break;
        case 10: docString = text(r, f); break;
        case 11: inputs.push(readValueInfo(part(r, f))); break;
        case 12: outputs.push(readValueInfo(part(r, f))); break;
        case 13: values.push(readValueInfo(part(r, f))); break;
        case 15: throw onnxError("onnx-unsupported", "sparse initializers are not read", { where: `byte ${f.at}` });
        default: break;
      }
      this.#count();
    }
    return { name, ...(docString === undefined ? {} : { docString }), inputs, outputs, nodes, initializers, ...(values.length === 0 ? {} : { values }) };
  }

  node(r: ByteReader, depth: number): Node {
    const at = r.offset;
    let name = "";
    let opType = "";
    let domain = "";
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes = new Map<string, Attribute>();
    for (const f of readFields(r)) {
      switch (f.number) {
        case 1: inputs.push(text(r, f)); break;
        case 2: outputs.push(text(r, f)); break;
        case 3: name = text(r, f); break;
        case 4: opType = text(r, f); break;
        case 5: {
          const [key, value] = this.#attribute(part(r, f), depth);
          if (attributes.has(key)) throw malformed(`attribute ${JSON.stringify(key)} is given twice`, f);
          attributes.set(key, value);
          break;
        }
        case 7: domain = text(r, f); break;
        default: break;
      }
      this.#count();
    }
    if (opType === "") throw onnxError("onnx-malformed", "a node has no operator", { where: `byte ${at}` });
    return { name, opType, domain, inputs, outputs, attributes };
  }

  #attribute(r: ByteReader, depth: number): [string, Attribute] {
    const at = r.offset;
    let name = "";
    let type = 0;
    let single: Attribute | undefined;
    const floats: number[] = [];
    const ints: ProtoField[] = [];
    const strings: string[] = [];
    for (const f of readFields(r)) {
      switch (f.number) {
        case 1: name = text(r, f); break;
        case 2:
          if (f.wire !== 5) throw malformed("a float has the wrong form", f);
          single = { float: r.view.getFloat32(f.start, true) };
          break;
        case 3: single = { int: BigInt.asIntN(64, isNumber(f).value) }; break;
        case 4: single = { string: text(r, f) }; break;
        case 5: single = { tensor: plainTensor(readTensor(part(r, f)), f) }; break;
        case 6: single = { graph: this.graph(part(r, f), depth + 1) }; break;
        case 7:
          if (f.wire === 5) floats.push(r.view.getFloat32(f.start, true));
          else {
            isLength(f);
            if ((f.end - f.start) % 4 !== 0) throw malformed("floats are cut in the middle", f);
            for (let i = f.start; i < f.end; i += 4) floats.push(r.view.getFloat32(i, true));
          }
          break;
        case 8: ints.push(f); break;
        case 9: strings.push(text(r, f)); break;
        case 20: type = Number(isNumber(f).value); break;
        case 10: case 11: case 14: case 15: case 22: case 23:
          throw onnxError("onnx-unsupported", `attribute ${JSON.stringify(name)} is of a kind that is not read (lists of tensors or graphs, types, sparse tensors)`, { where: `byte ${f.at}` });
        default: break;
      }
    }
    const lists: Readonly<Record<number, () => Attribute>> = { 6: () => ({ floats }), 7: () => ({ ints: readInts(r, ints) }), 8: () => ({ strings }) };
    const kind = lists[type] ?? (single ? (): Attribute => single! : lists[floats.length > 0 ? 6 : ints.length > 0 ? 7 : 8]!);
    if (!lists[type] && type !== 0 && (!single || Object.keys(single)[0] !== ["", "float", "int", "string", "tensor", "graph"][type])) {
      // Writers leave out what equals the default of its type.
      const zero = ([undefined, { float: 0 }, { int: 0n }, { string: "" }] as const)[type];
      if (!zero || single) throw onnxError("onnx-malformed", `attribute ${JSON.stringify(name)} is not of its type`, { where: `byte ${at}` });
      return [name, zero];
    }
    return [name, kind()];
  }
}

function plainTensor({ tensor, narrow }: Initializer, f: ProtoField): Tensor {
  if (narrow !== undefined) throw onnxError("onnx-unsupported", `a constant is of element type ${narrow}, which is only read as a weight`, { where: `byte ${f.at}`, hint: "Keep it among the initializers of the graph, or as float, float16 or 8-bit numbers." });
  return tensor;
}
