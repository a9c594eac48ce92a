// Calibration learnt from what came true: the rising step function nearest to it (isotonic regression by pooling adjacent
// violators, Barlow et al. 1972), between whose steps it is drawn straight.

export interface CalibrationMap {
  /** Probabilities as the model says them, rising. */
  readonly said: readonly number[];
  /** The share of them that comes true. */
  readonly true: readonly number[];
}

/** @param came by row, 0 or 1 */
export function isotonic(said: ArrayLike<number>, came: ArrayLike<number>): CalibrationMap {
  const order = Array.from(said, (_, i) => i).sort((a, b) => said[a]! - said[b]!);
  const blocks: { weight: number; sum: number; said: number }[] = [];
  for (const i of order) {
    let block = { weight: 1, sum: came[i]!, said: said[i]! };
    for (let last = blocks.at(-1); last !== undefined && last.sum / last.weight >= block.sum / block.weight; last = blocks.at(-1)) {
      blocks.pop();
      block = { weight: last.weight + block.weight, sum: last.sum + block.sum, said: last.said + block.said };
    }
    blocks.push(block);
  }
  return { said: blocks.map((b) => b.said / b.weight), true: blocks.map((b) => b.sum / b.weight) };
}

export function calibrated({ said, true: came }: CalibrationMap, p: number): number {
  if (said.length === 0) return p;
  const high = said.findIndex((s) => s >= p);
  if (high === 0) return came[0]!;
  if (high < 0) return came.at(-1)!;
  const [x, y] = [said[high - 1]!, said[high]!];
  if (y === x) return came[high]!;
  return came[high - 1]! + ((p - x) / (y - x)) * (came[high]! - came[high - 1]!);
}
