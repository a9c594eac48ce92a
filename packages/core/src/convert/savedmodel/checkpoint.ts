// A checkpoint (tensor bundle, version 1): an index of keys, and data files that tensors lie in. A tensor is read and its
// checksum compared when it is asked for.

import type { Tensor } from "../../tensor/index.ts";
import type { ReadSibling } from "../imported.ts";
import { malformed, savedModelError } from "./errors.ts";
import { Message } from "./message.ts";
import { maskedCrc32c, readTable } from "./table.ts";
import { elementType, readShape, tensorOfBytes } from "./tensor-proto.ts";

const MAX_INDEX = 2 ** 28;
const MAX_SHARD = 2 ** 31 - 1;
const MAX_SHARDS = 10_000;
const PREFIX = "variables/variables";

export class Checkpoint {
  readonly #entries: Map<string, Uint8Array>;
  readonly #read: ReadSibling;
  readonly #shards: number;
  readonly #files = new Map<number, Uint8Array>();

  constructor(read: ReadSibling) {
    this.#read = read;
    const index = read(`${PREFIX}.index`, MAX_INDEX);
    if (!index) {
      throw savedModelError("savedmodel-files", `the folder has no ${PREFIX}.index, and the model has weights`, { where: `${PREFIX}.index`, hint: "Pass the whole folder that the model was saved into, with its subfolder variables." });
    }
    this.#entries = readTable(index);
    const header = new Message(this.#entries.get("") ?? new Uint8Array(0));
    this.#shards = header.number(1);
    if (!(this.#shards >= 0 && this.#shards <= MAX_SHARDS)) throw malformed(`the checkpoint has ${this.#shards} files`, `${PREFIX}.index`);
    if (header.number(2) !== 0) throw savedModelError("savedmodel-operator", "the weights were saved on a big-endian machine, which is not read", { where: `${PREFIX}.index` });
  }
  has(key: string): boolean {
    return this.#entries.has(latin1(key));
  }
  tensor(key: string): Tensor {
    const where = `weight ${JSON.stringify(key.slice(0, 160))}`;
    const bytes = this.#entries.get(latin1(key));
    if (!bytes) throw malformed(`${where} is not in the checkpoint`, where);
    const entry = new Message(bytes);
    if (entry.has(7)) throw savedModelError("savedmodel-operator", `${where} was saved in slices (a partitioned variable), which is not compiled`, { where });
    const type = elementType(entry.number(1), where);
    const shape = readShape(entry.message(2), where) ?? [];
    const [shard, offset, size] = [entry.number(3), entry.number(4), entry.number(5)];
    const file = this.#shard(shard, where);
    if (!(offset >= 0 && size >= 0 && offset + size <= file.length)) throw malformed(`${where} lies at byte ${offset} with ${size} bytes, in a file of ${file.length}`, where);
    const content = file.subarray(offset, offset + size);
    const tensor = tensorOfBytes(type, shape, content, where);
    if (entry.has(6) && maskedCrc32c(content) !== entry.fixed32(6)) throw malformed(`${where} is damaged: its checksum does not fit`, where);
    return tensor;
  }
  #shard(number: number, where: string): Uint8Array {
    if (!(number >= 0 && number < this.#shards)) throw malformed(`${where} lies in file ${number} of ${this.#shards}`, where);
    const known = this.#files.get(number);
    if (known) return known;
    const five = (n: number): string => String(n).padStart(5, "0");
    const name = `${PREFIX}.data-${five(number)}-of-${five(this.#shards)}`;
    const bytes = this.#read(name, MAX_SHARD);
    if (!bytes) throw savedModelError("savedmodel-files", `the folder has no ${name}`, { where: name, hint: "Pass the whole folder that the model was saved into, with its subfolder variables." });
    this.#files.set(number, bytes);
    return bytes;
  }
}

/** UTF-8 of a key, a letter a byte. */
const latin1 = (text: string): string => Array.from(new TextEncoder().encode(text), (b) => String.fromCharCode(b)).join("");
