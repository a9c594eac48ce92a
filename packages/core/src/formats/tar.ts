// Tar archives: POSIX.1-1988 ustar written; ustar, pax (path, size) and GNU long names read.
// Written archives are reproducible: files, folders and links in the order given, mtime 0, uid 0, gid 0, mode 0644 (folders
// 0755) where no other is asked for. Read archives are hostile: every size is checked before it is used, links and devices are refused,
// paths cannot leave the archive, and file contents are views of the given bytes, never copies.

import { defineErrors, type ErrorDefinition, type ErrorDetails, type SlipwayError } from "../base/index.ts";

type TarCode =
  | "tar-truncated" | "tar-malformed" | "tar-unsafe-path" | "tar-too-large";

export const tarError: ((code: TarCode, message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: Readonly<Record<TarCode, ErrorDefinition>>;
} = defineErrors({
  "tar-truncated": { kind: "invalid", doc: "The archive ends before something it announces. It was cut off: copy or download it again." },
  "tar-malformed": { kind: "invalid", doc: "The archive has a damaged or impossible header. It is not a tar file, or was changed on the way." },
  "tar-unsafe-path": { kind: "refused", doc: "The archive holds an absolute path, a path with '..', a link, a device or the same path twice. Such an archive is never unpacked." },
  "tar-too-large": { kind: "limit", doc: "The archive has more entries than allowed, or a file is too large to be written as tar." },
});

export interface TarEntry {
  readonly path: string;
  readonly bytes: Uint8Array;
}
export interface WrittenTarEntry extends TarEntry {
  /** Permissions, such as 0o755. */
  readonly mode?: number;
  /** A folder of its own; `bytes` is empty then. */
  readonly folder?: boolean;
  /** A symbolic link to this path of at most 100 bytes, which is written as it stands; `bytes` is empty then. */
  readonly link?: string;
}

export interface TarLimits {
  readonly maxEntries?: number;
}

const BLOCK = 512;
const MAX_PAX_BYTES = 1 << 20;
/** Eleven octal digits. */
const MAX_FILE_BYTES = 8 ** 11 - 1;

/** The path in its normal form, or undefined when it is absolute, leaves the archive or cannot be a file on every system. */
export function safePath(path: string): string | undefined {
  if (path.length === 0 || path.length > 4096 || /[\\\0-\x1f\x7f]/.test(path) || path.startsWith("/") || /^[A-Za-z]:/.test(path)) return undefined;
  const kept = path.split("/").filter((part, i, all) => part !== "." && !(part === "" && i === all.length - 1));
  if (kept.length === 0 || kept.some((part) => part === "" || part === "..")) return undefined;
  return kept.join("/");
}

/** The archive's regular files, in order. Contents are views of `bytes`. */
export function readTar(bytes: Uint8Array, limits: TarLimits = {}): TarEntry[] {
  const maxEntries = limits.maxEntries ?? 10_000;
  const entries: TarEntry[] = [];
  const seen = new Set<string>();
  let pax: Map<string, string> | undefined;
  let headers = 0;
  let offset = 0;
  while (offset < bytes.length) {
    if (bytes.length - offset < BLOCK) {
      throw tarError("tar-truncated", `a header needs ${BLOCK} bytes, but ${bytes.length - offset} are left`, { where: `byte ${offset}`, hint: "The file is cut off: copy or download it again." });
    }
    const header = bytes.subarray(offset, offset + BLOCK);
    if (header.every((b) => b === 0)) break;
    checkSum(header, offset);
    if (++headers > maxEntries) {
      throw tarError("tar-too-large", `the archive has more than ${maxEntries} entries`, { where: `byte ${offset}` });
    }
    const type = String.fromCharCode(header[156]!);
    const paxSize = pax?.get("size");
    const size = paxSize === undefined ? numberField(header, 124, 12, "size", offset) : decimal(paxSize, offset);
    const start = offset + BLOCK;
    if (size > bytes.length - start) {
      throw tarError("tar-truncated", `an entry needs ${size} bytes, but ${bytes.length - start} are left`, { where: `byte ${offset}`, hint: "The file is cut off: copy or download it again." });
    }
    const content = bytes.subarray(start, start + size);
    const next = Math.min(start + Math.ceil(size / BLOCK) * BLOCK, bytes.length);
    if (type === "x" || type === "L") {
      if (size > MAX_PAX_BYTES) throw tarError("tar-too-large", `an extended header has ${size} bytes`, { where: `byte ${offset}` });
      pax ??= new Map();
      if (type === "L") pax.set("path", cString(content));
      else readPax(content, start, pax);
      offset = next;
      continue;
    }
    if (type === "g") {
      offset = next;
      continue;
    }
    const path = pax?.get("path") ?? ustarPath(header);
    pax = undefined;
    if (type !== "0" && type !== "\0" && type !== "5") {
      throw tarError("tar-unsafe-path", `${shown(path)} is ${LINKS[type] ?? `an entry of type ${shown(type)}`}, not a file`, {
        where: `byte ${offset}`, hint: "Pack regular files only." });
    }
    const safe = safePath(path);
    if (safe === undefined) {
      // "./" for the archive's own root is what `tar cf x.tar .` writes first.
      if (type === "5" && /^\.?\/?$/.test(path)) {
        offset = next;
        continue;
      }
      throw tarError("tar-unsafe-path", `the path ${shown(path)} is absolute or leaves the archive`, { where: `byte ${offset}` });
    }
    if (type !== "5") {
      if (seen.has(safe)) throw tarError("tar-unsafe-path", `the path ${shown(safe)} is there twice`, { where: `byte ${offset}` });
      seen.add(safe);
      entries.push({ path: safe, bytes: content });
    }
    offset = next;
  }
  return entries;
}

/** One archive of the entries, in the order given. */
export function writeTar(entries: readonly WrittenTarEntry[]): Uint8Array {
  let total = 2 * BLOCK;
  for (const { bytes } of entries) total += BLOCK + Math.ceil(bytes.length / BLOCK) * BLOCK;
  const out = new Uint8Array(total);
  let offset = 0;
  for (const { path, bytes, ...how } of entries) {
    writeHeader(out, offset, path, bytes.length, how);
    out.set(bytes, offset + BLOCK);
    offset += BLOCK + Math.ceil(bytes.length / BLOCK) * BLOCK;
  }
  return out;
}

/** The 512 bytes before a file's own, for archives that are written piece by piece. Contents are padded to 512 bytes; 1024 zeros end an archive. */
export function tarHeader(path: string, size: number): Uint8Array {
  const header = new Uint8Array(BLOCK);
  writeHeader(header, 0, path, size);
  return header;
}

/**
 * What a header says, for archives that are read piece by piece; undefined at the archive's end.
 * @throws tar-malformed, tar-unsafe-path for anything but files and folders
 */
export function parseTarHeader(header: Uint8Array, offset: number): { readonly path: string; readonly size: number; readonly folder: boolean } | undefined {
  if (header.every((b) => b === 0)) return undefined;
  checkSum(header, offset);
  const type = String.fromCharCode(header[156]!);
  const path = ustarPath(header);
  if (type !== "0" && type !== "\0" && type !== "5") {
    throw tarError("tar-unsafe-path", `${shown(path)} is ${LINKS[type] ?? `an entry of type ${shown(type)}`}, not a file`, { where: `byte ${offset}`, hint: "Unpack the archive, and give the folder." });
  }
  const folder = type === "5";
  const safe = safePath(path);
  if (safe === undefined && !(folder && /^\.?\/?$/.test(path))) throw tarError("tar-unsafe-path", `the path ${shown(path)} is absolute or leaves the archive`, { where: `byte ${offset}` });
  return { path: safe ?? "", size: numberField(header, 124, 12, "size", offset), folder };
}

const LINKS: Readonly<Record<string, string>> = {
  1: "a hard link", 2: "a symbolic link", 3: "a device", 4: "a device", 6: "a pipe",
};

function writeHeader(out: Uint8Array, at: number, path: string, size: number, { folder = false, link, mode = link !== undefined ? 0o777 : folder ? 0o755 : 0o644 }: Pick<WrittenTarEntry, "mode" | "folder" | "link"> = {}): void {
  if (size > MAX_FILE_BYTES) throw tarError("tar-too-large", `${shown(path)} has ${size} bytes; tar holds at most ${MAX_FILE_BYTES}`);
  if (link !== undefined && new TextEncoder().encode(link).length > 100) throw tarError("tar-too-large", `the link ${shown(link)} is too long for tar`);
  const [prefix, name] = splitPath(path);
  const put = (text: string, from: number): void => void new TextEncoder().encodeInto(text, out.subarray(at + from));
  put(name, 0);
  put(`${mode.toString(8).padStart(7, "0")}\0`, 100);
  put("0000000\0", 108);
  put("0000000\0", 116);
  put(size.toString(8).padStart(11, "0") + "\0", 124);
  put("00000000000\0", 136);
  put("        ", 148);
  put(link !== undefined ? "2" : folder ? "5" : "0", 156);
  put(link ?? "", 157);
  put("ustar\x0000", 257);
  put("0000000\0", 329);
  put("0000000\0", 337);
  put(prefix, 345);
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += out[at + i]!;
  put(sum.toString(8).padStart(6, "0") + "\0 ", 148);
}

/** ustar holds 100 bytes of name and 155 bytes of folder. */
function splitPath(path: string): [prefix: string, name: string] {
  const length = (text: string): number => new TextEncoder().encode(text).length;
  if (safePath(path) !== path) throw tarError("tar-unsafe-path", `the path ${shown(path)} is absolute or leaves the archive`);
  if (length(path) <= 100) return ["", path];
  for (let i = path.indexOf("/"); i >= 0; i = path.indexOf("/", i + 1)) {
    if (length(path.slice(i + 1)) <= 100 && length(path.slice(0, i)) <= 155) return [path.slice(0, i), path.slice(i + 1)];
  }
  throw tarError("tar-too-large", `the path ${shown(path)} is too long for tar`);
}

function checkSum(header: Uint8Array, offset: number): void {
  const stated = numberField(header, 148, 8, "checksum", offset);
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : header[i]!;
  if (sum !== stated) {
    throw tarError("tar-malformed", `the header's checksum is ${stated}, but its bytes add up to ${sum}`, { where: `byte ${offset}` });
  }
}

function numberField(header: Uint8Array, from: number, length: number, what: string, offset: number): number {
  if ((header[from]! & 0x80) !== 0) {
    // GNU's base 256, for sizes of 8 GiB and more.
    let value = header[from]! & 0x7f;
    for (let i = from + 1; i < from + length; i++) value = value * 256 + header[i]!;
    if (Number.isSafeInteger(value)) return value;
  } else {
    const text = cString(header.subarray(from, from + length)).trim();
    if (/^[0-7]{1,12}$/.test(text)) return Number.parseInt(text, 8);
  }
  throw tarError("tar-malformed", `the header's ${what} is not a number`, { where: `byte ${offset + from}` });
}

function decimal(text: string, offset: number): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw tarError("tar-malformed", "the extended header's size is not a number", { where: `byte ${offset}` });
}

