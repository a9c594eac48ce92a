// Object headers, versions 1 and 2: the messages that describe a group or a dataset.

import { ByteReader } from "../../base/index.ts";
import { damaged, hdf5Error, unsupported } from "./errors.ts";
import type { Source } from "./source.ts";

export interface Message {
  readonly type: number;
  readonly at: number;
  readonly end: number;
}

export const MESSAGE = { dataspace: 0x1, linkInfo: 0x2, datatype: 0x3, link: 0x6, layout: 0x8, filters: 0xb, attribute: 0xc, continuation: 0x10, symbolTable: 0x11, attributeInfo: 0x15 } as const;
const MAX_MESSAGES = 100_000;

export function readHeader(source: Source, address: number): Message[] {
  const r = source.at(address, "an object header");
  const second = source.bytes[r.offset] === 0x4f;
  const found = second ? readSecond(source, r) : readFirst(source, r);
  return found;
}

function readFirst(source: Source, r: ByteReader): Message[] {
  const at = r.offset;
  if (r.u8("a header") !== 1) throw damaged("an object header has an unknown version", at);
  r.take(1, "a header");
  const count = r.u16("a header");
  r.take(4, "a header");
  const size = r.u32("a header");
  r.take(4, "a header");
  const blocks: [number, number][] = [[r.take(size, "an object header"), size]];
  const messages: Message[] = [];
  for (let b = 0; b < blocks.length; b++) {
    const [start, length] = blocks[b]!;
    const inner = new ByteReader(source.bytes, start, start + length);
    while (inner.left >= 8 && messages.length < count) {
      const type = inner.u16("a message");
      const bytes = inner.u16("a message");
      const flags = inner.u8("a message");
      inner.take(3, "a message");
      add(source, { type, at: inner.take(bytes, "a message"), end: inner.offset }, flags, messages, blocks);
    }
  }
  return messages;
}

function readSecond(source: Source, r: ByteReader): Message[] {
  source.signature(r, "OHDR");
  if (r.u8("a header") !== 2) throw damaged("an object header has an unknown version", r.offset - 1);
  const flags = r.u8("a header");
  if (flags & 0x20) r.take(16, "times");
  if (flags & 0x10) r.take(4, "limits");
  const size = [() => r.u8("a size"), () => r.u16("a size"), () => r.u32("a size"), () => Number(r.u64("a size"))][flags & 3]!();
  const blocks: [number, number][] = [[r.take(size, "an object header"), size]];
  const messages: Message[] = [];
  for (let b = 0; b < blocks.length; b++) {
    let [start, length] = blocks[b]!;
    if (b > 0) {
      source.signature(new ByteReader(source.bytes, start), "OCHK");
      start += 4;
      length -= 8;
    }
    const inner = new ByteReader(source.bytes, start, Math.max(start, start + length));
    const head = flags & 4 ? 6 : 4;
    while (inner.left >= head) {
      const type = inner.u8("a message");
      const bytes = inner.u16("a message");
      const own = inner.u8("a message");
      if (flags & 4) inner.take(2, "a message");
      add(source, { type, at: inner.take(bytes, "a message"), end: inner.offset }, own, messages, blocks);
    }
  }
  return messages;
}

function add(source: Source, message: Message, flags: number, messages: Message[], blocks: [number, number][]): void {
  if (messages.length >= MAX_MESSAGES) throw hdf5Error("hdf5-limit", `an object has more than ${MAX_MESSAGES} header messages`);
  messages.push(message);
  if (flags & 2 && message.type !== 0) throw unsupported("a shared header message (a named data type)", message.at);
  if (message.type !== MESSAGE.continuation) return;
  const r = new ByteReader(source.bytes, message.at, message.end);
  const to = source.needed(r, "a header's continuation");
  const length = source.length(r, "a header's continuation");
  if (blocks.some(([start]) => start === to)) throw damaged("an object header continues in a circle", message.at);
  source.at(to, "a header's continuation").take(length, "a header's continuation");
  blocks.push([to, length]);
}
