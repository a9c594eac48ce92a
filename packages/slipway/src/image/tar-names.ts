// The names in a layer's tar, whatever kinds of entries it has: an image's layers hold links and devices, which readTar
// refuses. Only names are looked at; an archive that is not one gives what was found until there.

const BLOCK = 512;

export function* tarNames(tar: Uint8Array): Iterable<string> {
  const text = (from: number, length: number): string => {
    const bytes = tar.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  };
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const prefix = text(at + 257, 6) === "ustar" ? text(at + 345, 155) : "";
    yield prefix === "" ? text(at, 100) : `${prefix}/${text(at, 100)}`;
    const size = (tar[at + 124]! & 0x80) === 0 ? Number.parseInt(text(at + 124, 12).trim() || "0", 8) : tar.subarray(at + 125, at + 136).reduce((sum, byte) => sum * 256 + byte, tar[at + 124]! & 0x7f);
    if (!Number.isSafeInteger(size)) return;
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}
