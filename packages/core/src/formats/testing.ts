// For tests: zip archives, also such that contradict themselves.

import { deflateRawSync } from "node:zlib";
import { crc32 } from "./checksums.ts";

export interface Made {
  readonly name: string;
  readonly content: Uint8Array;
  readonly deflated?: boolean;
  /** What the directory says of the size. */
  readonly claimed?: number;
}

export function makeZip(files: readonly Made[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, deflated, claimed } of files) {
    const packed = deflated ? deflateRawSync(content) : Buffer.from(content);
    const head = (central: boolean): Buffer => {
      const b = Buffer.alloc(central ? 46 : 30);
      b.writeUInt32LE(central ? 0x02014b50 : 0x04034b50, 0);
      const at = central ? 2 : 0;
      b.writeUInt16LE(deflated ? 8 : 0, 8 + at);
      b.writeUInt32LE(crc32(content), 14 + at);
      b.writeUInt32LE(packed.length, 18 + at);
      b.writeUInt32LE(claimed ?? content.length, 22 + at);
      b.writeUInt16LE(Buffer.byteLength(name), 26 + at);
      if (central) b.writeUInt32LE(offset, 42);
      return Buffer.concat([b, Buffer.from(name)]);
    };
    directory.push(head(true));
    const local = Buffer.concat([head(false), packed]);
    parts.push(local);
    offset += local.length;
  }
  const all = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(all.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, all, end]));
}
