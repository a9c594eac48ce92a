// What stands behind a detector's network: its output decoded into boxes, scores and classes, and those that overlap left out
// by ONNX' NonMaxSuppression. A place without a detection has the score -1.

import type { ValueInfo } from "@slipway/core/onnx";
import { DETECTION_OUTPUTS } from "@slipway/core/package";
import type { DetectionLayout } from "./picture-spec.ts";
import { GraphSteps } from "./graph-steps.ts";

export interface Heads {
  readonly layout: DetectionLayout;
  /** Names of the network's outputs: one, or boxes and scores, or boxes, scores and classes. */
  readonly names: readonly string[];
  /** Of networks with a score for each class. */
  readonly classes: number;
  readonly background: "first" | "last" | "none";
  readonly byClass: boolean;
  readonly iou: number;
  readonly least: number;
  readonly most: number;
}

/** Corners of [center x, center y, width, height]. */
const CORNERS = [1, 0, 1, 0, 0, 1, 0, 1, -0.5, 0, 0.5, 0, 0, -0.5, 0, 0.5];
/** Left, top, right, bottom of [top, left, bottom, right]. */
const TURNED = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0];

interface Candidates {
  /** [N, A, 4], corners. */
  readonly boxes: string;
  /** [N, C, A]. */
  readonly scores: string;
}
interface Detections {
  readonly boxes: string;
  readonly scores: string;
  readonly classes: string;
}

export function detectionSteps(heads: Heads): GraphSteps {
  const g = new GraphSteps();
  const { boxes, scores, classes } = detections(g, heads);
  const rows: ValueInfo["shape"] = ["N", null];
  g.output(DETECTION_OUTPUTS.boxes, boxes, "float", [...rows, 4]);
  g.output(DETECTION_OUTPUTS.scores, scores, "float", rows);
  g.output(DETECTION_OUTPUTS.classes, classes, "int64", rows);
  return g;
}

function detections(g: GraphSteps, heads: Heads): Detections {
  const [first, second, third] = heads.names.map((name) => g.op("Cast", [name], { to: { int: FLOAT } })) as [string, string, string];
  switch (heads.layout) {
    case "yolov8": return suppressed(g, bestOnly(g, g.transpose(first, [0, 2, 1]), undefined, heads), heads);
    case "yolov5": return suppressed(g, bestOnly(g, first, g.slice(first, 2, 4, 5), heads), heads);
    case "ssd": return suppressed(g, { boxes: first, scores: g.transpose(foreground(g, second, heads), [0, 2, 1]) }, heads, heads.background === "first" ? 1 : 0);
    case "yolov10": return { boxes: g.slice(first, 2, 0, 4), scores: g.reshape(g.slice(first, 2, 4, 5), [0, -1]), classes: integers(g, g.reshape(g.slice(first, 2, 5, 6), [0, -1])) };
    case "torchvision": return { boxes: g.reshape(first, [1, -1, 4]), scores: g.reshape(second, [1, -1]), classes: integers(g, g.reshape(third, [1, -1])) };
    case "tensorflow": return { boxes: matrix(g, first, TURNED), scores: second, classes: integers(g, third) };
    case "detr": {
      const softmax = g.op("Softmax", [first], { axis: { int: 2 } });
      const [scores, classes] = g.largest(g.slice(softmax, 2, 0, -1));
      return { boxes: matrix(g, second, CORNERS), scores: g.reshape(scores, [0, -1]), classes: g.reshape(classes, [0, -1]) };
    }
    case "deformable-detr": {
      const flat = g.reshape(g.op("Sigmoid", [first]), [0, -1]);
      const [scores, places] = topOf(g, flat, heads.most);
      const count = g.ints([heads.classes], []);
      return { boxes: picked(g, matrix(g, second, CORNERS), g.op("Div", [places, count])), scores, classes: g.op("Mod", [places, count]) };
    }
  }
}

