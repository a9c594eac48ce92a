// A folder as Hugging Face's libraries keep a model of images or sounds with its network in ONNX: config.json, preprocessor_config.json,
// model.onnx (also in onnx/). How they are prepared is read out of it; nothing is run, nothing is fetched.

import { lstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { MAX_DETECTIONS, type AudioInput, type ImageFilter, type ImageInput } from "@slipway/core/package";
import { audioPreparation, isAudio } from "./audio-folder.ts";
import { imageError } from "./errors.ts";
import type { DetectionLayout, PictureSpec } from "./picture-spec.ts";

const NETWORKS = ["model.onnx", "onnx/model.onnx"];
const MAX_JSON = 64 * 2 ** 20;
/** Pillow's numbers. */
const FILTERS: readonly ImageFilter[] = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

export interface ImageFolder {
  /** The network's own path. */
  readonly file: string;
  readonly className: string;
  /** Of a classifier. */
  readonly labels: readonly string[] | undefined;
  /** Of a model that answers otherwise than with labels. */
  readonly task: PictureSpec | undefined;
  /** One of both. */
  readonly image?: ImageInput;
  readonly audio?: AudioInput;
  /** [height, width] that pictures have in the end. */
  readonly size: readonly [number, number] | undefined;
  /** Of pictures, before their height: networks that optimum exports leave it open. */
  readonly channels?: number;
}

export function isImageFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && plainFile(path, "preprocessor_config.json") && plainFile(path, "config.json");
}

/** @throws SlipwayError image-folder, image-preparation */
export function readImageFolder(path: string): ImageFolder {
  const config = json(path, "config.json");
  const file = NETWORKS.find((name) => plainFile(path, name));
  if (file === undefined) throw imageError("image-folder", `the folder tells how images are prepared but has no network in ONNX (${NETWORKS.join(" or ")})`, { where: path, hint: "Export it: optimum-cli export onnx --model FOLDER OUT." });
  const className = Array.isArray(config["architectures"]) ? String(config["architectures"][0]).slice(0, 100) : "an image model";
  const labels = labelsOf(config["id2label"]);
  const prepared = json(path, "preprocessor_config.json");
  if (isAudio(prepared)) {
    const classifies = /For(?:Audio|Sequence)Classification$/.test(className);
    return { file, className, labels: classifies ? labels : undefined, task: undefined, audio: audioPreparation(prepared, join(path, "preprocessor_config.json")), size: undefined };
  }
  const task = className.endsWith("ForObjectDetection") ? detectorOf(className, labels, config, path) : className.endsWith("ForSemanticSegmentation") ? segmenterOf(labels) : embeds(className, path) ? embedderOf(path) : undefined;
  return { file, className, labels: className.endsWith("ForImageClassification") ? labels : undefined, task, channels: config["num_channels"] === 1 ? 1 : 3, ...preparation(prepared, join(path, "preprocessor_config.json")) };
}

/** As every image processor's post_process_semantic_segmentation has it: scores at the picture's size, then the largest. */
function segmenterOf(labels: readonly string[] | undefined): PictureSpec {
  return { task: "segmentation", layout: "classes-first", labels, upsample: "bilinear" };
}

/** By number. */
function labelsOf(id2label: unknown): string[] | undefined {
  if (typeof id2label !== "object" || id2label === null) return undefined;
  return Object.entries(id2label).map(([id, l]) => [Number(id), String(l)] as const).sort(([a], [b]) => a - b).map(([, l]) => l);
}

