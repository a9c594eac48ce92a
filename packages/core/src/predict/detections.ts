// Boxes of a detector's graph, in pixels of the picture that was sent: [{"box": [left, top, right, bottom], "label", "score"}],
// the highest score first.

import { DETECTION_OUTPUTS, type DetectionTask } from "../package/index.ts";
import { shortestFloat } from "./decode.ts";
import { predictError } from "./errors.ts";
import { FRAME, readFrame, type AnswerLimits, type PictureFrame } from "./picture-frame.ts";
import type { EngineTensor, Session } from "./session.ts";

export interface Detected {
  /** Left, top, right, bottom, within the picture. */
  readonly box: readonly [number, number, number, number];
  readonly label: string;
  readonly score: number;
}

export const DETECTIONS = "detections";
const { boxes: BOXES, scores: SCORES, classes: CLASSES } = DETECTION_OUTPUTS;
const ASKED = [BOXES, SCORES, CLASSES];

export function detectionSession(network: Session, task: DetectionTask): Session {
  return {
    inputs: [...network.inputs, { name: FRAME, type: "float64" }], outputNames: [DETECTIONS], ...(network.concurrency === undefined ? {} : { concurrency: network.concurrency }),
    async run(feeds) {
      const { [FRAME]: frames, ...given } = feeds;
      const answer = await network.run(given, ASKED);
      const rows = frames!.dims[0]!;
      const found = read(answer, rows);
      const data = Array.from({ length: rows }, (_, row) => JSON.stringify(detectionsOf(found, row, task, readFrame(frames!.data as Float64Array, row))));
      return { [DETECTIONS]: { type: "string", dims: [rows], data } };
    },
    close: () => network.close(),
  };
}

interface Found {
  /** Places for detections of one row. */
  readonly places: number;
  readonly boxes: Float32Array;
  readonly scores: Float32Array;
  readonly classes: BigInt64Array;
}

function read(answer: Readonly<Record<string, EngineTensor>>, rows: number): Found {
  const [boxes, scores, classes] = ASKED.map((name) => answer[name]!) as [EngineTensor, EngineTensor, EngineTensor];
  const places = scores.data.length / rows;
  if (!(boxes.data instanceof Float32Array) || !(scores.data instanceof Float32Array) || !(classes.data instanceof BigInt64Array) || boxes.data.length !== rows * places * 4 || classes.data.length !== rows * places || !Number.isInteger(places)) {
    throw predictError("runtime-failed", `the detector gave boxes [${boxes.dims.join(", ")}], scores [${scores.dims.join(", ")}] and classes [${classes.dims.join(", ")}] for ${rows} pictures`, { hint: "Pack the model again." });
  }
  return { places, boxes: boxes.data, scores: scores.data, classes: classes.data };
}

function detectionsOf({ places, boxes, scores, classes }: Found, row: number, task: DetectionTask, frame: PictureFrame & AnswerLimits): Detected[] {
  const { scaleX, scaleY, left, top, width, height, tensorWidth, tensorHeight } = frame;
  const score = Number.isNaN(frame.score) ? task.score : frame.score;
  const [unitX, unitY] = task.units === "relative" ? [tensorWidth, tensorHeight] : [1, 1];
  const across = (x: number): number => shortestFloat(Math.fround(Math.min(width, Math.max(0, (x * unitX - left) / scaleX))));
  const down = (y: number): number => shortestFloat(Math.fround(Math.min(height, Math.max(0, (y * unitY - top) / scaleY))));
  const found: number[] = [];
  for (let i = row * places; i < (row + 1) * places; i++) if (scores[i]! > score) found.push(i);
  found.sort((a, b) => scores[b]! - scores[a]! || a - b);
  return found.slice(0, Number.isNaN(frame.most) ? task.most : frame.most).map((i) => ({
    box: [across(boxes[4 * i]!), down(boxes[4 * i + 1]!), across(boxes[4 * i + 2]!), down(boxes[4 * i + 3]!)],
    label: task.labels[Number(classes[i]!)] ?? String(classes[i]!), score: shortestFloat(scores[i]!),
  }));
}
