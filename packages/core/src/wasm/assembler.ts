// Writes WebAssembly modules (core specification 2.0, binary format): functions over one imported memory. The little that
// the tree walks, counting and the readers and writers of text need, with names for the instructions instead of a text format.

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";
const TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export type Plain =
  | "return" | "end" | "else" | "unreachable" | "drop" | "select" | "i32.eqz" | "i32.eq" | "i32.ne" | "i32.lt_s" | "i32.lt_u" | "i32.gt_s"
  | "i32.gt_u" | "i32.le_s" | "i32.le_u" | "i32.ge_s" | "i32.ge_u" | "i64.eqz" | "i64.eq" | "i64.ne" | "i64.lt_u" | "i64.gt_u" | "i64.le_u"
  | "i64.ge_u" | "f32.le" | "f64.eq" | "f64.ne" | "f64.lt" | "f64.gt" | "f64.le" | "f64.ge" | "i32.clz" | "i32.ctz" | "i32.add" | "i32.sub"
  | "i32.mul" | "i32.div_u" | "i32.and" | "i32.or" | "i32.xor" | "i32.shl" | "i32.shr_s" | "i32.shr_u" | "i64.add" | "i64.sub" | "i64.mul"
  | "i64.div_u" | "i64.and" | "i64.or" | "i64.shl" | "i64.shr_u" | "f32.add" | "f64.abs" | "f64.neg" | "f64.add" | "f64.sub" | "f64.mul" | "f64.div" | "f64.min" | "f64.max" | "f64.convert_i32_s" | "i32x4.splat" | "i32.wrap_i64"
  | "i64.extend_i32_u" | "i64.extend_i32_s" | "f64.convert_i64_u" | "f32.demote_f64" | "f64.promote_f32" | "i64.reinterpret_f64" | "i8x16.splat"
  | "i8x16.extract_lane_u" | "i8x16.eq" | "i8x16.gt_s" | "v128.not" | "v128.and" | "v128.andnot" | "v128.or" | "v128.xor" | "v128.bitselect"
  | "memory.copy" | "i8x16.bitmask" | "i8x16.add" | "i8x16.sub" | "i8x16.swizzle" | "i8x16.lt_u" | "i8x16.ge_s" | "i16x8.splat" | "i16x8.add" | "i16x8.mul" | "i16x8.shr_u" | "i32x4.dot_i16x8_s"
  | "i8x16.min_u" | "i8x16.narrow_i16x8_s" | "i32x4.max_s" | "f32x4.convert_i32x4_s" | "i8x16.narrow_i16x8_u" | "i16x8.eq" | "i16x8.gt_s" | "i16x8.bitmask" | "i16x8.sub" | "i16x8.narrow_i32x4_s"
  | "i32x4.lt_s" | "i32x4.bitmask" | "i32x4.add" | "i32x4.sub" | "i32x4.shr_s" | "i32x4.extadd_pairwise_i16x8_s" | "f64x2.convert_low_i32x4_s"
  | "v128.any_true" | "i32x4.lt_u" | "i32x4.shl" | "i32x4.shr_u" | "i32x4.mul" | "i64x2.sub" | "f64x2.eq" | "f64x2.lt" | "f64x2.gt" | "f64x2.floor" | "f64x2.add" | "f64x2.sub" | "f64x2.mul" | "f64x2.pmin" | "f64x2.pmax";
