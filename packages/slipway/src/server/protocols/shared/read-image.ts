// PNG and JPEG into a model of images: one that takes one tensor [N, H, W, C], [N, C, H, W] or [N, H, W]. The package says
// how, and the query may say otherwise: ?resize=stretch|crop|pad, ?filter=bicubic, ?scale=, ?mean=, ?std= (one number, or one a channel), ?order=bgr;
// of detectors ?score=0.5 (what scores no higher is left out) and ?most=10.
// By default a picture is stretched to the tensor's size, in RGB, and a tensor of floats gets values from 0 to 1.

import { SlipwayError } from "@slipway/core/base";
import { IMAGE_FILTERS, type Signature } from "@slipway/core/package";
import { imageRows, planImages, predictError, type ImageOptions, type ModelInput, type PlannedImage } from "@slipway/core/predict";
import { decodeImage } from "../../decoding/decoder.ts";
import { serverError } from "../../errors.ts";
import type { Call } from "../../http/call.ts";

const MAX_IMAGES = 256;

/** One row an image. @throws SlipwayError image-unwanted, image-damaged, request-malformed, body-too-large */
export async function readImages(images: readonly Uint8Array[], call: Call, signature: Signature): Promise<ModelInput> {
  const planned = imagesOfQuery(signature, call.query);
  if (images.length > MAX_IMAGES) throw predictError("request-limit", `${images.length} images are too many for one request`, { hint: "Send them in parts." });
  const rows = [];
  for (const image of images) rows.push(await decodeImage(image, planned.plan, call.deadline));
  return imageRows(rows, planned, signature);
}

/** @throws SlipwayError image-unwanted, request-malformed */
export function imagesOfQuery(signature: Signature, query: URLSearchParams): PlannedImage {
  const options: ImageOptions = {
    resize: choice(query, "resize", ["stretch", "crop", "pad"]), filter: choice(query, "filter", IMAGE_FILTERS), order: choice(query, "order", ["rgb", "bgr"]),
    score: numbers(query, "score", 1)?.[0], most: numbers(query, "most", 1)?.[0], scale: numbers(query, "scale", 1)?.[0], mean: numbers(query, "mean"), std: numbers(query, "std"),
  };
  try {
    return planImages(signature, options);
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "image-option") throw serverError("request-malformed", `?${error.message}`);
    throw error;
  }
}

function choice<const T extends string>(query: URLSearchParams, name: string, values: readonly T[]): T | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const found = values.find((v) => v === given);
  if (found === undefined) throw malformed(name, given, `it is one of ${values.join(", ")}`);
  return found;
}

function numbers(query: URLSearchParams, name: string, most = Infinity): number[] | undefined {
  const given = query.get(name);
  if (given === null) return undefined;
  const values = given.split(",").map((v) => (v.trim() === "" ? NaN : Number(v)));
  if (values.length > most || values.some((v) => !Number.isFinite(v))) throw malformed(name, given, most === 1 ? "it is one number" : "it is one number, or one a channel");
  return values;
}

function malformed(name: string, given: string, expected: string): Error {
  return serverError("request-malformed", `?${name}=${given.slice(0, 60)}: ${expected}`);
}
