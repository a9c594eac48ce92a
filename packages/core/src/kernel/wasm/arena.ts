// One memory for all forests of a model: what is placed in it stays where it is. Views are made anew when it has grown.

import { NotForMe } from "../value.ts";
import { hasVectors } from "../../wasm/index.ts";

const PAGE = 65536;
/** Bytes of one model's trees. */
const MOST = 2 ** 30;

/** Undefined where there is no WebAssembly with vectors, where a page's policy forbids it, or where no address space is left. */
export function openArena(eager: boolean): Arena | undefined {
  try {
    return hasVectors() ? new Arena(eager) : undefined;
  } catch {
    return undefined;
  }
}

export class Arena {
  /** Whether modules of a forest's own are made at once, instead of while larger batches come. */
  readonly eager: boolean;
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 });
  #top = 64;

  constructor(eager: boolean) {
    this.eager = eager;
  }

  /** The address of so many bytes, aligned to 64. */
  take(bytes: number): number {
    const at = this.#top;
    const top = (at + bytes + 63) & ~63;
    if (!(bytes >= 0) || top > MOST || top < at) throw new NotForMe(`trees of ${bytes} bytes`);
    this.#top = top;
    const missing = Math.ceil(top / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
    return at;
  }
  doubles(at: number, length: number): Float64Array { return new Float64Array(this.memory.buffer, at, length); }
  floats(at: number, length: number): Float32Array { return new Float32Array(this.memory.buffer, at, length); }
  ints(at: number, length: number): Int32Array { return new Int32Array(this.memory.buffer, at, length); }
  results(how: "f64" | "f32" | "leaf", at: number, length: number): Float64Array | Float32Array | Int32Array {
    return how === "f64" ? this.doubles(at, length) : how === "f32" ? this.floats(at, length) : this.ints(at, length);
  }
  signedBytes(at: number, length: number): Int8Array { return new Int8Array(this.memory.buffer, at, length); }
  bytes(at: number, length: number): Uint8Array { return new Uint8Array(this.memory.buffer, at, length); }
}
