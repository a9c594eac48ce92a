// What a file is, by its first bytes only, never by its name; and how to get at the pickle in it.
// No magic number below can begin a pickle: 0x78, 0x1f, 0xfd and 0x04 are no instructions, "BZh" followed by bzip2's block
// mark and "]" followed by NUL NUL are no sequence of them.

import {
  decompressBzip2, decompressLz4, decompressLzmaAlone, decompressXz, inflateGzip, inflateZlib, sniffFormat, type Decompressed, type ExpansionLimits, type FileFormat,
} from "../formats/index.ts";
import { pickleError } from "./errors.ts";
import type { PickleLimits } from "./limits.ts";

export interface Unpacked {
  readonly bytes: Uint8Array;
  /** "zlib", or "gzip of zlib" and so on, or null. */
  readonly compression: string | null;
  /** Bytes after the compressed data. */
  readonly trailing: number;
}

interface Compression {
  readonly name: string;
  readonly match: (b: Uint8Array) => boolean;
  readonly decompress: (file: Uint8Array, limits: ExpansionLimits) => Decompressed;
}

const startsWith = (b: Uint8Array, ...magic: number[]): boolean => magic.every((byte, i) => b[i] === byte);

const compressions: readonly Compression[] = [
  { name: "zlib", match: (b) => b[0] === 0x78 && b.length > 1 && ((b[0] << 8) | b[1]!) % 31 === 0, decompress: inflateZlib },
  { name: "gzip", match: (b) => startsWith(b, 0x1f, 0x8b), decompress: inflateGzip },
  { name: "bzip2", match: (b) => startsWith(b, 0x42, 0x5a, 0x68) && (startsWith(b.subarray(4), 0x31, 0x41, 0x59) || startsWith(b.subarray(4), 0x17, 0x72, 0x45)), decompress: decompressBzip2 },
  { name: "xz", match: (b) => startsWith(b, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00), decompress: decompressXz },
  { name: "lzma", match: (b) => startsWith(b, 0x5d, 0x00, 0x00), decompress: decompressLzmaAlone },
  { name: "lz4", match: (b) => startsWith(b, 0x04, 0x22, 0x4d, 0x18), decompress: decompressLz4 },
];

/** At most two layers: a joblib file with compress= that somebody gzipped once more. */
const maxLayers = 2;

export function unpack(file: Uint8Array, limits: PickleLimits): Unpacked {
  let bytes = file;
  let trailing = 0;
  const layers: string[] = [];
  for (;;) {
    const found = compressions.find((c) => c.match(bytes));
    if (found === undefined) return { bytes, compression: layers.length === 0 ? null : layers.join(" of "), trailing };
    if (layers.length === maxLayers) throw pickleError("pickle-not-a-pickle", "the file is compressed over and over", { hint: "Decompress it once and try again." });
    const result = found.decompress(bytes, { bytes: limits.bytes, ratio: limits.ratio });
    trailing += bytes.length - result.consumed;
    bytes = result.bytes;
    layers.push(found.name);
  }
}

const saveIt = "Save the fitted model with joblib.dump(model, \"model.joblib\") or pickle.dump and hand in that file.";
const kinds: Readonly<Partial<Record<FileFormat, readonly [what: string, hint: string]>>> = {
  empty: ["empty", saveIt],
  "git-lfs-pointer": ["a Git LFS pointer, not the file itself", "Run `git lfs pull` and try again."],
  html: ["a web page", "The download saved a page (perhaps a sign-in) instead of the file: download it again."],
  xml: ["an XML file", saveIt],
  csv: ["a table of text", saveIt],
  json: ["a JSON file", saveIt],
  npy: ["a NumPy array (.npy)", saveIt],
  zip: ["a zip archive", "Unpack it and hand in the model file."],
  torch: ["a PyTorch file", "Export the model with torch.onnx.export and hand in the ONNX file."],
  hdf5: ["an HDF5 file", "This reader takes pickles only."],
  keras: ["a Keras file", "This reader takes pickles only."],
  onnx: ["an ONNX model", "This reader takes pickles only."],
  tflite: ["a TensorFlow Lite model", "This reader takes pickles only."],
};

/** Throws unless the bytes can begin a pickle. */
export function assertPickle(bytes: Uint8Array): void {
  if (bytes.length >= 2 && bytes[0] === 0x80) return;
  if (startsWith(bytes, 0x5a, 0x46) && /^ZF0x[0-9a-f]/.test(String.fromCharCode(...bytes.subarray(0, 5)))) {
    throw pickleError("pickle-external", "joblib before 0.10 wrote this compressed file", { hint: "Load it with joblib in Python and dump it again: joblib.dump(model, \"model.joblib\")." });
  }
  const [what, hint] = kinds[sniffFormat(bytes)] ?? [undefined, saveIt];
  if (what !== undefined) throw pickleError("pickle-not-a-pickle", `the file is ${what}`, { where: "byte 0", hint });
}
