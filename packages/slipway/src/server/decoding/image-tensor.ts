// A PNG or JPEG -> one row of a tensor: upright, resized to the tensor's size, in its channels, its layout and its type.

import { serverError } from "../errors.ts";
import { decodeJpeg } from "./jpeg.ts";
import { MAX_TENSOR_PIXELS, tooLarge } from "./limits.ts";
import { decodePng, type Picture } from "./png.ts";
import { resize } from "./resize.ts";

/** How pictures become what the model takes. */
export interface ImagePlan {
  /** -1: the picture's own size. */
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3 | 4;
  readonly channelsFirst: boolean;
  readonly whole: boolean;
  /** `stretch` to the size; `crop` its middle; `pad` with black. */
  readonly resize: "stretch" | "crop" | "pad";
  readonly bgr: boolean;
  /** value = (byte * scale - mean) / std, by channel. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
export interface ImageTensor {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array | Float32Array;
}

function sniffImage(bytes: Uint8Array): "png" | "jpeg" | undefined {
  if (bytes.length > 8 && bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47 && bytes[4] === 13 && bytes[5] === 10) return "png";
  return bytes.length > 4 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff ? "jpeg" : undefined;
}

/** @throws SlipwayError image-damaged, body-too-large */
export function imageTensor(bytes: Uint8Array, plan: ImagePlan): ImageTensor {
  const kind = sniffImage(bytes);
  if (kind === undefined) throw serverError("image-damaged", "the image is neither PNG nor JPEG", { hint: "Save it as one of them." });
  const picture = kind === "png" ? decodePng(bytes) : decodeJpeg(bytes);
  const pixels = toChannels(picture, plan);
  const height = plan.height < 0 ? picture.height : plan.height;
  const width = plan.width < 0 ? picture.width : plan.width;
  if (height * width > MAX_TENSOR_PIXELS) throw tooLarge(`a tensor of ${height} x ${width} pixels is too large`, "Make the image smaller before you send it.");
  const sized = toSize(pixels, picture, plan, width, height);
  return { height, width, data: toValues(sized, plan, width * height) };
}

/** Grey by ITU-R 601 in Pillow's integers; what is transparent stays as its colour, as Pillow's convert("RGB") has it. */
function toChannels({ data, width, height }: Picture, { channels, bgr }: ImagePlan): Uint8Array {
  if (channels === 4 && !bgr) return data;
  const count = width * height;
  const out = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    const [r, g, b] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!];
    if (channels === 1) out[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    else {
      out[i * channels] = bgr ? b : r;
      out[i * channels + 1] = g;
      out[i * channels + 2] = bgr ? r : b;
      if (channels === 4) out[i * 4 + 3] = data[4 * i + 3]!;
    }
  }
  return out;
}

function toSize(pixels: Uint8Array, picture: Picture, plan: ImagePlan, width: number, height: number): Uint8Array {
  const { channels } = plan;
  if (picture.width === width && picture.height === height) return pixels;
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  if (plan.resize === "stretch") return resize(pixels, picture.width, channels, whole, width, height);
  const ratio = plan.resize === "crop" ? Math.min(picture.width / width, picture.height / height) : Math.max(picture.width / width, picture.height / height);
  if (plan.resize === "crop") {
    const [w, h] = [width * ratio, height * ratio];
    return resize(pixels, picture.width, channels, { x: (picture.width - w) / 2, y: (picture.height - h) / 2, width: w, height: h }, width, height);
  }
  const w = Math.max(1, Math.min(width, Math.round(picture.width / ratio)));
  const h = Math.max(1, Math.min(height, Math.round(picture.height / ratio)));
  const inner = resize(pixels, picture.width, channels, whole, w, h);
  const out = new Uint8Array(width * height * channels);
  const [left, top] = [Math.floor((width - w) / 2), Math.floor((height - h) / 2)];
  for (let y = 0; y < h; y++) out.set(inner.subarray(y * w * channels, (y + 1) * w * channels), ((top + y) * width + left) * channels);
  return out;
}

function toValues(pixels: Uint8Array, plan: ImagePlan, count: number): Uint8Array | Float32Array {
  const { channels, channelsFirst, whole, scale, mean, std } = plan;
  const out = whole ? new Uint8Array(pixels.length) : new Float32Array(pixels.length);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < channels; c++) {
      const value = pixels[i * channels + c]!;
      out[channelsFirst ? c * count + i : i * channels + c] = whole ? value : (value * scale - mean[c]!) / std[c]!;
    }
  }
  return out;
}
