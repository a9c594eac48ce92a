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
export type PictureSpec = DetectionSpec | EmbeddingSpec;

export const PICTURE_TASKS = ["detection", "embedding"] as const;
const KEYS: Readonly<Record<PictureSpec["task"], readonly string[]>> = {
  detection: ["task", "layout", "labels", "score", "iou", "most", "units", "byClass", "background"],
  embedding: ["task", "pooling", "normalize"],
};
const MAX_LABELS = 100_000;

/** `json`: a task's name, or an object. */
export function parsePictureSpec(json: unknown, fail: Fail): PictureSpec {
  const o = new JsonObject(typeof json === "string" ? { task: json } : json, "", fail);
  const task = o.oneOf("task", PICTURE_TASKS);
  const foreign = o.keys().find((k) => !KEYS[task].includes(k));
  if (foreign !== undefined) throw fail(`${JSON.stringify(foreign.slice(0, 100))} is not understood; it may have ${KEYS[task].join(", ")}`, foreign.slice(0, 100));
  if (task === "embedding") return { task, pooling: o.has("pooling") ? o.oneOf("pooling", ["cls", "mean"]) : undefined, normalize: o.has("normalize") ? o.boolean("normalize") : undefined };
  const share = (key: string): number | undefined => {
    const value = o.get(key);
    if (value !== undefined && (typeof value !== "number" || !(value >= 0 && value <= 1))) throw fail("expected a number from 0 to 1", o.at(key));
    return value;
  };
  return {
    task,
    layout: o.has("layout") ? o.oneOf("layout", DETECTION_LAYOUTS) : undefined,
    labels: o.has("labels") ? o.array("labels", MAX_LABELS, (v, at) => {
      if (typeof v !== "string") throw fail("expected a text", at);
      return v;
    }) : undefined,
    score: share("score"), iou: share("iou"),
    most: o.has("most") ? Math.max(1, o.count("most", MAX_DETECTIONS)) : undefined,
    units: o.has("units") ? o.oneOf("units", ["pixels", "relative"]) : undefined,
    byClass: o.has("byClass") ? o.boolean("byClass") : undefined,
    background: o.has("background") ? o.oneOf("background", ["first", "last", "none"]) : undefined,
  };
}
