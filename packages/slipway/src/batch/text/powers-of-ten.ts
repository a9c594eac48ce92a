// Powers of ten as the writer of doubles takes them: the upper 128 bits of 10^k, rounded up, for every k that a double needs.

export const LEAST_POWER = -292;
export const MOST_POWER = 324;
/** Of one power: its upper and its lower 64 bits. */
export const POWER_BYTES = 16;

let made: Uint8Array | undefined;

/** One after the other. */
export function powersOfTen(): Uint8Array {
  if (made !== undefined) return made;
  const view = new DataView(new ArrayBuffer((MOST_POWER - LEAST_POWER + 1) * POWER_BYTES));
  for (let k = LEAST_POWER, place = 0; k <= MOST_POWER; k++, place += POWER_BYTES) {
    const bits = upperBits(k);
    view.setBigUint64(place, bits >> 64n, true);
    view.setBigUint64(place + 8, bits & (2n ** 64n - 1n), true);
  }
  return (made = new Uint8Array(view.buffer));
}

function upperBits(k: number): bigint {
  const [above, below] = k >= 0 ? [10n ** BigInt(k), 1n] : [1n, 10n ** BigInt(-k)];
  // Of 10^k, rounded down: floor(k * log2(10)).
  const log = (k * 1741647) >> 19;
  const shift = BigInt(127 - log);
  const [a, b] = shift >= 0n ? [above << shift, below] : [above, below << -shift];
  return (a + b - 1n) / b;
}
