// Writes WebAssembly modules (core specification 2.0, binary format): functions over one imported memory. The little that
// tree walks and counting need, with names for the instructions instead of a text format.

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";
const TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export type Plain =
  | "i32.eqz" | "i32.eq" | "i32.ne" | "i32.lt_s" | "i32.lt_u" | "i32.gt_s" | "i32.gt_u" | "i32.le_s" | "i32.ge_s" | "f32.le" | "f64.lt" | "f64.gt" | "f64.le"
  | "f64.ge" | "i32.add" | "i32.sub" | "i32.mul" | "i32.and" | "i32.or" | "i32.xor" | "i32.shl" | "i32.shr_u" | "f32.add" | "f64.add" | "f64.neg"
  | "f32.demote_f64" | "f64.promote_f32" | "select" | "drop" | "return" | "end" | "else" | "i8x16.splat" | "i8x16.gt_s" | "v128.not" | "v128.and"
  | "v128.andnot" | "v128.or" | "v128.xor" | "v128.bitselect" | "v128.any_true" | "i8x16.add" | "i8x16.sub" | "i8x16.extract_lane_u" | "i32.clz" | "i32x4.lt_u" | "i32x4.shl"
  | "i32x4.shr_u" | "i32x4.mul" | "i64x2.sub" | "f64x2.eq" | "f64x2.lt" | "f64x2.gt" | "f64x2.floor" | "f64x2.add" | "f64x2.sub" | "f64x2.mul" | "f64x2.pmin" | "f64x2.pmax";
export type MemoryAccess =
  | "i32.load" | "i64.load" | "f32.load" | "f64.load" | "i32.load8_u" | "i32.load16_u" | "i32.store" | "f32.store" | "f64.store" | "i32.store8"
  | "i32.store16" | "v128.load" | "v128.load8_splat" | "v128.store";

/** Instructions without immediates; two numbers where there is a prefix. */
const PLAIN: Readonly<Record<Plain, readonly number[]>> = {
  "i32.eqz": [0x45], "i32.eq": [0x46], "i32.ne": [0x47], "i32.lt_s": [0x48], "i32.lt_u": [0x49], "i32.gt_s": [0x4a], "i32.gt_u": [0x4b], "i32.le_s": [0x4c], "i32.ge_s": [0x4e],
  "f32.le": [0x5f], "f64.lt": [0x63], "f64.gt": [0x64], "f64.le": [0x65], "f64.ge": [0x66],
  "i32.add": [0x6a], "i32.sub": [0x6b], "i32.mul": [0x6c], "i32.and": [0x71], "i32.or": [0x72], "i32.xor": [0x73], "i32.shl": [0x74], "i32.shr_u": [0x76],
  "f32.add": [0x92], "f64.add": [0xa0], "f64.neg": [0x9a], "f32.demote_f64": [0xb6], "f64.promote_f32": [0xbb], "select": [0x1b], "drop": [0x1a], "return": [0x0f], "end": [0x0b], "else": [0x05],
  "i8x16.splat": [0xfd, 15], "i8x16.gt_s": [0xfd, 39], "v128.not": [0xfd, 77], "v128.and": [0xfd, 78], "v128.andnot": [0xfd, 79], "v128.or": [0xfd, 80], "v128.xor": [0xfd, 81],
  "v128.bitselect": [0xfd, 82], "v128.any_true": [0xfd, 83], "i32.clz": [0x67], "i32x4.lt_u": [0xfd, 58], "i32x4.shl": [0xfd, 0xab, 1], "i32x4.shr_u": [0xfd, 0xad, 1], "i32x4.mul": [0xfd, 0xb5, 1],
  "i64x2.sub": [0xfd, 0xd1, 1], "f64x2.eq": [0xfd, 71], "f64x2.lt": [0xfd, 73], "f64x2.gt": [0xfd, 74], "f64x2.floor": [0xfd, 0x75], "f64x2.add": [0xfd, 0xf0, 1], "f64x2.sub": [0xfd, 0xf1, 1],
  "f64x2.mul": [0xfd, 0xf2, 1], "f64x2.pmin": [0xfd, 0xf6, 1], "f64x2.pmax": [0xfd, 0xf7, 1],
  "i8x16.add": [0xfd, 110], "i8x16.sub": [0xfd, 113], "i8x16.extract_lane_u": [0xfd, 22],
};

/** Loads and stores, with the alignment they are given (a hint). */
const MEMORY: Readonly<Record<MemoryAccess, readonly [opcode: readonly number[], align: number]>> = {
  "i32.load": [[0x28], 2], "i64.load": [[0x29], 3], "f32.load": [[0x2a], 2], "f64.load": [[0x2b], 3], "i32.load8_u": [[0x2d], 0], "i32.load16_u": [[0x2f], 1],
  "i32.store": [[0x36], 2], "f32.store": [[0x38], 2], "f64.store": [[0x39], 3], "i32.store8": [[0x3a], 0], "i32.store16": [[0x3b], 1],
  "v128.load": [[0xfd, 0], 4], "v128.load8_splat": [[0xfd, 7], 0], "v128.store": [[0xfd, 11], 4],
};


