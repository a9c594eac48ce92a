// PNG and JPEG into a model of images: one that takes one tensor [N, H, W, C], [N, C, H, W] or [N, H, W]. The query says
// what the package does not: ?resize=stretch|crop|pad, ?scale=, ?mean=, ?std= (one number, or one a channel), ?order=bgr.
// By default a picture is stretched to the tensor's size, in RGB, and a tensor of floats gets values from 0 to 1.

import type { Signature } from "@slipway/core/package";
import { type ModelInput, predictError, shapeText } from "../../../runtime/index.ts";
import { decodeImage } from "../../decoding/decoder.ts";
import type { ImagePlan } from "../../decoding/image-tensor.ts";
import { serverError } from "../../errors.ts";
import type { Call } from "../../http/call.ts";

const MAX_IMAGES = 256;

/** One row an image. @throws SlipwayError image-unwanted, image-damaged, request-malformed, body-too-large */
export async function readImages(images: readonly Uint8Array[], call: Call, signature: Signature): Promise<ModelInput> {
  const { plan, name } = imagePlan(signature, call.query);
  if (images.length > MAX_IMAGES) throw predictError("request-limit", `${images.length} images are too many for one request`, { hint: "Send them in parts." });
  const rows = [];
  for (const image of images) rows.push(await decodeImage(image, plan, call.deadline));
  const first = rows[0]!;
  const odd = rows.findIndex((r) => r.height !== first.height || r.width !== first.width);
  if (odd >= 0) throw predictError("request-shape", `image ${odd} has ${rows[odd]!.width} x ${rows[odd]!.height} pixels, image 0 has ${first.width} x ${first.height}`, { hint: "The model takes images of any size, but of one size in a request." });
  const size = first.data.length;
  const data = rows.length === 1 ? first.data : new (first.data.constructor as new (n: number) => Float32Array)(size * rows.length);
  if (rows.length > 1) rows.forEach((r, i) => data.set(r.data, i * size));
  const dims = plan.flat ? [first.height, first.width] : plan.channelsFirst ? [plan.channels, first.height, first.width] : [first.height, first.width, plan.channels];
  if (signature.tensorRows === "none" && rows.length > 1) throw predictError("request-shape", "the model takes one image a request");
  return { kind: "tensors", tensors: { [name]: { shape: signature.tensorRows === "none" ? dims : [rows.length, ...dims], data } } };
}

interface Planned {
  readonly name: string;
  /** `flat`: the tensor has no dimension for channels. */
  readonly plan: ImagePlan & { readonly flat: boolean };
}

function imagePlan(signature: Signature, query: URLSearchParams): Planned {
  const [input, second] = signature.tensors ?? [];
  const dims = input === undefined || second !== undefined ? [] : (signature.tensorRows === "none" ? input.shape : input.shape.slice(1)).map((d) => (typeof d === "string" ? -1 : d));
  const isChannels = (d: number | undefined): d is 1 | 3 | 4 => d === 1 || d === 3 || d === 4;
  const flat = dims.length === 2;
  const last = dims.length === 3 && isChannels(dims[2]);
  const channels = flat ? 1 : last ? dims[2] : dims[0];
  if (input === undefined || input.type === "string" || input.type === "bool" || (dims.length !== 3 && !flat) || !isChannels(channels)) {
    const shape = input === undefined || second !== undefined ? "" : `; it takes ${shapeText(input, signature)}`;
    throw serverError("image-unwanted", `an image was sent, and the model takes none${shape}`, { hint: "It would be one tensor [N, H, W, C] or [N, C, H, W] of one, three or four channels." });
  }
  const [height, width] = flat || last ? [dims[0]!, dims[1]!] : [dims[1]!, dims[2]!];
  const whole = !/^(?:float|double|float16)$/.test(input.type);
  const order = choice(query, "order", ["rgb", "bgr"]);
  if (whole) for (const name of ["scale", "mean", "std"]) if (query.has(name)) throw malformed(name, query.get(name)!, "it is for tensors of floats; this one takes the bytes as they are");
  return { name: input.name, plan: {
    height, width, channels, flat, channelsFirst: !flat && !last, whole, resize: choice(query, "resize", ["stretch", "crop", "pad"]), bgr: order === "bgr",
    scale: numbers(query, "scale", 1, 1 / 255)[0]!, mean: numbers(query, "mean", channels, 0), std: numbers(query, "std", channels, 1),
  } };
}

function choice<T extends string>(query: URLSearchParams, name: string, values: readonly [T, ...T[]]): T {
  const given = query.get(name);
  if (given === null) return values[0];
  const found = values.find((v) => v === given);
  if (found === undefined) throw malformed(name, given, `it is one of ${values.join(", ")}`);
  return found;
}

function numbers(query: URLSearchParams, name: string, count: number, missing: number): number[] {
  const given = query.get(name);
  if (given === null) return Array.from({ length: count }, () => missing);
  const values = given.split(",").map((v) => (v.trim() === "" ? NaN : Number(v)));
  if ((values.length !== 1 && values.length !== count) || values.some((v) => !Number.isFinite(v)) || (name === "std" && values.includes(0))) throw malformed(name, given, `it is ${count === 1 ? "one number" : `one number, or ${count}`}`);
  return Array.from({ length: count }, (_, i) => values[values.length === 1 ? 0 : i]!);
}

function malformed(name: string, given: string, expected: string): Error {
  return serverError("request-malformed", `?${name}=${given.slice(0, 60)}: ${expected}`);
}
