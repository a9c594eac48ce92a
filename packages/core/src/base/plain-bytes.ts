/**
 * The same bytes, without a copy, as a plain Uint8Array: Node's Buffer is one too, but its `slice` copies nothing, and its
 * `buffer` is often a pool that holds other things as well.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return Object.getPrototypeOf(bytes) === Uint8Array.prototype ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
