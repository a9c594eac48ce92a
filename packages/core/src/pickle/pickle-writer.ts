// Writes pickles (protocol 3), as far as other formats are written down as one.

import { opcodes as op } from "./opcodes.ts";

type Write = () => void;

export class PickleWriter {
  readonly #parts: Uint8Array[] = [];
  #now: number[] = [op.PROTO, 3];
  #memo = 0;

  finish(): Uint8Array {
    this.#now.push(op.STOP);
    this.#flush();
    const whole = new Uint8Array(this.#parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  none(): void {
    this.#now.push(op.NONE);
  }
  truth(value: boolean): void {
    this.#now.push(value ? op.NEWTRUE : op.NEWFALSE);
  }
  number(value: number): void {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setFloat64(0, value);
    this.#now.push(op.BINFLOAT, ...new Uint8Array(bytes.buffer));
  }
  integer(value: bigint): void {
    if (value >= -(2n ** 31n) && value < 2n ** 31n) {
      this.#now.push(op.BININT);
      this.#u32(Number(value) >>> 0);
      return;
    }
    const bytes: number[] = [];
    let rest = value;
    // Two's complement, least byte first, until what is left is only the sign.
    while (true) {
      const byte = Number(BigInt.asUintN(8, rest));
      bytes.push(byte);
      rest >>= 8n;
      if ((rest === 0n && byte < 128) || (rest === -1n && byte >= 128)) break;
    }
    this.#now.push(op.LONG4);
    this.#u32(bytes.length);
    this.#raw(Uint8Array.from(bytes));
  }
  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.#now.push(op.BINUNICODE);
    this.#u32(bytes.length);
    this.#raw(bytes);
  }
  bytes(value: Uint8Array, mutable: boolean): void {
    if (mutable) {
      this.global("builtins", "bytearray");
      this.tuple([() => this.bytes(value, false)]);
      this.#now.push(op.REDUCE);
      return;
    }
    this.#now.push(op.BINBYTES);
    this.#u32(value.length);
    this.#raw(value);
  }
  /** The protocol ends a name with a line end: one in the name itself is no name. */
  global(module: string, name: string): void {
    this.#now.push(op.GLOBAL);
    this.#raw(new TextEncoder().encode(`${module.replaceAll("\n", " ")}\n${name.replaceAll("\n", " ")}\n`));
  }
  tuple(items: readonly Write[]): void {
    this.#marked(items, op.TUPLE);
  }
  list(items: readonly Write[]): void {
    this.#marked(items, op.LIST);
  }
  set(items: readonly Write[]): void {
    this.global("builtins", "set");
    this.tuple([() => this.list(items)]);
    this.#now.push(op.REDUCE);
  }
  dict(entries: readonly (readonly [key: Write, value: Write])[]): void {
    this.#marked(entries.flat(), op.DICT);
  }
  newobj(module: string, name: string): void {
    this.global(module, name);
    this.#now.push(op.EMPTY_TUPLE, op.NEWOBJ);
  }
  reduce(module: string, name: string, args: Write): void {
    this.global(module, name);
    args();
    this.#now.push(op.REDUCE);
  }
  build(state: Write): void {
    state();
    this.#now.push(op.BUILD);
  }
  /** @param type such as "<f8" */
  dtype(type: string): void {
    const order = /^[<>|=]/.test(type) ? type[0]! : "|";
    const code = type.replace(/^[<>|=]/, "");
    this.reduce("numpy", "dtype", () => this.tuple([() => this.text(code), () => this.truth(false), () => this.truth(true)]));
    this.build(() => this.tuple([() => this.integer(3n), () => this.text(order), ...Array.from({ length: 3 }, () => () => this.none()), ...[-1n, -1n, 0n].map((n) => () => this.integer(n))]));
  }
  structure(size: number, fields: readonly { readonly name: string; readonly type: string; readonly at: number }[]): void {
    this.reduce("numpy", "dtype", () => this.tuple([() => this.text(`V${size}`), () => this.truth(false), () => this.truth(true)]));
    this.build(() => this.tuple([
      () => this.integer(3n), () => this.text("|"), () => this.none(), () => this.tuple(fields.map((f) => () => this.text(f.name))),
      () => this.dict(fields.map((f) => [() => this.text(f.name), () => this.tuple([() => this.dtype(f.type), () => this.integer(BigInt(f.at))])])),
      () => this.integer(BigInt(size)), () => this.integer(1n), () => this.integer(16n),
    ]));
  }
  array(shape: readonly number[], dtype: Write, fortran: boolean, data: Write): void {
    this.reduce("numpy.core.multiarray", "_reconstruct", () => this.tuple([() => this.global("numpy", "ndarray"), () => this.tuple([() => this.integer(0n)]), () => this.bytes(Uint8Array.of(98), false)]));
    this.build(() => this.tuple([() => this.integer(1n), () => this.tuple(shape.map((side) => () => this.integer(BigInt(side)))), dtype, () => this.truth(fortran), data]));
  }
  /** Keeps what was written last; the place it is got from. */
  put(): number {
    this.#now.push(op.LONG_BINPUT);
    this.#u32(this.#memo);
    return this.#memo++;
  }
  get(place: number): void {
    this.#now.push(op.LONG_BINGET);
    this.#u32(place);
  }

  #marked(items: readonly Write[], end: number): void {
    this.#now.push(op.MARK);
    for (const item of items) item();
    this.#now.push(end);
  }
  #u32(value: number): void {
    this.#now.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
  }
  #raw(bytes: Uint8Array): void {
    if (bytes.length < 64) {
      this.#now.push(...bytes);
      return;
    }
    this.#flush();
    this.#parts.push(bytes);
  }
  #flush(): void {
    this.#parts.push(Uint8Array.from(this.#now));
    this.#now = [];
  }
}
