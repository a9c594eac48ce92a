// Links and attributes of large new-style objects: their messages lie in a fractal heap, listed by a version 2 B-tree.

import { ByteReader } from "../../base/index.ts";
import { damaged, unsupported } from "./errors.ts";
import type { Source } from "./source.ts";

const MAX_DEPTH = 16;

interface Heap {
  readonly idLength: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly width: number;
  readonly startBlock: number;
  readonly maxDirect: number;
  readonly maxBits: number;
  readonly root: number;
  readonly rootRows: number;
  readonly checked: boolean;
}

/** The link messages of a group. */
export function denseLinks(source: Source, heapAddress: number, treeAddress: number): ByteReader[] {
  // Records of type 5: hash (4), heap id (7).
  return records(source, treeAddress, 5, 4).map((id) => object(source, readHeap(source, heapAddress), id));
}
/** The attribute messages of an object. */
export function denseAttributes(source: Source, heapAddress: number, treeAddress: number): ByteReader[] {
  // Records of type 8: heap id (8), flags (1), order (4), hash (4).
  return records(source, treeAddress, 8, 0).map((id) => object(source, readHeap(source, heapAddress), id));
}

function readHeap(source: Source, address: number): Heap {
  const r = source.at(address, "a fractal heap");
  source.signature(r, "FRHP");
  r.take(1, "a heap");
  const idLength = r.u16("a heap");
  const filters = r.u16("a heap");
  if (filters > 0) throw unsupported("compressed heaps", address);
  const flags = r.u8("a heap");
  const maxManaged = r.u32("a heap");
  source.length(r, "a heap");
  source.address(r, "a heap");
  source.length(r, "a heap");
  source.address(r, "a heap");
  for (let i = 0; i < 8; i++) source.length(r, "a heap");
  const width = r.u16("a heap");
  const startBlock = source.length(r, "a heap");
  const maxDirect = source.length(r, "a heap");
  const maxBits = r.u16("a heap");
  r.take(2, "a heap");
  const root = source.needed(r, "a heap's root");
  const rootRows = r.u16("a heap");
  if (width < 1 || startBlock < 1 || maxBits > 64) throw damaged("a fractal heap has impossible sizes", address);
  const offsetBytes = Math.ceil(maxBits / 8);
  const lengthBytes = Math.ceil(Math.log2(Math.min(maxDirect, maxManaged) + 1) / 8) || 1;
  return { idLength, offsetBytes, lengthBytes, width, startBlock, maxDirect, maxBits, root, rootRows, checked: (flags & 2) !== 0 };
}

/** The message that a heap id names. */
function object(source: Source, heap: Heap, id: ByteReader): ByteReader {
  const kind = (id.u8("a heap id") >> 4) & 3;
  if (kind !== 0) throw unsupported("huge or tiny heap objects", id.offset);
  const offset = little(id, heap.offsetBytes);
  const length = little(id, heap.lengthBytes);
  const [block, start] = heap.rootRows === 0 ? [heap.root, 0] : find(source, heap, heap.root, heap.rootRows, 0, offset, 0);
  const at = source.at(block, "a heap block").take(0, "a heap block") + (offset - start);
  const r = new ByteReader(source.bytes, 0);
  r.take(at, "a heap object");
  r.take(length, "a heap object");
  return new ByteReader(source.bytes, at, at + length);
}

/** Row r of the doubling table has blocks of startBlock * 2^max(0, r - 1) bytes. */
const blockSize = (heap: Heap, row: number): number => heap.startBlock * 2 ** Math.max(0, row - 1);

function find(source: Source, heap: Heap, address: number, rows: number, base: number, offset: number, depth: number): [block: number, start: number] {
  if (depth > MAX_DEPTH) throw damaged("a fractal heap is nested too deep", address);
  const r = source.at(address, "an indirect block");
  source.signature(r, "FHIB");
  r.take(1, "an indirect block");
  source.address(r, "a heap");
  r.take(heap.offsetBytes, "an indirect block");
  let start = base;
  for (let row = 0; row < rows; row++) {
    const size = blockSize(heap, row);
    for (let column = 0; column < heap.width; column++) {
      const child = source.address(r, "a heap block");
      if (offset >= start && offset < start + size) {
        if (child === undefined) throw damaged("a heap object lies in a block that is not there", r.offset);
        if (size <= heap.maxDirect) return [child, start];
        const below = Math.log2(size / (heap.startBlock * heap.width)) + 1;
        return find(source, heap, child, below, start, offset, depth + 1);
      }
      start += size;
    }
  }
  throw damaged("a heap object lies outside its heap", address);
}

/** The heap ids in a version 2 B-tree. */
function records(source: Source, address: number, type: number, idAt: number): ByteReader[] {
  const r = source.at(address, "an index");
  source.signature(r, "BTHD");
  r.take(1, "an index");
  const found = r.u8("an index");
  if (found !== type) throw damaged(`an index has type ${found} instead of ${type}`, r.offset - 1);
  const nodeSize = r.u32("an index");
  const recordSize = r.u16("an index");
  const depth = r.u16("an index");
  r.take(2, "an index");
  const root = source.address(r, "an index");
  const count = r.u16("an index");
  if (root === undefined || count === 0) return [];
  if (depth > MAX_DEPTH) throw damaged("an index is nested too deep", address);
  if (recordSize < idAt + 7 || nodeSize < 32) throw damaged(`an index has records of ${recordSize} bytes in nodes of ${nodeSize}`, address);
  const out: ByteReader[] = [];
  walkIndex(source, { nodeSize, recordSize, idAt }, root, count, depth, out);
  return out;
}

interface Index {
  readonly nodeSize: number;
  readonly recordSize: number;
  readonly idAt: number;
}
const NODE_OVERHEAD = 10;
const MAX_RECORDS = 1_000_000;

/** Records of the node and of those below it, in order. */
function walkIndex(source: Source, index: Index, address: number, count: number, depth: number, out: ByteReader[]): void {
  const { nodeSize, recordSize, idAt } = index;
  const node = source.at(address, "an index node");
  source.signature(node, depth > 0 ? "BTIN" : "BTLF");
  node.take(2, "an index node");
  const start = node.take(count * recordSize, "an index node");
  const record = (i: number): void => {
    if (out.length >= MAX_RECORDS) throw damaged("an index is endless", address);
    out.push(new ByteReader(source.bytes, start + i * recordSize + idAt, start + (i + 1) * recordSize));
  };
  if (depth === 0) {
    for (let i = 0; i < count; i++) record(i);
    return;
  }
  // Pointers tell how many records a child has, in as many bytes as the fullest leaf (or subtree) could need.
  let most = Math.floor((nodeSize - NODE_OVERHEAD) / recordSize);
  const countBytes = bytesFor(most);
  let totalBytes = 0;
  for (let d = 1; d < depth; d++) {
    const pointer = source.offsetSize + countBytes + totalBytes;
    const own = Math.floor((nodeSize - NODE_OVERHEAD - pointer) / (recordSize + pointer));
    most = (own + 1) * most + own;
    totalBytes = bytesFor(most);
  }
  for (let i = 0; i <= count; i++) {
    const child = source.needed(node, "an index node");
    const childCount = little(node, countBytes);
    node.take(totalBytes, "an index node");
    walkIndex(source, index, child, childCount, depth - 1, out);
    if (i < count) record(i);
  }
}

const bytesFor = (most: number): number => Math.max(1, Math.ceil(Math.log2(most + 1) / 8));

function little(r: ByteReader, width: number): number {
  const bytes = r.slice(width, "a heap id");
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
  return value;
}
