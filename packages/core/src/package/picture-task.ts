// What becomes of the network's answer to a picture, read from JSON with every field checked.

import { asText, JsonObject, type Fail } from "./json.ts";

/**
 * The graph ends in DETECTION_OUTPUTS: boxes [N, K, 4] as left, top, right, bottom, in pixels of its tensor or relative to it;
 * scores [N, K], below 0 where a place is empty; classes int64 [N, K].
 */
export interface DetectionTask {
  readonly kind: "detection";
  readonly units: "pixels" | "relative";
  /** By class. */
  readonly labels: readonly string[];
  /** What scores no higher is left out, unless a request says otherwise. */
  readonly score: number;
  /** What scores no higher was left out by the graph: no request can ask for less. */
  readonly least: number;
  /** Detections of one picture. */
  readonly most: number;
  /** Of two boxes of a class whose intersection over union is larger, the graph leaves out the one that scores less. */
  readonly overlap?: number;
}
export const DETECTION_OUTPUTS = { boxes: "slipway.boxes", scores: "slipway.scores", classes: "slipway.classes" } as const;

/**
 * The graph ends in MASK_OUTPUT: int32 [N, height, width], the class of each pixel of its tensor, or of every so many. Where
 * scores are to be brought to the picture's size first (`upsampled`), in SCORES_OUTPUT: float [N, classes, height, width].
 */
export interface SegmentationTask {
  readonly kind: "segmentation";
  /** By class. */
  readonly labels: readonly string[];
  readonly upsampled?: "bilinear";
}
export const MASK_OUTPUT = "slipway.mask";
export const SCORES_OUTPUT = "slipway.class_scores";

export type PictureTask = DetectionTask | SegmentationTask;

const MAX_LABELS = 100_000;
export const MAX_DETECTIONS = 10_000;

export function parsePictureTask(json: unknown, where: string, fail: Fail): PictureTask {
  const o = new JsonObject(json, where, fail);
  const share = (key: string): number => {
    const value = o.get(key);
    if (typeof value !== "number" || !(value >= 0 && value <= 1)) throw fail("expected a number from 0 to 1", o.at(key));
    return value;
  };
  const kind = o.oneOf("kind", ["detection", "segmentation"]);
  const labels = o.array("labels", MAX_LABELS, (v, at) => asText(v, at, fail));
  if (kind === "segmentation") return { kind, labels, ...(o.has("upsampled") ? { upsampled: o.oneOf("upsampled", ["bilinear"]) } : {}) };
  const [score, least] = [share("score"), share("least")];
  if (score < least) throw fail(`the score ${score} is below the least, ${least}`, o.at("score"));
  return { kind, units: o.oneOf("units", ["pixels", "relative"]), labels, score, least, most: Math.max(1, o.count("most", MAX_DETECTIONS)), ...(o.has("overlap") ? { overlap: share("overlap") } : {}) };
}
