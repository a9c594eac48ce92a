// UUIDs of version 7 (RFC 9562): they sort by the time they were made, within a process also within a millisecond.

import { randomBytes } from "node:crypto";

let last = 0;
let count = 0;

export function newId(now: number = Date.now()): string {
  // Twelve bits count within a millisecond; a clock that is set back does not set the order back.
  if (now > last) {
    last = now;
    count = 0;
  } else if (++count > 0xfff) {
    last++;
    count = 0;
  }
  const random = randomBytes(8);
  random[0] = (random[0]! & 0x3f) | 0x80;
  const hex = `${last.toString(16).padStart(12, "0")}7${count.toString(16).padStart(3, "0")}${random.toString("hex")}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