/** Instructions without immediates; two numbers where there is a prefix. */
const PLAIN: Readonly<Record<Plain, readonly number[]>> = {
  "return": [0x0f], "end": [0x0b], "else": [0x05], "unreachable": [0x00], "drop": [0x1a], "select": [0x1b],
  "i32.eqz": [0x45], "i32.eq": [0x46], "i32.ne": [0x47], "i32.lt_s": [0x48], "i32.lt_u": [0x49], "i32.gt_s": [0x4a], "i32.gt_u": [0x4b], "i32.le_s": [0x4c], "i32.le_u": [0x4d],
  "i32.ge_s": [0x4e], "i32.ge_u": [0x4f], "i64.eqz": [0x50], "i64.eq": [0x51], "i64.ne": [0x52], "i64.lt_u": [0x54], "i64.gt_u": [0x56], "i64.le_u": [0x58], "i64.ge_u": [0x5a],
  "f32.le": [0x5f], "f64.eq": [0x61], "f64.ne": [0x62], "f64.lt": [0x63], "f64.gt": [0x64], "f64.le": [0x65], "f64.ge": [0x66],
  "i32.clz": [0x67], "i32.ctz": [0x68], "i32.add": [0x6a], "i32.sub": [0x6b], "i32.mul": [0x6c], "i32.div_u": [0x6e], "i32.and": [0x71], "i32.or": [0x72], "i32.xor": [0x73], "i32.shl": [0x74], "i32.shr_s": [0x75], "i32.shr_u": [0x76],
  "i64.add": [0x7c], "i64.sub": [0x7d], "i64.mul": [0x7e], "i64.div_u": [0x80], "i64.and": [0x83], "i64.or": [0x84], "i64.shl": [0x86], "i64.shr_u": [0x88],
  "f32.add": [0x92], "f64.abs": [0x99], "f64.neg": [0x9a], "f64.add": [0xa0], "f64.sub": [0xa1], "f64.mul": [0xa2], "f64.div": [0xa3], "f64.min": [0xa4], "f64.max": [0xa5], "f64.convert_i32_s": [0xb7], "i32x4.splat": [0xfd, 17],
  "i32.wrap_i64": [0xa7], "i64.extend_i32_u": [0xad], "i64.extend_i32_s": [0xac], "f64.convert_i64_u": [0xba], "f32.demote_f64": [0xb6], "f64.promote_f32": [0xbb], "i64.reinterpret_f64": [0xbd],
  "i8x16.splat": [0xfd, 15], "i8x16.extract_lane_u": [0xfd, 22], "i8x16.eq": [0xfd, 35], "i8x16.gt_s": [0xfd, 39], "v128.not": [0xfd, 77], "v128.and": [0xfd, 78], "v128.andnot": [0xfd, 79], "v128.or": [0xfd, 80], "v128.xor": [0xfd, 81],
  "memory.copy": [0xfc, 0x0a, 0, 0],
  "v128.bitselect": [0xfd, 82], "i8x16.swizzle": [0xfd, 14], "i8x16.lt_u": [0xfd, 38], "i8x16.ge_s": [0xfd, 43], "i16x8.splat": [0xfd, 16], "i16x8.add": [0xfd, 0x8e, 1], "i16x8.mul": [0xfd, 0x95, 1], "i16x8.shr_u": [0xfd, 0x8d, 1], "i32x4.dot_i16x8_s": [0xfd, 0xba, 1],
  "i8x16.bitmask": [0xfd, 100], "i8x16.add": [0xfd, 110], "i8x16.sub": [0xfd, 113],
  "i8x16.min_u": [0xfd, 119], "i8x16.narrow_i16x8_s": [0xfd, 101], "i32x4.max_s": [0xfd, 0xb8, 1], "f32x4.convert_i32x4_s": [0xfd, 0xfa, 1], "i8x16.narrow_i16x8_u": [0xfd, 102],
  "i16x8.eq": [0xfd, 45], "i16x8.gt_s": [0xfd, 49], "i16x8.bitmask": [0xfd, 0x84, 1], "i16x8.sub": [0xfd, 0x91, 1], "i16x8.narrow_i32x4_s": [0xfd, 0x85, 1],
  "i32x4.lt_s": [0xfd, 57], "i32x4.bitmask": [0xfd, 0xa4, 1], "i32x4.add": [0xfd, 0xae, 1], "i32x4.sub": [0xfd, 0xb1, 1], "i32x4.shr_s": [0xfd, 0xac, 1], "i32x4.extadd_pairwise_i16x8_s": [0xfd, 126], "f64x2.convert_low_i32x4_s": [0xfd, 0xfe, 1],
  "v128.any_true": [0xfd, 83], "i32x4.lt_u": [0xfd, 58], "i32x4.shl": [0xfd, 0xab, 1], "i32x4.shr_u": [0xfd, 0xad, 1], "i32x4.mul": [0xfd, 0xb5, 1], "i64x2.sub": [0xfd, 0xd1, 1], "f64x2.eq": [0xfd, 71], "f64x2.lt": [0xfd, 73],
  "f64x2.gt": [0xfd, 74], "f64x2.floor": [0xfd, 0x75], "f64x2.add": [0xfd, 0xf0, 1], "f64x2.sub": [0xfd, 0xf1, 1], "f64x2.mul": [0xfd, 0xf2, 1], "f64x2.pmin": [0xfd, 0xf6, 1], "f64x2.pmax": [0xfd, 0xf7, 1],
};

export type MemoryAccess =
  | "i32.load" | "i64.load" | "f32.load" | "f64.load" | "i32.load8_u" | "i32.load16_u" | "i32.store" | "i64.store" | "f32.store" | "f64.store" | "i32.store8" | "i32.store16" | "v128.load" | "v128.load8_splat" | "v128.store";
