// What stands behind a network that segments: the class of every pixel, by the largest of its scores or a threshold; or the
// scores themselves, where they are brought to the picture's size first.

import { readModel, type Model, type ValueInfo } from "@slipway/core/onnx";
import { MASK_OUTPUT, SCORES_OUTPUT, type SegmentationTask, type TensorInput } from "@slipway/core/package";
import { imageError } from "./errors.ts";
import { GraphSteps } from "./graph-steps.ts";
import { MASK_LAYOUTS, type SegmentationSpec } from "./picture-spec.ts";

type Layout = (typeof MASK_LAYOUTS)[number];

/** torchvision's and transformers' names for it. */
const NAMES = ["out", "logits"];
const [FLOAT, INT32] = [1, 6];
const MAX_CLASSES = 65_535;

/** @param input what the network takes: where its channels stand tells where the classes do @throws SlipwayError picture-task */
export function planSegmentation(bytes: Uint8Array, spec: SegmentationSpec, input: TensorInput, where: string): { readonly steps: GraphSteps; readonly task: SegmentationTask } {
  const model = readModel(bytes);
  const source = outputOf(model.graph.outputs, spec, where);
  const layout = spec.layout ?? guess(source, input);
  const rank = source.shape?.length ?? 0;
  const [axis, count] = layout === "classes-first" ? [1, size(source, 1)] : layout === "classes-last" ? [3, size(source, 3)] : [undefined, layout === "binary" ? 2 : undefined];
  if (layout !== "map" && !isFloat(source)) throw unfit(source, layout, where);
  if (rank !== 4 && !(rank === 3 && (layout === "binary" || layout === "map"))) throw unfit(source, layout, where);
  if (rank === 4 && (layout === "binary" || layout === "map") && size(source, 1) !== 1 && size(source, 3) !== 1) throw unfit(source, layout, where);
  if (spec.labels !== undefined && count !== undefined && spec.labels.length !== count) throw imageError("picture-task", `${spec.labels.length} labels are named, and the network has ${count} classes`, { where });
  const labels = spec.labels ?? (layout === "binary" ? ["background", "foreground"] : Array.from({ length: count ?? 0 }, (_, i) => String(i)));
  if (labels.length > MAX_CLASSES) throw imageError("picture-task", `the network has ${labels.length} classes; ${MAX_CLASSES} are the most`, { where });
  if (labels.length === 0) throw imageError("picture-task", "the network does not tell how many classes it has", { where, hint: 'Name them: {"task": "segmentation", "labels": [...]}.' });
  if (layout !== "binary" && spec.threshold !== undefined) throw imageError("picture-task", "threshold is for networks with one score a pixel, and this one has a score for each class", { where, hint: "Leave it out." });
  if (spec.upsample === "bilinear" && axis === undefined) throw imageError("picture-task", `upsample is for networks with a score for each class, and the layout is ${layout}`, { where, hint: "Leave it out." });
  const g = new GraphSteps();
  /** Without the dimension of the only channel. */
  const flat = (x: string): string => (rank === 4 ? g.op("Gather", [x, g.ints([0], [])], { axis: { int: size(source, 1) === 1 ? 1 : 3 } }) : x);
  const single = (x: string): string => (source.type === "float16" || layout === "binary" ? g.op("Cast", [x], { to: { int: FLOAT } }) : x);
  if (spec.upsample === "bilinear") {
    const scores = g.op("Cast", [source.name], { to: { int: FLOAT } });
    g.output(SCORES_OUTPUT, layout === "classes-last" ? g.transpose(scores, [0, 3, 1, 2]) : scores, "float", ["N", count ?? null, null, null]);
    return { steps: g, task: { kind: "segmentation", labels, upsampled: "bilinear" } };
  }
  let classes: string;
  if (axis !== undefined) classes = g.op("ArgMax", [single(source.name)], { axis: { int: axis }, keepdims: { int: 0 } });
  else if (layout === "binary") classes = g.op("Greater", [flat(single(source.name)), g.floats([thresholdOf(model, source, spec, where)], [])]);
  else classes = flat(source.name);
  g.output(MASK_OUTPUT, g.op("Cast", [classes], { to: { int: INT32 } }), "int32", ["N", null, null]);
  return { steps: g, task: { kind: "segmentation", labels } };
}

const size = (info: ValueInfo, axis: number): number | undefined => {
  const d = info.shape?.[axis];
  return typeof d === "number" && d > 0 ? d : undefined;
};
const isFloat = ({ type }: ValueInfo): boolean => type === "float" || type === "float16" || type === "double";
const shown = ({ name, shape }: ValueInfo): string => `${name} [${shape?.map((d) => d ?? "?").join(", ") ?? "?"}]`;

function unfit(source: ValueInfo, layout: Layout, where: string): Error {
  return imageError("picture-task", `the output ${shown(source)} of ${source.type} is no map of the layout ${layout}`, { where, hint: `Say what it is: {"task": "segmentation", "layout": ...}, one of ${MASK_LAYOUTS.join(", ")}, and with several outputs which: "output".` });
}

function outputOf(outputs: readonly ValueInfo[], { output }: SegmentationSpec, where: string): ValueInfo {
  const named = output === undefined ? undefined : outputs.find((o) => o.name === output);
  const maps = outputs.filter((o) => o.shape?.length === 4 || (o.shape?.length === 3 && (!isFloat(o) || outputs.length === 1)));
  const found = output === undefined ? NAMES.map((name) => maps.find((o) => o.name === name)).find((o) => o !== undefined) ?? (maps.length === 1 ? maps[0] : undefined) : named;
  if (found !== undefined) return found;
  throw imageError("picture-task", output === undefined ? `which output is the map of classes is not told by ${outputs.map(shown).join(", ").slice(0, 300)}` : `the network has no output ${JSON.stringify(output.slice(0, 100))}`, { where, hint: `Its outputs: ${outputs.map((o) => o.name).join(", ").slice(0, 300)}. Name one: {"task": "segmentation", "output": ...}.` });
}

/** Scores are where the channels of the pictures are. */
function guess(source: ValueInfo, { shape }: TensorInput): Layout {
  if (!isFloat(source)) return "map";
  if (source.shape?.length === 3 || size(source, 1) === 1 || size(source, 3) === 1) return "binary";
  const isChannels = (d: unknown): boolean => d === 1 || d === 3 || d === 4;
  return shape.length === 4 && isChannels(shape[3]) && !isChannels(shape[1]) ? "classes-last" : "classes-first";
}

/** What ends in a sigmoid is from 0 to 1; of anything else nobody knows where one class begins. */
function thresholdOf({ graph }: Model, source: ValueInfo, { threshold }: SegmentationSpec, where: string): number {
  if (threshold !== undefined) return threshold;
  let name = source.name;
  for (let steps = 0; steps < 8; steps++) {
    const node = graph.nodes.find((n) => n.outputs.includes(name));
    if (node?.opType === "Sigmoid") return 0.5;
    if (node === undefined || !["Identity", "Transpose", "Reshape", "Cast", "Squeeze", "Unsqueeze"].includes(node.opType)) break;
    name = node.inputs[0]!;
  }
  throw imageError("picture-task", `the output ${shown(source)} has one score a pixel, which does not come out of a sigmoid, so that nothing tells from which score on a pixel belongs to the class`, { where, hint: 'Say it: {"task": "segmentation", "threshold": 0} for logits.' });
}
