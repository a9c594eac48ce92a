// Where a picture lies in its tensor, and what its request asks of the answer. It goes with the rows as one more tensor,
// which no engine sees, so that rows may be cut and joined.

import type { Signature } from "../package/index.ts";
import type { GivenTensor } from "./tensors.ts";

/** A place x of the picture is x * scaleX + left in the tensor. */
export interface PictureFrame {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly left: number;
  readonly top: number;
  /** The picture's own size. */
  readonly width: number;
  readonly height: number;
  readonly tensorWidth: number;
  readonly tensorHeight: number;
}
/** NaN: as the package says. */
export interface AnswerLimits {
  readonly score: number;
  readonly most: number;
}

/** float64 [N, 10] among the feeds of a session that has been dressed. */
export const FRAME = "slipway.frame";
const WIDTH = 10;

export function frameTensor(frames: readonly PictureFrame[], { score, most }: AnswerLimits): GivenTensor {
  const data = new Float64Array(frames.length * WIDTH);
  frames.forEach((f, i) => data.set([f.scaleX, f.scaleY, f.left, f.top, f.width, f.height, f.tensorWidth, f.tensorHeight, score, most], i * WIDTH));
  return { shape: [frames.length, WIDTH], data };
}

/** Of tensors that came as they are: the tensor is the picture. */
export function plainFrames(signature: Signature, shape: readonly number[]): GivenTensor {
  const whole = signature.tensorRows === "none";
  const dims = whole ? shape : shape.slice(1);
  const last = dims.length === 3 && [1, 3, 4].includes(dims[2]!) && ![1, 3, 4].includes(dims[0]!);
  const [height, width] = dims.length === 2 || last ? [dims[0]!, dims[1]!] : [dims[1] ?? 1, dims[2] ?? 1];
  const frame: PictureFrame = { scaleX: 1, scaleY: 1, left: 0, top: 0, width, height, tensorWidth: width, tensorHeight: height };
  return frameTensor(Array.from({ length: whole ? 1 : (shape[0] ?? 0) }, () => frame), { score: NaN, most: NaN });
}

export function readFrame(data: Float64Array, row: number): PictureFrame & AnswerLimits {
  const [scaleX, scaleY, left, top, width, height, tensorWidth, tensorHeight, score, most] = data.subarray(row * WIDTH, (row + 1) * WIDTH) as unknown as [number, number, number, number, number, number, number, number, number, number];
  return { scaleX, scaleY, left, top, width, height, tensorWidth, tensorHeight, score, most };
}