function ustarPath(header: Uint8Array): string {
  const name = cString(header.subarray(0, 100));
  // Only "ustar\0" has a prefix; old GNU archives ("ustar ") keep other things there.
  const posix = header[257] === 0x75 && header[262] === 0;
  const prefix = posix ? cString(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Records of the form "LENGTH key=value\n". */
function readPax(bytes: Uint8Array, offset: number, into: Map<string, string>): void {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.subarray(at, at + 10).indexOf(0x20);
    const length = space > 0 ? Number(new TextDecoder().decode(bytes.subarray(at, at + space))) : NaN;
    if (!Number.isInteger(length) || length < space + 3 || length > bytes.length - at) {
      throw tarError("tar-malformed", "an extended header's record has no valid length", { where: `byte ${offset + at}` });
    }
    const record = new TextDecoder().decode(bytes.subarray(at + space + 1, at + length - 1));
    const equals = record.indexOf("=");
    if (equals < 1) throw tarError("tar-malformed", "an extended header's record has no name", { where: `byte ${offset + at}` });
    const key = record.slice(0, equals);
    if (key === "path" || key === "size") into.set(key, record.slice(equals + 1));
    at += length;
  }
}

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function shown(text: string): string {
  return JSON.stringify(text.length > 200 ? text.slice(0, 200) + "..." : text);
}