/** Bytes, growing. */
class Bytes {
  #bytes = new Uint8Array(256);
  length = 0;
  push(byte: number): void {
    if (this.length === this.#bytes.length) {
      const larger = new Uint8Array(this.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.length++] = byte;
  }
  unsigned(value: number): void {
    for (let rest = value >>> 0; ; rest >>>= 7) {
      if (rest < 0x80) return this.push(rest);
      this.push((rest & 0x7f) | 0x80);
    }
  }
  signed(value: number): void {
    for (let rest = value | 0; ; rest >>= 7) {
      if (rest >= -64 && rest < 64) return this.push(rest & 0x7f);
      this.push((rest & 0x7f) | 0x80);
    }
  }
  all(bytes: Uint8Array | readonly number[]): void {
    for (let i = 0; i < bytes.length; i++) this.push(bytes[i]!);
  }
  sized(content: Bytes): void {
    this.unsigned(content.length);
    this.all(content.done());
  }
  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }
}

/** The body of one function. Parameters are the first locals. */
export class FunctionWriter {
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  readonly #code = new Bytes();

  constructor(name: string, params: readonly ValueType[]) {
    this.name = name;
    this.params = params;
  }
  get size(): number {
    return this.#code.length;
  }
  local(type: ValueType): number {
    return this.params.length + this.#locals.push(type) - 1;
  }
  locals(type: ValueType, count: number): number[] {
    return Array.from({ length: count }, () => this.local(type));
  }
  op(...names: readonly Plain[]): this {
    for (const name of names) this.#code.all(PLAIN[name]);
    return this;
  }
  get(...locals: readonly number[]): this {
    for (const local of locals) this.#indexed(0x20, local);
    return this;
  }
  set(local: number): this { return this.#indexed(0x21, local); }
  tee(local: number): this { return this.#indexed(0x22, local); }
  #indexed(opcode: number, index: number): this {
    this.#code.push(opcode);
    this.#code.unsigned(index);
    return this;
  }
  i32(value: number): this {
    this.#code.push(0x41);
    this.#code.signed(value);
    return this;
  }
  f64(value: number): this {
    this.#code.push(0x44);
    this.#code.all(new Uint8Array(Float64Array.of(value).buffer));
    return this;
  }
  /** 16 bytes, as doubles or as words. */
  v128(values: Float64Array | Int32Array): this {
    this.#code.all([0xfd, 12]);
    this.#code.all(new Uint8Array(values.buffer, values.byteOffset, 16));
    return this;
  }
  /** Words of two vectors: 0 to 3 of the first, 4 to 7 of the second. */
  shuffle(...words: readonly [number, number, number, number]): this {
    this.#code.all([0xfd, 13]);
    this.#code.all(words.flatMap((w) => [4 * w, 4 * w + 1, 4 * w + 2, 4 * w + 3]));
    return this;
  }
  /** A word of a vector. */
  word(lane: number): this {
    this.#code.all([0xfd, 27, lane]);
    return this;
  }
  access(name: MemoryAccess, offset = 0): this {
    const [opcode, align] = MEMORY[name];
    this.#code.all(opcode);
    this.#code.unsigned(align);
    this.#code.unsigned(offset);
    return this;
  }
  /** Calls a function of the module, by its place. */
  call(index: number): this { return this.#indexed(0x10, index); }
  /** do { body } while (what body leaves on the stack). */
  loop(body: () => void): this {
    this.#code.all([0x03, 0x40]);
    body();
    this.#code.all([0x0d, 0, 0x0b]);
    return this;
  }
  /** if (what is on the stack) { body } */
  when(body: () => void, otherwise?: () => void): this {
    this.#code.all([0x04, 0x40]);
    body();
    if (otherwise) {
      this.op("else");
      otherwise();
    }
    return this.op("end");
  }
  /** local += value */
  increase(local: number, value: number): this {
    return this.get(local).i32(value).op("i32.add").set(local);
  }
  write(): Uint8Array {
    const body = new Bytes();
    body.unsigned(this.#locals.length);
    for (const type of this.#locals) {
      body.unsigned(1);
      body.push(TYPES[type]);
    }
    body.all(this.#code.done());
    body.push(0x0b);
    return body.done();
  }
}

/** A module of these functions, none of which gives a result; those with a name are exported. Its memory is imported as env.memory. */
export function writeModule(functions: readonly FunctionWriter[]): Uint8Array<ArrayBuffer> {
  const out = new Bytes();
  out.all([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const section = (id: number, fill: (content: Bytes) => void): void => {
    const content = new Bytes();
    fill(content);
    out.push(id);
    out.sized(content);
  };
  const text = (content: Bytes, value: string): void => {
    content.unsigned(value.length);
    for (let i = 0; i < value.length; i++) content.push(value.charCodeAt(i));
  };
  const signatures = [...new Set(functions.map((f) => f.params.join()))];
  section(1, (c) => {
    c.unsigned(signatures.length);
    for (const s of signatures) {
      const params = s === "" ? [] : (s.split(",") as ValueType[]);
      c.push(0x60);
      c.unsigned(params.length);
      for (const p of params) c.push(TYPES[p]);
      c.push(0);
    }
  });
  section(2, (c) => {
    c.unsigned(1);
    text(c, "env");
    text(c, "memory");
    c.all([2, 0, 1]);
  });
  section(3, (c) => {
    c.unsigned(functions.length);
    for (const f of functions) c.unsigned(signatures.indexOf(f.params.join()));
  });
  section(7, (c) => {
    c.unsigned(functions.filter((f) => f.name !== "").length);
    functions.forEach((f, i) => {
      if (f.name === "") return;
      text(c, f.name);
      c.push(0);
      c.unsigned(i);
    });
  });
  section(10, (c) => {
    c.unsigned(functions.length);
    for (const f of functions) {
      const body = f.write();
      c.unsigned(body.length);
      c.all(body);
    }
  });
  return out.done();
}