/** A base model, with a projection or without; or whatever sentence-transformers made of it. */
function embeds(className: string, path: string): boolean {
  return /Model(?:WithProjection)?$/.test(className) || plainFile(path, "modules.json");
}
/** modules.json and 1_Pooling/config.json, as sentence-transformers writes them. @throws SlipwayError image-folder */
function embedderOf(path: string): PictureSpec {
  if (!plainFile(path, "modules.json")) return { task: "embedding" };
  const { joined, pooling, normalize } = readModules(path);
  if (joined !== undefined) throw imageError("image-folder", `${joined} is not done`, { where: join(path, "modules.json"), hint: "Transformer, Pooling (of the first token or the mean) and Normalize are." });
  return { task: "embedding", pooling, normalize };
}
function readModules(path: string): { readonly joined?: string; readonly pooling: "cls" | "mean" | undefined; readonly normalize: boolean } {
  const modules = json(path, "modules.json") as unknown;
  const types = Array.isArray(modules) ? (modules as readonly ({ readonly type?: unknown; readonly path?: unknown } | null)[]).map((m) => ({ type: String(m?.type).slice(0, 100), path: m?.path })) : [];
  const foreign = types.find(({ type }) => !/(?:Transformer|CLIPModel|Pooling|Normalize)$/.test(type));
  const place = types.find(({ type }) => type.endsWith("Pooling"))?.path;
  const settings: Json = typeof place === "string" && /^[\w-]+$/.test(place) && plainFile(path, join(place, "config.json")) ? json(path, join(place, "config.json")) : {};
  const modes = Object.keys(settings).filter((key) => key.startsWith("pooling_mode_") && settings[key] === true);
  const POOLINGS: Readonly<Record<string, "cls" | "mean">> = { pooling_mode_cls_token: "cls", pooling_mode_mean_tokens: "mean" };
  const unknown = modes.find((m) => !Object.hasOwn(POOLINGS, m)) ?? (modes.length > 1 ? modes.join(" and ") : undefined);
  const joined = foreign === undefined ? (unknown === undefined ? undefined : `joining tokens by ${unknown}`) : `the step ${foreign.type}`;
  return { ...(joined === undefined ? {} : { joined }), pooling: modes[0] === undefined ? undefined : POOLINGS[modes[0]], normalize: types.some(({ type }) => type.endsWith("Normalize")) };
}

const DETECTORS: Readonly<Record<string, DetectionLayout>> = {
  DetrForObjectDetection: "detr", YolosForObjectDetection: "detr", TableTransformerForObjectDetection: "detr",
  ConditionalDetrForObjectDetection: "deformable-detr", DeformableDetrForObjectDetection: "deformable-detr", RTDetrForObjectDetection: "deformable-detr", RTDetrV2ForObjectDetection: "deformable-detr", DFineForObjectDetection: "deformable-detr",
};
/** Where transformers takes as many as there are queries, by their number. */
const ALL_QUERIES = /^(?:RTDetr|DFine)/;

function detectorOf(className: string, labels: readonly string[] | undefined, config: Json, where: string): PictureSpec {
  const layout = Object.hasOwn(DETECTORS, className) ? DETECTORS[className] : undefined;
  if (layout === undefined) throw imageError("image-folder", `what ${className} makes of its answer is not known`, { where, hint: `These detectors are: ${Object.keys(DETECTORS).join(", ")}.` });
  const queries = config["num_queries"];
  return { task: "detection", layout, labels, most: ALL_QUERIES.test(className) && typeof queries === "number" && Number.isInteger(queries) && queries > 0 && queries <= MAX_DETECTIONS ? queries : undefined };
}

