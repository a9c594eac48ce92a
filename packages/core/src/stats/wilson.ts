// The interval of a share (Wilson, "Probable inference, the law of succession, and statistical inference", 1927).

/** With 95 % confidence by default. */
export function wilsonInterval(hits: number, trials: number, z: number = 1.959964): readonly [low: number, high: number] {
  if (trials === 0) return [0, 1];
  const p = hits / trials;
  const middle = (p + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half = (z / (1 + (z * z) / trials)) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
