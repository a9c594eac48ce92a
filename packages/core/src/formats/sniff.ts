// Which format a file has, by its bytes alone: names and extensions never count.

/** `unknown` is everything that is not recognised; `pickle` includes joblib and compressed pickles. */
export type FileFormat =
  | "pickle" | "slip" | "onnx" | "keras" | "hdf5" | "savedmodel" | "torch" | "skops" | "zip" | "tflite" | "catboost" | "lightgbm"
  | "xgboost-json" | "xgboost-ubjson" | "xgboost-binary" | "json" | "npy" | "gguf" | "xml" | "html" | "csv"
  | "git-lfs-pointer" | "empty" | "unknown";

const ascii = (bytes: Uint8Array, start: number, end: number): string => String.fromCharCode(...bytes.subarray(start, Math.min(end, bytes.length)));

const startsWith = (bytes: Uint8Array, ...magic: number[]): boolean => bytes.length >= magic.length && magic.every((b, i) => bytes[i] === b);

/** Looks at the first kilobytes (and, of a zip, at its entries' names there). */
export function sniffFormat(bytes: Uint8Array): FileFormat {
  if (bytes.length === 0) return "empty";
  const head = ascii(bytes, 0, 4096);
  if (head.startsWith("version https://git-lfs")) return "git-lfs-pointer";
  if (startsWith(bytes, 0x80) && bytes[1]! <= 5) return "pickle";
  if (isCompressed(bytes)) return "pickle";
  if (head.startsWith("PK\x03\x04")) return zipKind(head, bytes);
  if (head.startsWith("\x89HDF\r\n\x1a\n")) return "hdf5";
  if (head.startsWith("\x93NUMPY")) return "npy";
  if (head.startsWith("GGUF")) return "gguf";
  if (head.startsWith("CBM1")) return "catboost";
  if (head.startsWith("binf") || isOldXgboost(head)) return "xgboost-binary";
  if (ascii(bytes, 4, 8) === "TFL3") return "tflite";
  if (ascii(bytes, 257, 262) === "ustar") return "slip";
  if (/^tree\r?\n(?:[\w.]+(?:=[^\n]*)?\r?\n){0,40}?(?:version|num_class|max_feature_idx)=/.test(head)) return "lightgbm";
  if (/^\{[LSUil$#]/.test(head)) return "xgboost-ubjson";
  if (isSavedModel(bytes)) return "savedmodel";
  if (isOnnx(bytes)) return "onnx";
  const text = head.replace(/^\u00ef\u00bb\u00bf/, "").trimStart();
  if (/^[{[]/.test(text) && /^[{[]\s*["[{\]}\d-]/.test(text)) return text.includes('"learner"') ? "xgboost-json" : text.includes('"tree_info"') ? "lightgbm" : text.includes('"oblivious_trees"') || text.includes('"features_info"') || /^\{\s*"ctr_data"\s*:/.test(text) ? "catboost" : "json";
  if (/^<(!doctype html|html)/i.test(text)) return "html";
  if (/^<\?xml|^<PMML/.test(text)) return "xml";
  if (isOldPickle(bytes)) return "pickle";
  if (/^[^\0\n]{1,2000}[,;\t][^\0\n]*\r?\n[^\0\n]*[,;\t]/.test(head)) return "csv";
  return "unknown";
}

/** The old binary format without its magic: 136 bytes of parameters, then the objective with its length in 64 bits. */
function isOldXgboost(head: string): boolean {
  return /^[^\0]\0{7}(?:gpu:)?(?:reg|binary|multi|count|survival|rank):/.test(head.slice(136, 160)) && head.charCodeAt(136) < 64;
}

/** joblib's and the usual compressions: zlib, gzip, bzip2, xz, lzma, lz4. */
function isCompressed(bytes: Uint8Array): boolean {
  return (bytes[0] === 0x78 && bytes.length > 2 && (((bytes[0] << 8) | bytes[1]!) % 31 === 0))
    || startsWith(bytes, 0x1f, 0x8b) || startsWith(bytes, 0x42, 0x5a, 0x68)
    || startsWith(bytes, 0xfd, 0x37, 0x7a, 0x58, 0x5a) || startsWith(bytes, 0x5d, 0x00, 0x00)
    || startsWith(bytes, 0x04, 0x22, 0x4d, 0x18);
}

/** Bytes of the directory at a zip's end that are looked through: the first entries may be large. */
const DIRECTORY = 65_536;

function zipKind(head: string, bytes: Uint8Array): FileFormat {
  if (/model\.weights\.h5|PK\x03\x04[^]{26}(config|metadata)\.json/.test(head)) return "keras";
  if (/data\.pkl|\/version|constants\.pkl|archive_format/.test(head)) return "torch";
  const directory = ascii(bytes, Math.max(0, bytes.length - DIRECTORY), bytes.length);
  if (/PK\x01\x02[^]{42}[^/\0]{1,200}\/(?:data\.pkl|constants\.pkl|archive_format|models\/\w+\.json)/.test(directory)) return "torch";
  if (/PK\x01\x02[^]{42}schema\.json/.test(directory)) return "skops";
  return "zip";
}

/** SavedModel: schema version 1, then a MetaGraphDef, which begins with its MetaInfoDef. A ModelProto has a name there. */
function isSavedModel(bytes: Uint8Array): boolean {
  if (!startsWith(bytes, 0x08, 0x01, 0x12)) return false;
  let at = 3;
  while (at < 8 && bytes[at]! >= 0x80) at++;
  return bytes[at + 1] === 0x0a;
}

/** ModelProto begins with ir_version (field 1, varint, below 32) and another known field. */
function isOnnx(bytes: Uint8Array): boolean {
  return bytes[0] === 0x08 && bytes.length > 4 && bytes[1]! < 32 && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(bytes[2]!);
}

/** Protocols 0 and 1 have no header: an opcode that can begin one, and STOP at the end. */
function isOldPickle(bytes: Uint8Array): boolean {
  const first = String.fromCharCode(bytes[0]!);
  const tail = ascii(bytes, Math.max(0, bytes.length - 2), bytes.length).trimEnd();
  return "(]}cNIFSVULKMJGTXPi".includes(first) && tail.endsWith(".");
}
