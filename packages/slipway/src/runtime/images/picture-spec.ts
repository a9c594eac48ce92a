// What a user says of a model of pictures with --task: its name alone, or a file of JSON with the rest.

import { JsonObject, MAX_DETECTIONS, type Fail } from "@slipway/core/package";

export const DETECTION_LAYOUTS = ["yolov8", "yolov5", "yolov10", "ssd", "torchvision", "tensorflow", "detr", "deformable-detr"] as const;
export type DetectionLayout = (typeof DETECTION_LAYOUTS)[number];

export interface DetectionSpec {
  readonly task: "detection";
  /** How the network gives its boxes; told by its outputs where it is left out. */
  readonly layout?: DetectionLayout | undefined;
  /** By class number; those of the file by default. */
  readonly labels?: readonly string[] | undefined;
  readonly score?: number | undefined;
  /** Intersection over union. */
  readonly iou?: number | undefined;
  readonly most?: number | undefined;
  readonly units?: "pixels" | "relative" | undefined;
  /** Whether boxes of different classes leave each other in peace; yes by default. */
  readonly byClass?: boolean | undefined;
  /** Of `ssd`: which class stands for nothing. */
  readonly background?: "first" | "last" | "none" | undefined;
}
export interface EmbeddingSpec {
  readonly task: "embedding";
  /** Of a network that gives a vector a patch; `cls`, the first of them, by default. */
  readonly pooling?: "cls" | "mean" | undefined;
  /** To length 1. */
  readonly normalize?: boolean | undefined;
}
export const MASK_LAYOUTS = ["classes-first", "classes-last", "binary", "map"] as const;
export const UPSAMPLINGS = ["nearest", "bilinear"] as const;
export interface SegmentationSpec {
  readonly task: "segmentation";
  /** Scores [N, C, H, W] or [N, H, W, C], one score a pixel, or the classes themselves; told by the outputs where it is left out. */
  readonly layout?: (typeof MASK_LAYOUTS)[number] | undefined;
  /** Which of the network's outputs; `out`, `logits` or the only one of that form by default. */
  readonly output?: string | undefined;
  /** By class number; 0, 1 ... by default. */
  readonly labels?: readonly string[] | undefined;
  /** Of one score a pixel: what scores more is of class 1. */
  readonly threshold?: number | undefined;
  /** Of a score for each class: how the map comes to the picture's size. `nearest`, the class of the nearest pixel, by default; `bilinear`, the largest of the scores in between. */
  readonly upsample?: (typeof UPSAMPLINGS)[number] | undefined;
}
export type PictureSpec = DetectionSpec | EmbeddingSpec | SegmentationSpec;

export const PICTURE_TASKS = ["detection", "embedding", "segmentation"] as const;
const KEYS: Readonly<Record<PictureSpec["task"], readonly string[]>> = {
  detection: ["task", "layout", "labels", "score", "iou", "most", "units", "byClass", "background"],
  embedding: ["task", "pooling", "normalize"],
  segmentation: ["task", "layout", "output", "labels", "threshold", "upsample"],
};
const MAX_LABELS = 100_000;

/** `json`: a task's name, or an object. */
export function parsePictureSpec(json: unknown, fail: Fail): PictureSpec {
  const o = new JsonObject(typeof json === "string" ? { task: json } : json, "", fail);
  const task = o.oneOf("task", PICTURE_TASKS);
  const foreign = o.keys().find((k) => !KEYS[task].includes(k));
  if (foreign !== undefined) throw fail(`${JSON.stringify(foreign.slice(0, 100))} is not understood; it may have ${KEYS[task].join(", ")}`, foreign.slice(0, 100));
  if (task === "embedding") return { task, pooling: o.has("pooling") ? o.oneOf("pooling", ["cls", "mean"]) : undefined, normalize: o.has("normalize") ? o.boolean("normalize") : undefined };
  const labels = o.has("labels") ? o.array("labels", MAX_LABELS, (v, at) => {
    if (typeof v !== "string") throw fail("expected a text", at);
    return v;
  }) : undefined;
  if (task === "segmentation") {
    const threshold = o.get("threshold");
    if (threshold !== undefined && (typeof threshold !== "number" || !Number.isFinite(threshold))) throw fail("expected a number", o.at("threshold"));
    return { task, layout: o.has("layout") ? o.oneOf("layout", MASK_LAYOUTS) : undefined, output: o.has("output") ? o.string("output") : undefined, labels, threshold, upsample: o.has("upsample") ? o.oneOf("upsample", UPSAMPLINGS) : undefined };
  }
  const share = (key: string): number | undefined => {
    const value = o.get(key);
    if (value !== undefined && (typeof value !== "number" || !(value >= 0 && value <= 1))) throw fail("expected a number from 0 to 1", o.at(key));
    return value;
  };
  return {
    task,
    layout: o.has("layout") ? o.oneOf("layout", DETECTION_LAYOUTS) : undefined,
    labels,
    score: share("score"), iou: share("iou"),
    most: o.has("most") ? Math.max(1, o.count("most", MAX_DETECTIONS)) : undefined,
    units: o.has("units") ? o.oneOf("units", ["pixels", "relative"]) : undefined,
    byClass: o.has("byClass") ? o.boolean("byClass") : undefined,
    background: o.has("background") ? o.oneOf("background", ["first", "last", "none"]) : undefined,
  };
}
