// Changes to a model that came from elsewhere, made on its bytes: what is not changed is copied as it lies, so that
// nothing is lost that Slipway does not read (functions, quantisation notes, fields of later versions).

import { ByteReader } from "../base/index.ts";
import { ProtoWriter, readFields, type ProtoField } from "../formats/index.ts";
import { onnxError } from "./errors.ts";
import { isNumber, part, text } from "./read-fields.ts";
import type { Node, Opset, ValueInfo } from "./model.ts";
import { writeNode, writeValueInfo } from "./write.ts";

export interface GraphChanges {
  /** Nodes of the main graph by their place, and what stands there instead. */
  readonly nodes: ReadonlyMap<number, Node>;
  /** The main graph's outputs by name: another type, or null for one that is left out. */
  readonly outputs: ReadonlyMap<string, ValueInfo | null>;
  /** The version of ai.onnx to import, for a model that did without. */
  readonly importOpset?: number;
  /** What comes behind the main graph's nodes and outputs, and the operator sets that it needs beside those the model has. */
  readonly add?: { readonly nodes: readonly Node[]; readonly outputs: readonly ValueInfo[]; readonly opsets: readonly Opset[] };
}

/** `bytes` is a model that readModel reads. */
export function changeGraph(bytes: Uint8Array, changes: GraphChanges): Uint8Array {
  const { importOpset, add } = changes;
  const changed = mapGraph(bytes, (graph, w) => {
    let place = 0;
    for (const f of readFields(graph)) {
      const node = f.number === 1 ? changes.nodes.get(place++) : undefined;
      const output = f.number === 12 ? changes.outputs.get(nameOf(part(graph, f))) : undefined;
      if (node) w.message(1, (m) => writeNode(m, node));
      else if (output) w.message(12, (m) => writeValueInfo(m, output));
      else if (output !== null) w.raw(graph.bytes.subarray(f.at, f.end));
    }
    for (const node of add?.nodes ?? []) w.message(1, (m) => writeNode(m, node));
    for (const info of add?.outputs ?? []) w.message(12, (m) => writeValueInfo(m, info));
  });
  const opsets: readonly Opset[] = [...(importOpset === undefined ? [] : [{ domain: "", version: importOpset }]), ...(add?.opsets ?? [])];
  if (opsets.length === 0) return changed;
  const w = new ProtoWriter();
  w.raw(changed);
  for (const { domain, version } of opsets) {
    w.message(8, (m) => {
      if (domain !== "") m.string(1, domain);
      m.int(2, version);
    });
  }
  return w.finish();
}

function mapGraph(bytes: Uint8Array, write: (graph: ByteReader, w: ProtoWriter) => void): Uint8Array {
  const file = new ByteReader(bytes);
  const w = new ProtoWriter();
  for (const f of readFields(file)) {
    if (f.number === 7) w.message(7, (g) => write(part(file, f), g));
    else w.raw(bytes.subarray(f.at, f.end));
  }
  return w.finish();
}

function nameOf(r: ByteReader): string {
  for (const f of readFields(r)) if (f.number === 1) return text(r, f);
  return "";
}

/** Where a tensor's data lies in another file. */
export interface ExternalPlace {
  readonly tensor: string;
  readonly location: string;
  readonly offset: number;
  /** undefined: to the end of the file. */
  readonly length: number | undefined;
}

const MAX_DEPTH = 32;

/** The same model with the data of other files inside; `read` gives a tensor's bytes. */
export function inlineExternalData(bytes: Uint8Array, read: (place: ExternalPlace) => Uint8Array): Uint8Array {
  return mapGraph(bytes, (graph, w) => writeGraph(graph, w, read, 0));
}

type Read = (place: ExternalPlace) => Uint8Array;

function writeGraph(graph: ByteReader, w: ProtoWriter, read: Read, depth: number): void {
  if (depth > MAX_DEPTH) throw onnxError("onnx-limit", `graphs are nested deeper than ${MAX_DEPTH}`);
  for (const f of readFields(graph)) {
    if (f.number === 5) w.message(5, (m) => writeTensor(part(graph, f), m, read));
    else if (f.number === 1) w.message(1, (m) => writeAttributes(part(graph, f), m, read, depth));
    else w.raw(graph.bytes.subarray(f.at, f.end));
  }
}

function writeAttributes(node: ByteReader, w: ProtoWriter, read: Read, depth: number): void {
  for (const f of readFields(node)) {
    if (f.number !== 5) {
      w.raw(node.bytes.subarray(f.at, f.end));
      continue;
    }
    w.message(5, (m) => {
      const attribute = part(node, f);
      for (const g of readFields(attribute)) {
        if (g.number === 5) m.message(5, (t) => writeTensor(part(attribute, g), t, read));
        else if (g.number === 6) m.message(6, (inner) => writeGraph(part(attribute, g), inner, read, depth + 1));
        else m.raw(attribute.bytes.subarray(g.at, g.end));
      }
    });
  }
}

function writeTensor(tensor: ByteReader, w: ProtoWriter, read: Read): void {
  const fields = [...readFields(tensor)];
  const entries = new Map<string, string>();
  let name = "";
  let external = false;
  for (const f of fields) {
    if (f.number === 8) name = text(tensor, f);
    else if (f.number === 13) entries.set(...entryOf(part(tensor, f)));
    else if (f.number === 14) external = isNumber(f).value === 1n;
  }
  if (!external) {
    for (const f of fields) w.raw(tensor.bytes.subarray(f.at, f.end));
    return;
  }
  const location = entries.get("location");
  if (location === undefined) throw onnxError("onnx-malformed", `tensor ${JSON.stringify(name)} has its data elsewhere, but does not say where`);
  const data = read({ tensor: name, location, offset: size(entries.get("offset") ?? "0", name), length: entries.has("length") ? size(entries.get("length")!, name) : undefined });
  const kept = (f: ProtoField): boolean => f.number !== 9 && f.number !== 13 && f.number !== 14;
  for (const f of fields.filter(kept)) w.raw(tensor.bytes.subarray(f.at, f.end));
  w.bytes(9, data);
}

function entryOf(r: ByteReader): [string, string] {
  const pair: [string, string] = ["", ""];
  for (const f of readFields(r)) if (f.number === 1 || f.number === 2) pair[f.number - 1] = text(r, f);
  return pair;
}

function size(value: string, tensor: string): number {
  if (!/^\d{1,15}$/.test(value)) throw onnxError("onnx-malformed", `tensor ${JSON.stringify(tensor)} has its data at ${JSON.stringify(value.slice(0, 40))}, which is no place in a file`);
  return Number(value);
}