/** After transformers' image processors (5.0): resize, then the middle, then numbers. */
function preparation(p: Json, where: string): { readonly image: ImageInput; readonly size: ImageFolder["size"] } {
  // do_reduce_labels is for the truth of training pictures. The processors of detectors even out the pictures of a batch with it, and here a batch has pictures of one size.
  const processor = String(p["image_processor_type"] ?? p["feature_extractor_type"]);
  const evens = /^(?:Detr|Yolos|ConditionalDetr|DeformableDetr|RTDetr)/.test(processor) && (p["pad_size"] ?? null) === null;
  const foreign = [...(evens ? [] : ["do_pad"]), "do_thumbnail", "do_align_long_axis", "keep_aspect_ratio", "do_color_quantize"].find((key) => p[key] === true);
  if (foreign !== undefined) throw imageError("image-preparation", `${foreign} is not done`, { where });
  if (typeof p["crop_pct"] === "number" && p["crop_pct"] !== 1) throw imageError("image-preparation", "crop_pct is not done", { where });
  const filter = p["resample"] === undefined || p["resample"] === null ? "bilinear" : FILTERS[Number(p["resample"])];
  if (filter === undefined) throw imageError("image-preparation", `resample ${String(p["resample"])} is none of Pillow's filters`, { where });
  const resized = p["do_resize"] === false ? undefined : sizeOf(p["size"], where, "size", evens ? "shortest" : undefined);
  const multiple = Number(p["ensure_multiple_of"] ?? 1);
  if (multiple !== 1 && resized?.edge === undefined && [resized?.height, resized?.width].some((n) => n !== undefined && n % multiple !== 0)) throw imageError("image-preparation", `ensure_multiple_of ${String(p["ensure_multiple_of"]).slice(0, 40)} is not done`, { where });
  const cropped = p["do_center_crop"] === true ? sizeOf(p["crop_size"] ?? p["size"], where, "crop_size") : undefined;
  if (cropped?.edge !== undefined) throw imageError("image-preparation", "crop_size is an edge, and no height and width", { where });
  const scale = p["do_rescale"] === false ? 1 : typeof p["rescale_factor"] === "number" ? p["rescale_factor"] : 1 / 255;
  const normalize = p["do_normalize"] !== false && p["image_mean"] !== undefined;
  const numbers = (key: string): number[] => {
    const value = p[key];
    if (!Array.isArray(value) || value.length === 0 || value.length > 4 || !value.every((v) => typeof v === "number" && Number.isFinite(v))) throw imageError("image-preparation", `${key} is not one number a channel`, { where });
    return value as number[];
  };
  return {
    image: {
      resize: resized === undefined ? "none" : resized.edge === undefined ? "stretch" : "shortest",
      ...(resized === undefined ? {} : { size: resized.edge === undefined ? [resized.height, resized.width] : [resized.edge, ...(resized.longest === undefined ? [] : [resized.longest])] }),
      ...(resized?.edge !== undefined && processor.startsWith("Yolos") ? { multiple: 16 } : {}),
      filter, order: p["do_flip_channel_order"] === true ? "bgr" : "rgb", scale, mean: normalize ? numbers("image_mean") : [0], std: normalize ? numbers("image_std") : [1],
    },
    size: cropped !== undefined ? [cropped.height, cropped.width] : resized !== undefined && resized.edge === undefined ? [resized.height, resized.width] : undefined,
  };
}

type Size = { readonly edge: number; readonly longest?: number; readonly height?: never; readonly width?: never } | { readonly edge?: never; readonly height: number; readonly width: number };

function sizeOf(value: unknown, where: string, key: string, by?: "shortest"): Size {
  const pixels = (n: unknown): n is number => Number.isInteger(n) && (n as number) > 0 && (n as number) <= 16_384;
  if (pixels(value)) return { height: value, width: value };
  const { shortest_edge: edge, height, width, longest_edge: longest } = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  if (pixels(height) && pixels(width)) return { height, width };
  if (pixels(edge) && longest === undefined) return { edge };
  if (pixels(edge) && pixels(longest) && longest >= edge && key === "size" && by === "shortest") return { edge, longest };
  throw imageError("image-preparation", `${key} is ${JSON.stringify(value)?.slice(0, 100) ?? "not there"}: a height and width, or the shortest edge, are understood`, { where });
}

type Json = Readonly<Record<string, unknown>>;

function plainFile(folder: string, name: string): boolean {
  return lstatSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true;
}
function json(folder: string, name: string): Json {
  const path = join(folder, name);
  try {
    if (lstatSync(path).size > MAX_JSON) throw new Error("it is too large");
    const value = JSON.parse(readFileSync(path, "utf8")) as unknown;
    if (typeof value !== "object" || value === null) throw new Error("no object");
    return value as Json;
  } catch (cause) {
    throw imageError("image-folder", `${name} cannot be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { where: path, cause });
  }
}
