// The memory that text is read from and written to in WebAssembly. What is taken stays where it is, and views on it are made
// anew when it has grown.

import { batchError } from "../errors.ts";
import { ByteSink } from "../output/byte-sink.ts";

const PAGE = 65536;
/** Vectors are read and written over the end of what is there. */
export const SLACK = 64;

export class TextMemory {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 });
  #top = 64;
  /** Called when it has grown: views on it are void. */
  onGrown: (() => void) | undefined;
  #bytes: Buffer = Buffer.from(this.memory.buffer);

  /** The address of so many bytes, aligned to 64. */
  take(bytes: number): number {
    const at = this.#top;
    this.#reach(at + bytes);
    return at;
  }
  /** Makes what begins at `at` longer where nothing was taken behind it; else elsewhere, with what it held. */
  extend(at: number, held: number, bytes: number, length: number): number {
    if (aligned(at + held) === this.#top) {
      this.#reach(at + bytes);
      return at;
    }
    const to = this.take(bytes);
    this.bytes.copyWithin(to, at, at + length);
    return to;
  }
  #reach(end: number): void {
    const missing = Math.ceil((end + SLACK) / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch (cause) {
        throw batchError("batch-worker-failed", `a thread has no memory for a shard of this size (${Math.round(end / 2 ** 20)} MB)`, { hint: "Make shards smaller with --shard-mb.", cause });
      }
      this.onGrown?.();
    }
    this.#top = aligned(end);
  }

  /** All of it. */
  get bytes(): Buffer {
    if (this.#bytes.length === 0 || this.#bytes.buffer !== this.memory.buffer) this.#bytes = Buffer.from(this.memory.buffer);
    return this.#bytes;
  }
  ints(at: number, length: number): Int32Array { return new Int32Array(this.memory.buffer, at, length); }
  doubles(at: number, length: number): Float64Array { return new Float64Array(this.memory.buffer, at, length); }
}

/** Bytes written in it. */
export class TextSink extends ByteSink {
  readonly of: TextMemory;
  at: number;
  #capacity: number;

  constructor(of: TextMemory, capacity: number = 2 ** 20) {
    super(0);
    this.of = of;
    this.#capacity = capacity;
    this.at = of.take(capacity + SLACK);
    of.onGrown = () => this.#refresh();
    this.#refresh();
  }
  #refresh(): void {
    this.bytes = this.of.bytes.subarray(this.at, this.at + this.#capacity);
  }
  override ensure(count: number): void {
    if (this.length + count > this.#capacity) {
      const capacity = Math.max(this.#capacity * 2, this.length + count);
      this.at = this.of.extend(this.at, this.#capacity + SLACK, capacity + SLACK, this.length);
      this.#capacity = capacity;
      this.#refresh();
    }
  }
}

function aligned(at: number): number {
  return (at + 63) & ~63;
}
