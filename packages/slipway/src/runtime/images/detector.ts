// A network that detects -> the same with its detections as a step of the graph, and what the signature says of them.

import { describeOnnx, type OnnxDescription, type ValueInfo } from "@slipway/core/onnx";
import type { DetectionTask } from "@slipway/core/package";
import { detectionSteps, type Heads } from "./detection-steps.ts";
import { imageError } from "./errors.ts";
import type { GraphSteps } from "./graph-steps.ts";
import { DETECTION_LAYOUTS, type DetectionLayout, type DetectionSpec } from "./picture-spec.ts";

/** Scores below it are of no use to anyone, and cost time. */
const LEAST = 0.05;
const RELATIVE: ReadonlySet<DetectionLayout> = new Set(["ssd", "tensorflow", "detr", "deformable-detr"]);
/** Networks that leave out what overlaps by themselves, or never give it. */
const SETTLED: ReadonlySet<DetectionLayout> = new Set(["yolov10", "torchvision", "tensorflow", "detr", "deformable-detr"]);

/** @throws SlipwayError picture-task */
export function planDetector(bytes: Uint8Array, spec: DetectionSpec, where: string): { readonly steps: GraphSteps; readonly task: DetectionTask } {
  const description = describeOnnx(bytes);
  const layout = spec.layout ?? guess(description, where);
  const found = headsOf(layout, description.outputs, where);
  const settled = SETTLED.has(layout);
  if (settled && (spec.iou !== undefined || spec.byClass !== undefined)) throw imageError("picture-task", `a network of the layout ${layout} settles by itself which boxes overlap: iou and byClass have no effect`, { where, hint: "Leave them out." });
  const background = spec.background ?? (layout === "ssd" ? "first" : "none");
  if (layout !== "ssd" && spec.background !== undefined) throw imageError("picture-task", `background is for the layout ssd, and this is ${layout}`, { where });
  const { score = layout === "detr" || layout === "deformable-detr" || layout === "torchvision" ? 0.5 : 0.25, iou = 0.45, most = layout === "deformable-detr" ? 100 : 300, byClass = true } = spec;
  const least = settled ? 0 : Math.min(score, LEAST);
  const named = spec.labels ?? namesOf(description.metadata["names"]);
  const count = found.classes ?? (layout === "yolov8" || layout === "yolov5" ? named?.length : undefined);
  if (count === undefined && !SETTLED.has(layout) && layout !== "ssd") throw imageError("picture-task", "the network does not tell how many classes it has", { where, hint: 'Name them: {"task": "detection", "labels": [...]}.' });
  if (layout === "deformable-detr" && count === undefined) throw imageError("picture-task", "the network does not tell how many classes it has", { where });
  if (named !== undefined && count !== undefined && layout !== "detr" && named.length !== count) throw imageError("picture-task", `${named.length} labels are named, and the network has ${count} classes`, { where });
  const labels = named ?? Array.from({ length: count ?? 0 }, (_, i) => String(i));
  const heads: Heads = { layout, names: found.names, classes: count ?? 0, background, byClass, iou, least, most };
  return { steps: detectionSteps(heads), task: { kind: "detection", units: spec.units ?? (RELATIVE.has(layout) ? "relative" : "pixels"), labels, score, least, most, ...(settled ? {} : { overlap: iou }) } };
}

const size = (info: ValueInfo, axis: number): number | undefined => {
  const d = info.shape?.[axis];
  return typeof d === "number" && d > 0 ? d : undefined;
};
const rank = (info: ValueInfo): number => info.shape?.length ?? -1;
const isFloat = ({ type }: ValueInfo): boolean => type === "float" || type === "float16" || type === "double";
const shown = (outputs: readonly ValueInfo[]): string => outputs.map((o) => `${o.name} [${o.shape?.map((d) => d ?? "?").join(", ") ?? "?"}]`).join(", ").slice(0, 300);

