// Which tensor a model of images takes, and how pictures become it: one input [N, H, W, C], [N, C, H, W] or [N, H, W].

import { IMAGE_FILTERS, MAX_DETECTIONS, type ImageFilter, type Signature } from "../package/index.ts";
import type { ModelInput } from "./encode.ts";
import { predictError } from "./errors.ts";
import { FRAME, frameTensor, type AnswerLimits } from "./picture-frame.ts";
import type { ImagePlan, ImageTensor } from "./picture-tensor.ts";
import { shapeText } from "./tensors.ts";

/**
 * In the place of what the package says. Where it says nothing a picture is stretched to the tensor's size, in RGB, and a
 * tensor of floats gets values from 0 to 1.
 */
export interface ImageOptions {
  readonly resize?: "stretch" | "crop" | "pad" | undefined;
  readonly filter?: ImageFilter | undefined;
  readonly order?: "rgb" | "bgr" | undefined;
  readonly scale?: number | undefined;
  /** One number, or one a channel. */
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  /** Of a detector: what scores no higher is left out. */
  readonly score?: number | undefined;
  /** Of a detector: so many detections at most, those that score highest. */
  readonly most?: number | undefined;
}
export interface PlannedImage {
  readonly name: string;
  /** `flat`: the tensor has no dimension for channels. */
  readonly plan: ImagePlan & { readonly flat: boolean };
  readonly limits: AnswerLimits;
}

/** @throws SlipwayError image-unwanted, image-option */
export function planImages(signature: Signature, options: ImageOptions = {}): PlannedImage {
  const [input, second] = signature.tensors ?? [];
  const dims = input === undefined || second !== undefined ? [] : (signature.tensorRows === "none" ? input.shape : input.shape.slice(1)).map((d) => (typeof d === "string" ? -1 : d));
  const isChannels = (d: number | undefined): d is 1 | 3 | 4 => d === 1 || d === 3 || d === 4;
  const flat = dims.length === 2;
  const last = dims.length === 3 && isChannels(dims[2]);
  const channels = flat ? 1 : last ? dims[2] : dims[0];
  if (input === undefined || input.audio !== undefined || input.type === "string" || input.type === "bool" || (dims.length !== 3 && !flat) || !isChannels(channels)) {
    const shape = input === undefined || second !== undefined ? "" : `; it takes ${shapeText(input, signature)}`;
    throw predictError("image-unwanted", `an image was sent, and the model takes none${shape}`, { hint: "It would be one tensor [N, H, W, C] or [N, C, H, W] of one, three or four channels." });
  }
  const [height, width] = flat || last ? [dims[0]!, dims[1]!] : [dims[1]!, dims[2]!];
  const told = input.image;
  const whole = !/^(?:float|double|float16)$/.test(input.type);
  if (whole) for (const name of ["scale", "mean", "std"] as const) if (options[name] !== undefined) throw refused(name, options[name], "it is for tensors of floats; this one takes the bytes as they are");
  const byChannel = (name: "mean" | "std", missing: number): number[] => {
    const values = options[name] ?? told?.[name] ?? [missing];
    if ((values.length !== 1 && values.length !== channels) || values.some((v) => !Number.isFinite(v)) || (name === "std" && values.includes(0))) throw refused(name, values, `it is ${channels === 1 ? "one number" : `one number, or ${channels}`}${name === "std" ? ", none of them 0" : ""}`);
    return Array.from({ length: channels }, (_, i) => values[values.length === 1 ? 0 : i]!);
  };
  const { scale = told?.scale ?? 1 / 255, order = told?.order ?? "rgb", filter = told?.filter ?? "bilinear" } = options;
  const resize = options.resize ?? told?.resize ?? "stretch";
  // Another way of resizing is to the tensor's own size.
  const size = options.resize === undefined ? told?.size : undefined;
  const multiple = options.resize === undefined ? told?.multiple : undefined;
  if (!Number.isFinite(scale)) throw refused("scale", scale, "it is one number");
  if (options.resize !== undefined && !["stretch", "crop", "pad"].includes(options.resize)) throw refused("resize", options.resize, "it is one of stretch, crop, pad");
  if (!IMAGE_FILTERS.includes(filter)) throw refused("filter", filter, `it is one of ${IMAGE_FILTERS.join(", ")}`);
  if (!["rgb", "bgr"].includes(order)) throw refused("order", order, "it is one of rgb, bgr");
  return { name: input.name, plan: { height, width, channels, flat, channelsFirst: !flat && !last, whole, resize, size, multiple, filter, bgr: order === "bgr", fill: told?.fill ?? 0, scale, mean: byChannel("mean", 0), std: byChannel("std", 1) }, limits: limitsOf(signature, options) };
}

function limitsOf({ task }: Signature, { score = NaN, most = NaN }: ImageOptions): AnswerLimits {
  if (task?.kind !== "detection") {
    if (!Number.isNaN(score)) throw refused("score", score, "it is for models that detect");
    if (!Number.isNaN(most)) throw refused("most", most, "it is for models that detect");
    return { score, most };
  }
  if (!Number.isNaN(score) && !(score >= task.least && score <= 1)) throw refused("score", score, `it is a number from ${task.least}, below which the model's graph leaves out, to 1`);
  if (!Number.isNaN(most) && !(Number.isInteger(most) && most >= 1 && most <= MAX_DETECTIONS)) throw refused("most", most, `it is a whole number from 1 to ${MAX_DETECTIONS}`);
  return { score, most };
}

function refused(name: string, given: unknown, expected: string): Error {
  return predictError("image-option", `${name}=${String(given).slice(0, 60)}: ${expected}`);
}

/** One row a picture. @throws SlipwayError request-shape */
export function imageRows(rows: readonly ImageTensor[], { name, plan, limits }: PlannedImage, signature: Signature): ModelInput {
  const first = rows[0];
  if (first === undefined) throw predictError("request-shape", "no image was given");
  const odd = rows.findIndex((r) => r.height !== first.height || r.width !== first.width);
  if (odd >= 0) throw predictError("request-shape", `image ${odd} has ${rows[odd]!.width} x ${rows[odd]!.height} pixels, image 0 has ${first.width} x ${first.height}`, { hint: "The model takes images of any size, but of one size in a request." });
  const size = first.data.length;
  const data = rows.length === 1 ? first.data : new (first.data.constructor as new (n: number) => Float32Array)(size * rows.length);
  if (rows.length > 1) rows.forEach((r, i) => data.set(r.data, i * size));
  const dims = plan.flat ? [first.height, first.width] : plan.channelsFirst ? [plan.channels, first.height, first.width] : [first.height, first.width, plan.channels];
  if (signature.tensorRows === "none" && rows.length > 1) throw predictError("request-shape", "the model takes one image a request");
  return { kind: "tensors", pictures: Float64Array.from(rows.flatMap((r) => [r.frame.width, r.frame.height])), tensors: { [name]: { shape: signature.tensorRows === "none" ? dims : [rows.length, ...dims], data }, ...(signature.task === undefined ? {} : { [FRAME]: frameTensor(rows.map((r) => r.frame), limits) }) } };
}
