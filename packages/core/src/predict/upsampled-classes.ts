// The class that scores most at any place between the pixels of a small map: scores are brought to the place by bilinear
// interpolation (torch.nn.functional.interpolate, mode="bilinear", align_corners=False), then the largest is taken, the first of
// several. Where the four pixels around a place have the same class it is that of the place, since what is in between of four
// scores is nowhere larger than they are: all scores are looked at along the edges of classes alone.

/** For each place along an edge where it lies, counted in pixels from the middle of the first; -1 where it is shown nowhere. */
export type Between = readonly number[];

/** @param scores [classes, height, width] of `shape` @returns the class at a place of the larger map, or -1 */
export function upsampledClasses(scores: Float32Array, [classes, height, width]: readonly [number, number, number], across: Between, down: Between): (x: number, y: number) => number {
  const pixels = height * width;
  const most = scores.slice(0, pixels);
  const first = new Int32Array(pixels);
  for (let c = 1, at = pixels; c < classes; c++) {
    for (let i = 0; i < pixels; i++, at++) {
      if (scores[at]! > most[i]!) {
        most[i] = scores[at]!;
        first[i] = c;
      }
    }
  }
  return (x, y) => {
    const [column, line] = [across[x]!, down[y]!];
    if (column < 0 || line < 0) return -1;
    const [left, top] = [Math.floor(column), Math.floor(line)];
    const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
    const [a, b, c, d] = [top * width + left, top * width + right, bottom * width + left, bottom * width + right];
    if (first[a] === first[b] && first[a] === first[c] && first[a] === first[d]) return first[a]!;
    const [u, v] = [column - left, line - top];
    let [best, found] = [-Infinity, 0];
    for (let k = 0, at = 0; k < classes; k++, at += pixels) {
      const score = (1 - v) * ((1 - u) * scores[at + a]! + u * scores[at + b]!) + v * ((1 - u) * scores[at + c]! + u * scores[at + d]!);
      if (score > best) [best, found] = [score, k];
    }
    return found;
  };
}
