// The classes of a segmenting network's pixels, brought to the size of the picture that was sent: the nearest pixel, as Pillow's
// Image.resize(NEAREST) takes it; or the largest of the scores in between, as transformers' post_process_semantic_segmentation
// takes it (upsampled-classes.ts). {"size": [height, width], "segments": [{"label", "class", "pixels", "counts"}]}, by class.

import { MASK_OUTPUT, SCORES_OUTPUT, type SegmentationTask } from "../package/index.ts";
import { predictError } from "./errors.ts";
import { FRAME, readFrame, type PictureFrame } from "./picture-frame.ts";
import { nearestPlaces } from "./resize.ts";
import { classRuns } from "./run-lengths.ts";
import type { EngineTensor, Session } from "./session.ts";
import { upsampledClasses, type Between } from "./upsampled-classes.ts";

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
  const output = task.upsampled === undefined ? MASK_OUTPUT : SCORES_OUTPUT;
  return {
    inputs: [...network.inputs, { name: FRAME, type: "float64" }], outputNames: [MASK], ...(network.concurrency === undefined ? {} : { concurrency: network.concurrency }),
    async run(feeds) {
      const { [FRAME]: frames, ...given } = feeds;
      const { [output]: found } = await network.run(given, [output]);
      const rows = frames!.dims[0]!;
      const data = Array.from({ length: rows }, (_, row) => JSON.stringify(maskOf(found!, row, rows, task, readFrame(frames!.data as Float64Array, row))));
      return { [MASK]: { type: "string", dims: [rows], data } };
    },
    close: () => network.close(),
  };
}

function maskOf(found: EngineTensor, row: number, rows: number, task: SegmentationTask, frame: PictureFrame): Mask {
  if (frame.width * frame.height > MAX_PIXELS) throw predictError("request-limit", `a mask of ${frame.width} x ${frame.height} pixels is too large`, { hint: "Make the picture smaller before you send it." });
  const runs = classRuns(frame.width, frame.height, task.upsampled === undefined ? nearest(found, row, rows, frame) : between(found, row, rows, frame));
  return { size: [frame.height, frame.width], segments: runs.map((r) => ({ label: task.labels[r.class] ?? String(r.class), ...r })) };
}

/** The class at a place of the picture; -1 where the tensor did not show it. */
type ClassAt = (x: number, y: number) => number;

function nearest({ data, dims }: EngineTensor, row: number, rows: number, frame: PictureFrame): ClassAt {
  const [height, width] = [dims[1]!, dims[2]!];
  if (dims.length !== 3 || dims[0] !== rows || !(data instanceof Int32Array) || data.length !== rows * height * width) throw unlike(dims, rows);
  const across = places(frame.width, frame.scaleX, frame.left, frame.tensorWidth, width);
  const down = places(frame.height, frame.scaleY, frame.top, frame.tensorHeight, height);
  const start = row * height * width;
  return (x, y) => {
    const [column, line] = [across[x]!, down[y]!];
    return column < 0 || line < 0 ? -1 : data[start + line * width + column]!;
  };
}

function between({ data, dims }: EngineTensor, row: number, rows: number, frame: PictureFrame): ClassAt {
  const [classes, height, width] = [dims[1]!, dims[2]!, dims[3]!];
  const each = classes * height * width;
  if (dims.length !== 4 || dims[0] !== rows || !(data instanceof Float32Array) || data.length !== rows * each || each === 0) throw unlike(dims, rows);
  return upsampledClasses(data.subarray(row * each, (row + 1) * each), [classes, height, width], placesBetween(frame.width, frame.scaleX, frame.left, frame.tensorWidth, width), placesBetween(frame.height, frame.scaleY, frame.top, frame.tensorHeight, height));
}

function unlike(dims: readonly number[], rows: number): Error {
  return predictError("runtime-failed", `the network gave a map of classes as [${dims.join(", ")}] for ${rows} pictures`, { hint: "Pack the model again." });
}

/** How much of the tensor the picture's edge takes: whole pixels, but for the noise of a division. */
function shownOf(size: number, scale: number): number {
  const shown = scale * size;
  return Math.abs(shown - Math.round(shown)) < 1e-6 ? Math.round(shown) : shown;
}

/** Where the middle of each of the picture's pixels lies among the middles of the map's. */
function placesBetween(size: number, scale: number, offset: number, tensor: number, map: number): Between {
  const whole = shownOf(size, scale);
  const at = Array.from({ length: size }, (_, i) => offset + ((i + 0.5) * whole) / size);
  return at.map((t) => (t < 0 || t >= tensor ? -1 : Math.min(map - 1, Math.max(0, (t * map) / tensor - 0.5))));
}

/** For each pixel of the picture's edge the map's; -1 where the tensor did not show it. */
function places(size: number, scale: number, offset: number, tensor: number, map: number): Int32Array {
  const whole = shownOf(size, scale);
  if (offset === 0 && whole === tensor) return nearestPlaces(map, size).map((p) => Math.min(map - 1, p));
  if (map === tensor && Number.isInteger(whole) && Number.isInteger(offset) && offset >= 0 && offset + whole <= tensor) return nearestPlaces(whole, size).map((p) => offset + Math.min(whole - 1, p));
  return Int32Array.from({ length: size }, (_, i) => {
    const at = offset + ((i + 0.5) * whole) / size;
    return at < 0 || at >= tensor ? -1 : Math.min(map - 1, Math.floor((at * map) / tensor));
  });
}
