// The members of a group: by symbol table (B-tree and local heap, the old style) or by link messages (the new style).

import { ByteReader } from "../../base/index.ts";
import { denseLinks } from "./dense.ts";
import { damaged, hdf5Error } from "./errors.ts";
import { MESSAGE, type Message } from "./header.ts";
import type { Source } from "./source.ts";

const MAX_MEMBERS = 1_000_000;
const MAX_LEVEL = 32;

/** name -> address of the member's header. Soft and external links are left out. */
export function readMembers(source: Source, messages: readonly Message[]): Map<string, number> {
  const members = new Map<string, number>();
  for (const m of messages) {
    const r = new ByteReader(source.bytes, m.at, m.end);
    if (m.type === MESSAGE.symbolTable) {
      const tree = source.needed(r, "a group's tree");
      const heap = readLocalHeap(source, source.needed(r, "a group's heap"));
      walkTree(source, tree, heap, members, MAX_LEVEL, new Set());
    } else if (m.type === MESSAGE.link) readLink(source, r, members);
    else if (m.type === MESSAGE.linkInfo) {
      r.take(1, "link information");
      if (r.u8("link information") & 1) r.take(8, "link information");
      const heap = source.address(r, "a group's links");
      if (heap !== undefined) for (const link of denseLinks(source, heap, source.needed(r, "a group's index"))) readLink(source, link, members);
    }
  }
  return members;
}

function readLink(source: Source, r: ByteReader, members: Map<string, number>): void {
  const at = r.offset;
  if (r.u8("a link") !== 1) throw damaged("a link has an unknown version", at);
  const flags = r.u8("a link");
  const type = flags & 8 ? r.u8("a link") : 0;
  if (flags & 4) r.take(8, "a link");
  if (flags & 16) r.take(1, "a link");
  const length = [() => r.u8("a link"), () => r.u16("a link"), () => r.u32("a link"), () => Number(r.u64("a link"))][flags & 3]!();
  const name = new TextDecoder().decode(r.slice(length, "a link's name"));
  if (type === 0) addMember(members, name, source.needed(r, "a link"));
}

function addMember(members: Map<string, number>, name: string, address: number): void {
  if (members.size >= MAX_MEMBERS) throw hdf5Error("hdf5-limit", `a group has more than ${MAX_MEMBERS} members`);
  members.set(name, address);
}

function readLocalHeap(source: Source, address: number): ByteReader {
  const r = source.at(address, "a local heap");
  source.signature(r, "HEAP");
  r.take(4, "a local heap");
  const size = source.length(r, "a local heap");
  source.length(r, "a local heap");
  const data = source.at(source.needed(r, "a local heap's data"), "a local heap's data");
  const start = data.take(size, "a local heap's data");
  return new ByteReader(source.bytes, start, start + size);
}

function heapName(heap: ByteReader, offset: number): string {
  const start = new ByteReader(heap.bytes, heap.offset, heap.end).take(offset, "a name") + offset;
  const end = heap.bytes.indexOf(0, start);
  if (end < 0 || end >= heap.end) throw damaged("a name does not end", start);
  return new TextDecoder().decode(heap.bytes.subarray(start, end));
}

function walkTree(source: Source, address: number, heap: ByteReader, members: Map<string, number>, above: number, seen: Set<number>): void {
  if (seen.has(address)) throw damaged("a group's tree has a cycle", address);
  seen.add(address);
  const r = source.at(address, "a group's tree");
  source.signature(r, "TREE");
  const type = r.u8("a tree");
  const level = r.u8("a tree");
  if (type !== 0 || level >= above) throw damaged(`a group's tree has a node of type ${type} and level ${level}`, r.offset - 2);
  const used = r.u16("a tree");
  source.address(r, "a sibling");
  source.address(r, "a sibling");
  for (let i = 0; i < used; i++) {
    source.length(r, "a key");
    const child = source.needed(r, "a child");
    if (level > 0) walkTree(source, child, heap, members, level, seen);
    else readSymbols(source, child, heap, members);
  }
}

function readSymbols(source: Source, address: number, heap: ByteReader, members: Map<string, number>): void {
  const r = source.at(address, "a symbol node");
  source.signature(r, "SNOD");
  r.take(2, "a symbol node");
  const count = r.u16("a symbol node");
  for (let i = 0; i < count; i++) {
    const name = heapName(heap, source.length(r, "a name"));
    const header = source.address(r, "a member");
    const kind = r.u32("a symbol");
    r.take(20, "a symbol");
    // 2: a soft link.
    if (kind !== 2 && header !== undefined) addMember(members, name, header);
  }
}