const FLOAT = 1;
const INT64 = 7;
function integers(g: GraphSteps, x: string): string {
  return g.op("Cast", [x], { to: { int: INT64 } });
}
function matrix(g: GraphSteps, boxes: string, values: readonly number[]): string {
  return g.op("MatMul", [boxes, g.floats(values, [4, 4])]);
}

/** Only the class that scores most of each candidate counts. [N, A, 4 (+ 1) + C] -> candidates. */
function bestOnly(g: GraphSteps, rows: string, objectness: string | undefined, { classes, byClass }: Heads): Candidates {
  const boxes = matrix(g, g.slice(rows, 2, 0, 4), CORNERS);
  const own = g.slice(rows, 2, objectness === undefined ? 4 : 5);
  const scores = objectness === undefined ? own : g.op("Mul", [own, objectness]);
  if (!byClass) return { boxes, scores: g.transpose(scores, [0, 2, 1]) };
  const [, best] = g.largest(scores);
  const isBest = g.op("Equal", [best, g.ints(Array.from({ length: classes }, (_, i) => i), [1, 1, classes])]);
  return { boxes, scores: g.transpose(g.op("Where", [isBest, scores, g.floats([-1], [])]), [0, 2, 1]) };
}

function foreground(g: GraphSteps, scores: string, { background }: Heads): string {
  return background === "first" ? g.slice(scores, 2, 1) : background === "last" ? g.slice(scores, 2, 0, -1) : scores;
}

/** The `most` that score highest of what NonMaxSuppression leaves. */
function suppressed(g: GraphSteps, { boxes, scores }: Candidates, heads: Heads, firstClass = 0): Detections {
  const { byClass, iou, least, most } = heads;
  // One class for all, where a box is to leave out those of other classes as well.
  const [all, of] = byClass ? [scores, undefined] : g.ops("TopK", [scores, g.ints([1])], 2, { axis: { int: 1 } }) as [string, string];
  const chosen = g.op("NonMaxSuppression", [boxes, all, g.ints([most]), g.floats([iou]), g.floats([least])]);
  const empty = g.op("ConstantOfShape", [g.op("Shape", [all])], { value: { tensor: { type: "float", shape: [1], data: Float32Array.of(-1) } } });
  const kept = g.op("ScatterND", [empty, chosen, g.op("GatherND", [all, chosen])]);
  const [best, places] = topOf(g, g.reshape(kept, [0, -1]), most);
  const count = g.op("Gather", [g.op("Shape", [boxes]), g.ints([1], [])]);
  const candidates = g.op("Mod", [places, count]);
  const classes = of === undefined ? g.op("Div", [places, count]) : g.op("GatherElements", [g.reshape(of, [0, -1]), candidates], { axis: { int: 1 } });
  return { boxes: picked(g, boxes, candidates), scores: best, classes: firstClass === 0 ? classes : g.op("Add", [classes, g.ints([firstClass], [])]) };
}

/** The `most` highest of [N, M], with -1 behind where there are fewer. */
function topOf(g: GraphSteps, flat: string, most: number): [string, string] {
  const rows = g.op("Gather", [g.op("Shape", [flat]), g.ints([0])]);
  const filler = g.op("ConstantOfShape", [g.op("Concat", [rows, g.ints([most])], { axis: { int: 0 } })], { value: { tensor: { type: "float", shape: [1], data: Float32Array.of(-1) } } });
  return g.ops("TopK", [g.op("Concat", [flat, filler], { axis: { int: 1 } }), g.ints([most])], 2, { axis: { int: 1 } }) as [string, string];
}

/** [N, A, 4] at [N, K] -> [N, K, 4]. */
function picked(g: GraphSteps, boxes: string, places: string): string {
  return g.op("GatherElements", [boxes, g.op("Expand", [g.reshape(places, [0, -1, 1]), g.ints([1, 1, 4])])], { axis: { int: 1 } });
}
