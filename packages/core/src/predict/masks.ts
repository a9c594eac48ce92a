// The classes of a segmenting network's pixels, brought to the size of the picture that was sent: the nearest pixel, as Pillow's
// Image.resize(NEAREST) takes it. {"size": [height, width], "segments": [{"label", "class", "pixels", "counts"}]}, by class.

import { MASK_OUTPUT, type SegmentationTask } from "../package/index.ts";
import { predictError } from "./errors.ts";
import { FRAME, readFrame, type PictureFrame } from "./picture-frame.ts";
import { nearestPlaces } from "./resize.ts";
import { classRuns } from "./run-lengths.ts";
import type { EngineTensor, Session } from "./session.ts";

export const MASK = "mask";

export interface Segment {
  readonly label: string;
  /** The network's number for it. */
  readonly class: number;
  readonly pixels: number;
  /** COCO's run lengths: with `size` of the mask they are what pycocotools.mask.decode takes. */
  readonly counts: string;
}
export interface Mask {
  /** Height, width. */
  readonly size: readonly [number, number];
  /** Of the classes that the picture has, by number. What a crop left out belongs to none. */
  readonly segments: readonly Segment[];
}

/** Pixels of a map that is answered. */
const MAX_PIXELS = 2 ** 26;

export function maskSession(network: Session, task: SegmentationTask): Session {
  return {
    inputs: [...network.inputs, { name: FRAME, type: "float64" }], outputNames: [MASK], ...(network.concurrency === undefined ? {} : { concurrency: network.concurrency }),
    async run(feeds) {
      const { [FRAME]: frames, ...given } = feeds;
      const { [MASK_OUTPUT]: classes } = await network.run(given, [MASK_OUTPUT]);
      const rows = frames!.dims[0]!;
      const data = Array.from({ length: rows }, (_, row) => JSON.stringify(maskOf(classes!, row, rows, task, readFrame(frames!.data as Float64Array, row))));
      return { [MASK]: { type: "string", dims: [rows], data } };
    },
    close: () => network.close(),
  };
}

function maskOf({ data, dims }: EngineTensor, row: number, rows: number, task: SegmentationTask, frame: PictureFrame): Mask {
  const [height, width] = [dims[1]!, dims[2]!];
  if (dims.length !== 3 || dims[0] !== rows || !(data instanceof Int32Array) || data.length !== rows * height * width) {
    throw predictError("runtime-failed", `the network gave a map of classes as [${dims.join(", ")}] for ${rows} pictures`, { hint: "Pack the model again." });
  }
  if (frame.width * frame.height > MAX_PIXELS) throw predictError("request-limit", `a mask of ${frame.width} x ${frame.height} pixels is too large`, { hint: "Make the picture smaller before you send it." });
  const across = places(frame.width, frame.scaleX, frame.left, frame.tensorWidth, width);
  const down = places(frame.height, frame.scaleY, frame.top, frame.tensorHeight, height);
  const start = row * height * width;
  const runs = classRuns(frame.width, frame.height, (x, y) => {
    const [column, line] = [across[x]!, down[y]!];
    return column < 0 || line < 0 ? -1 : data[start + line * width + column]!;
  });
  return { size: [frame.height, frame.width], segments: runs.map((r) => ({ label: task.labels[r.class] ?? String(r.class), ...r })) };
}

/** For each pixel of the picture's edge the map's; -1 where the tensor did not show it. */
function places(size: number, scale: number, offset: number, tensor: number, map: number): Int32Array {
  const shown = scale * size;
  // Whole pixels, but for the noise of a division.
  const whole = Math.abs(shown - Math.round(shown)) < 1e-6 ? Math.round(shown) : shown;
  if (offset === 0 && whole === tensor) return nearestPlaces(map, size).map((p) => Math.min(map - 1, p));
  if (map === tensor && Number.isInteger(whole) && Number.isInteger(offset) && offset >= 0 && offset + whole <= tensor) return nearestPlaces(whole, size).map((p) => offset + Math.min(whole - 1, p));
  return Int32Array.from({ length: size }, (_, i) => {
    const at = offset + ((i + 0.5) * whole) / size;
    return at < 0 || at >= tensor ? -1 : Math.min(map - 1, Math.floor((at * map) / tensor));
  });
}