/** Loads and stores, with the alignment they are given (a hint). */
const MEMORY: Readonly<Record<MemoryAccess, readonly [opcode: readonly number[], align: number]>> = {
  "i32.load": [[0x28], 2], "i64.load": [[0x29], 3], "f32.load": [[0x2a], 2], "f64.load": [[0x2b], 3], "i32.load8_u": [[0x2d], 0], "i32.load16_u": [[0x2f], 1],
  "i32.store": [[0x36], 2], "i64.store": [[0x37], 3], "f32.store": [[0x38], 2], "f64.store": [[0x39], 3], "i32.store8": [[0x3a], 0], "i32.store16": [[0x3b], 1],
  "v128.load": [[0xfd, 0], 4], "v128.load8_splat": [[0xfd, 7], 0], "v128.store": [[0xfd, 11], 4],
};

/** Where a branch leads: the end of a block, or the beginning of a loop. */
export interface Label {
  readonly depth: number;
}

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
  /** What it leaves on the stack at its end, or gives with "return". */
  readonly result: ValueType | undefined;
  readonly #locals: ValueType[] = [];
  readonly #code = new Bytes();
  /** Constants that are made before the code, and the locals that hold them. */
  readonly #before = new Bytes();
  readonly #constants = new Map<string, number>();
  /** How many blocks are open. */
  #depth = 0;

  constructor(name: string, params: readonly ValueType[], result?: ValueType) {
    this.name = name;
    this.params = params;
    this.result = result;
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
  i64(value: bigint): this {
    this.#code.push(0x42);
    for (let rest = BigInt.asIntN(64, value); ; rest >>= 7n) {
      if (rest >= -64n && rest < 64n) {
        this.#code.push(Number(rest & 0x7fn));
        return this;
      }
      this.#code.push(Number(rest & 0x7fn) | 0x80);
    }
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
  /** The same, made once before everything else: inside a loop `v128` makes it anew each time. */
  once(values: Float64Array | Int32Array): this {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, 16);
    const key = bytes.join();
    let local = this.#constants.get(key);
    if (local === undefined) {
      this.#constants.set(key, local = this.local("v128"));
      this.#before.all([0xfd, 12]);
      this.#before.all(bytes);
      this.#before.push(0x21);
      this.#before.unsigned(local);
    }
    return this.get(local);
  }
  /** Words of two vectors: 0 to 3 of the first, 4 to 7 of the second. */
  shuffle(...words: readonly [number, number, number, number]): this {
    this.#code.all([0xfd, 13]);
    this.#code.all(words.flatMap((w) => [4 * w, 4 * w + 1, 4 * w + 2, 4 * w + 3]));
    return this;
  }
  /** The first eight bytes of two vectors in turn. */
  interleave(): this {
    this.#code.all([0xfd, 13]);
    this.#code.all([0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => [i, 16 + i]));
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
    return this.#nested(0x03, () => {
      body();
      this.#code.all([0x0d, 0]);
    });
  }
  /** A branch to `again` begins it anew; it ends where it comes to its end. */
  repeat(body: (again: Label) => void): this {
    return this.#nested(0x03, body);
  }
  /** A branch to `out` leaves it. */
  block(body: (out: Label) => void): this {
    return this.#nested(0x02, body);
  }
  branch(to: Label): this { return this.#indexed(0x0c, this.#depth - to.depth); }
  /** Where what is on the stack is not 0. */
  branchIf(to: Label): this { return this.#indexed(0x0d, this.#depth - to.depth); }
  /** if (what is on the stack) { body } */
  when(body: () => void, otherwise?: () => void): this {
    return this.#nested(0x04, () => {
      body();
      if (otherwise) {
        this.op("else");
        otherwise();
      }
    });
  }
  #nested(opcode: number, body: (label: Label) => void): this {
    this.#code.all([opcode, 0x40]);
    body({ depth: ++this.#depth });
    this.#depth--;
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
    body.all(this.#before.done());
    body.all(this.#code.done());
    body.push(0x0b);
    return body.done();
  }
}

/** A module of these functions; those with a name are exported. Its memory is imported as env.memory. */
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
  const signatureOf = (f: FunctionWriter): string => `${f.params.join()}>${f.result ?? ""}`;
  const signatures = [...new Set(functions.map(signatureOf))];
  section(1, (c) => {
    c.unsigned(signatures.length);
    for (const s of signatures) {
      c.push(0x60);
      for (const types of s.split(">").map((list) => (list === "" ? [] : (list.split(",") as ValueType[])))) {
        c.unsigned(types.length);
        for (const type of types) c.push(TYPES[type]);
      }
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
    for (const f of functions) c.unsigned(signatures.indexOf(signatureOf(f)));
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
