// Universal Binary JSON (draft 12) as XGBoost writes it: strongly typed arrays `[$d#L<count>` become typed arrays, copied
// once and turned to this machine's byte order; everything else becomes plain values. Big-endian; L integers that a double
// cannot hold are rounded. Every length is checked against what is left of the file before anything is allocated.

import { ByteReader } from "../base/index.ts";
import { documentError, TOO_DEEP_HINT, type Document, type DocumentNumbers } from "./json-document.ts";

const DEEPEST = 64;
/** Values of `[` arrays without a type cost more in memory than in the file. */
const MOST_VALUES = 10_000_000;
const utf8 = new TextDecoder("utf-8");

/** @throws document-malformed, document-too-deep, bytes-truncated */
export function readUbjson(bytes: Uint8Array): Document {
  return new UbjsonReader(bytes).value(0);
}

class UbjsonReader {
  readonly #in: ByteReader;
  #values = 0;
  constructor(bytes: Uint8Array) {
    this.#in = new ByteReader(bytes);
  }

  value(depth: number, marker: string = this.#marker()): Document {
    if (++this.#values > MOST_VALUES) throw this.#malformed(`it holds more than ${MOST_VALUES} values`);
    switch (marker) {
      case "Z": return null;
      case "T": return true;
      case "F": return false;
      case "C": return String.fromCharCode(this.#in.u8("a character"));
      case "S": case "H": return this.#text();
      case "d": return this.#in.view.getFloat32(this.#in.take(4, "a number"));
      case "D": return this.#in.view.getFloat64(this.#in.take(8, "a number"));
      case "[": return this.#array(depth + 1);
      case "{": return this.#object(depth + 1);
      default: return this.#integer(marker);
    }
  }

  #marker(): string {
    let m: string;
    do m = String.fromCharCode(this.#in.u8("a value")); while (m === "N");
    return m;
  }
  #peek(): string {
    while (this.#in.left > 0 && this.#in.bytes[this.#in.offset] === 0x4e) this.#in.offset++;
    return this.#in.left === 0 ? "" : String.fromCharCode(this.#in.bytes[this.#in.offset]!);
  }
  #integer(marker: string): number {
    const { view } = this.#in;
    switch (marker) {
      case "i": return view.getInt8(this.#in.take(1, "a number"));
      case "U": return this.#in.u8("a number");
      case "I": return view.getInt16(this.#in.take(2, "a number"));
      case "l": return view.getInt32(this.#in.take(4, "a number"));
      case "L": return Number(view.getBigInt64(this.#in.take(8, "a number")));
      default: throw this.#malformed(`${JSON.stringify(marker)} is no type`);
    }
  }
  #length(): number {
    const n = this.#integer(this.#marker());
    if (n < 0 || !Number.isSafeInteger(n)) throw this.#malformed(`${n} is no length`);
    return n;
  }
  #text(): string {
    return utf8.decode(this.#in.slice(this.#length(), "a text"));
  }

  #array(depth: number): Document {
    this.#deeper(depth);
    let type: string | undefined;
    if (this.#peek() === "$") {
      this.#in.offset++;
      type = this.#marker();
      if (this.#peek() !== "#") throw this.#malformed("a typed list has no length");
    }
    if (this.#peek() === "#") {
      this.#in.offset++;
      const count = this.#length();
      if (type !== undefined) return this.#typed(type, count, depth);
      if (count > this.#in.left) throw this.#malformed(`a list of ${count} values does not fit into ${this.#in.left} bytes`);
      return Array.from({ length: count }, () => this.value(depth));
    }
    const items: Document[] = [];
    while (this.#peek() !== "]") items.push(this.value(depth));
    this.#in.offset++;
    return items;
  }
  #typed(type: string, count: number, depth: number): Document {
    const size = { i: 1, U: 1, I: 2, l: 4, L: 8, d: 4, D: 8 }[type];
    if (size === undefined) {
      if (count > this.#in.left) throw this.#malformed(`a list of ${count} values does not fit into ${this.#in.left} bytes`);
      return Array.from({ length: count }, () => this.value(depth, type));
    }
    const at = this.#in.take(count * size, `a list of ${count} numbers`);
    const { view } = this.#in;
    let out: DocumentNumbers;
    switch (type) {
      case "i": out = new Int8Array(count); for (let k = 0; k < count; k++) out[k] = view.getInt8(at + k); break;
      case "U": out = this.#in.bytes.slice(at, at + count); break;
      case "I": out = new Int16Array(count); for (let k = 0; k < count; k++) out[k] = view.getInt16(at + 2 * k); break;
      case "l": out = new Int32Array(count); for (let k = 0; k < count; k++) out[k] = view.getInt32(at + 4 * k); break;
      case "L": out = new Float64Array(count); for (let k = 0; k < count; k++) out[k] = view.getInt32(at + 8 * k) * 2 ** 32 + view.getUint32(at + 8 * k + 4); break;
      case "d": out = new Float32Array(count); for (let k = 0; k < count; k++) out[k] = view.getFloat32(at + 4 * k); break;
      default: out = new Float64Array(count); for (let k = 0; k < count; k++) out[k] = view.getFloat64(at + 8 * k);
    }
    return out;
  }
  #object(depth: number): Document {
    this.#deeper(depth);
    if (this.#peek() === "$") throw this.#malformed("objects of one type are not used by any model");
    let left = Infinity;
    if (this.#peek() === "#") {
      this.#in.offset++;
      left = this.#length();
    }
    // Without a prototype: a key may be "__proto__".
    const out = Object.create(null) as Record<string, Document>;
    while (left-- > 0) {
      if (this.#peek() === "}") {
        this.#in.offset++;
        break;
      }
      out[this.#text()] = this.value(depth);
    }
    return out;
  }
  #deeper(depth: number): void {
    if (depth > DEEPEST) throw documentError("document-too-deep", `lists or objects are nested more than ${DEEPEST} deep`, { where: `byte ${this.#in.offset}`, hint: TOO_DEEP_HINT });
  }
  #malformed(what: string): ReturnType<typeof documentError> {
    return documentError("document-malformed", `the UBJSON cannot be read: ${what}`, { where: `byte ${this.#in.offset}` });
  }
}