/** The layout, by what the outputs are called and how large they are. */
function guess({ outputs }: OnnxDescription, where: string): DetectionLayout {
  const has = (name: string): boolean => outputs.some((o) => o.name === name);
  if (has("logits") && has("pred_boxes")) return "detr";
  if (has("detection_boxes") && has("detection_scores") && has("detection_classes")) return "tensorflow";
  const floats = outputs.filter(isFloat);
  if (outputs.length === 3 && floats.some((o) => rank(o) === 2 && size(o, 1) === 4) && floats.some((o) => rank(o) === 1)) return "torchvision";
  if (floats.length === 2 && floats.every((o) => rank(o) === 3) && floats.some((o) => size(o, 2) === 4)) return "ssd";
  const [only] = floats.filter((o) => rank(o) === 3);
  const [a, b] = only === undefined ? [] : [size(only, 1), size(only, 2)];
  if (a !== undefined && b !== undefined && b === 6 && a <= 1000) return "yolov10";
  // Candidates are more than classes; where one of both is open, it is that of the candidates.
  if (only !== undefined && a !== b) return (a ?? Infinity) < (b ?? Infinity) ? "yolov8" : "yolov5";
  throw imageError("picture-task", `the outputs are of no layout that is known: ${shown(outputs)}`, { where, hint: `Say which it is: {"task": "detection", "layout": ...}, one of ${DETECTION_LAYOUTS.join(", ")}.` });
}

function headsOf(layout: DetectionLayout, outputs: readonly ValueInfo[], where: string): { readonly names: readonly string[]; readonly classes: number | undefined } {
  const need = (what: string, ...fits: ((o: ValueInfo) => boolean)[]): ValueInfo => {
    const found = fits.map((fit) => outputs.find(fit)).find((o) => o !== undefined);
    if (found === undefined) throw imageError("picture-task", `a network of the layout ${layout} gives ${what}; this one gives ${shown(outputs)}`, { where });
    return found;
  };
  const named = (name: string) => (o: ValueInfo): boolean => o.name === name;
  const names = (...infos: ValueInfo[]): string[] => infos.map((o) => o.name);
  switch (layout) {
    case "yolov8":
    case "yolov5":
    case "yolov10": {
      const out = need("one output of three dimensions", (o) => isFloat(o) && rank(o) === 3);
      const width = layout === "yolov8" ? size(out, 1) : size(out, 2);
      return { names: names(out), classes: width === undefined || layout === "yolov10" ? undefined : width - (layout === "yolov8" ? 4 : 5) };
    }
    case "ssd": {
      const boxes = need("boxes [N, A, 4]", (o) => isFloat(o) && rank(o) === 3 && size(o, 2) === 4 && /box|loc/i.test(o.name), (o) => isFloat(o) && rank(o) === 3 && size(o, 2) === 4);
      const scores = need("scores [N, A, C]", (o) => isFloat(o) && rank(o) === 3 && o !== boxes);
      return { names: names(boxes, scores), classes: size(scores, 2) };
    }
    case "torchvision": {
      const boxes = need("boxes [K, 4]", (o) => isFloat(o) && rank(o) === 2);
      const scores = need("scores [K]", (o) => isFloat(o) && rank(o) === 1);
      return { names: names(boxes, scores, need("labels [K]", (o) => !isFloat(o) && rank(o) === 1)), classes: undefined };
    }
    case "tensorflow": return { names: names(need("detection_boxes", named("detection_boxes")), need("detection_scores", named("detection_scores")), need("detection_classes", named("detection_classes"))), classes: undefined };
    case "detr":
    case "deformable-detr": {
      const logits = need("logits", named("logits"));
      const classes = size(logits, 2);
      return { names: names(logits, need("pred_boxes", named("pred_boxes"))), classes: classes === undefined ? undefined : classes - (layout === "detr" ? 1 : 0) };
    }
  }
}

/** Ultralytics writes a dict of Python's into the file: {0: 'person', 1: 'bicycle'}. */
function namesOf(text: string | undefined): string[] | undefined {
  if (text === undefined || text.length > 1e6 || !/^\s*\{.*\}\s*$/s.test(text)) return undefined;
  const names: string[] = [];
  for (const [, key, single, double] of text.matchAll(/(\d{1,6})\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)) names[Number(key)] = (single ?? double ?? "").replace(/\\(.)/g, "$1");
  return names.length > 0 && names.length <= 100_000 && Object.keys(names).length === names.length ? names : undefined;
}
