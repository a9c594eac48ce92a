// What a layer's tar holds, whatever kinds of entries it has: an image's layers hold links and devices, which readTar
// refuses. An archive that is not one gives what was found until there.

const BLOCK = 512;

export interface TarItem {
  readonly path: string;
  /** "0" or nothing: a file; "1": a hard link; "2": a symbolic link; "5": a folder. */
  readonly type: string;
  /** Where a link leads. */
  readonly link: string;
  readonly bytes: Uint8Array;
}

export function* tarItems(tar: Uint8Array): Iterable<TarItem> {
  const text = (from: number, length: number): string => {
    const bytes = tar.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  };
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const prefix = text(at + 257, 6) === "ustar" ? text(at + 345, 155) : "";
    const size = (tar[at + 124]! & 0x80) === 0 ? Number.parseInt(text(at + 124, 12).trim() || "0", 8) : tar.subarray(at + 125, at + 136).reduce((sum, byte) => sum * 256 + byte, tar[at + 124]! & 0x7f);
    const path = prefix === "" ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    yield { path, type: text(at + 156, 1), link: text(at + 157, 100), bytes: tar.subarray(at + BLOCK, at + BLOCK + (Number.isSafeInteger(size) ? size : 0)) };
    if (!Number.isSafeInteger(size)) return;
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

export function* tarNames(tar: Uint8Array): Iterable<string> {
  for (const { path } of tarItems(tar)) yield path;
}
