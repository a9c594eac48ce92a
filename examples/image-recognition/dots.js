// A drawing as the network knows digits: cut out, brought to the full height, 8 x 8 dots of 0 to 16.

const SIDE = 8;
const FULL = 16;

/** `ink` is width x height, 0 to 1, row by row; null where nothing is drawn. */
export function dotsOf(ink, width, height) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] < 0.2) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  if (right < 0) return null;
  const size = Math.max(right - left, bottom - top) + 1;
  const x0 = (left + right + 1 - size) / 2;
  const y0 = (top + bottom + 1 - size) / 2;
  const sums = new Float64Array(SIDE * SIDE);
  const steps = SIDE * 8;
  for (let j = 0; j < steps; j++) {
    for (let i = 0; i < steps; i++) {
      const x = Math.floor(x0 + ((i + 0.5) * size) / steps);
      const y = Math.floor(y0 + ((j + 0.5) * size) / steps);
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      sums[Math.floor(j / 8) * SIDE + Math.floor(i / 8)] += ink[y * width + x];
    }
  }
  return Array.from(sums, (sum) => Math.round((sum / 64) * FULL));
}
