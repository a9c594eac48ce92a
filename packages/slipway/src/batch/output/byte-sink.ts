// Bytes written one after the other into memory that grows.

export class ByteSink {
  bytes: Buffer;
  length = 0;

  constructor(capacity: number = 2 ** 16) {
    this.bytes = Buffer.allocUnsafe(capacity);
  }
  /** Room for so many more bytes. */
  ensure(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const more = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.length + count));
    this.bytes.copy(more, 0, 0, this.length);
    this.bytes = more;
  }
  byte(value: number): void {
    if (this.length === this.bytes.length) this.ensure(1);
    this.bytes[this.length++] = value;
  }
  copy(source: Uint8Array, from: number, to: number): void {
    this.ensure(to - from);
    const { bytes } = this;
    let { length } = this;
    for (let i = from; i < to; i++) bytes[length++] = source[i]!;
    this.length = length;
  }
  /** Of ASCII alone. */
  ascii(text: string): void {
    const count = text.length;
    this.ensure(count);
    const { bytes } = this;
    let { length } = this;
    for (let i = 0; i < count; i++) bytes[length++] = text.charCodeAt(i);
    this.length = length;
  }
  text(text: string): void {
    this.ensure(text.length * 3);
    this.length += this.bytes.write(text, this.length);
  }
  written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
  clear(): void {
    this.length = 0;
  }
}
