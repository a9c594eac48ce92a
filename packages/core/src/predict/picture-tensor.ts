// A picture's pixels -> one row of a tensor: resized to the tensor's size, in its channels, its layout and its type.

import type { ImageFilter, ImageInput } from "../package/index.ts";
import { predictError } from "./errors.ts";
import type { PictureFrame } from "./picture-frame.ts";
import { resize } from "./resize.ts";

/** [height, width, 4]: red, green, blue and alpha, not premultiplied. What a browser's ImageData is, too. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** How pictures become what the model takes. */
export interface ImagePlan {
  /** -1: the picture's own size. */
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3 | 4;
  readonly channelsFirst: boolean;
  readonly whole: boolean;
  readonly resize: ImageInput["resize"];
  /** As ImageInput has it. */
  readonly size?: readonly number[] | undefined;
  readonly multiple?: number | undefined;
  readonly filter: ImageFilter;
  readonly bgr: boolean;
  /** What `pad` fills with. */
  readonly fill: number;
  /** value = (byte * scale - mean) / std, by channel. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
export interface ImageTensor {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array | Float32Array;
  readonly frame: PictureFrame;
}

const MAX_TENSOR_PIXELS = 2 ** 24;

/** @throws SlipwayError request-limit */
export function pictureTensor(picture: Picture, plan: ImagePlan): ImageTensor {
  const [fullHeight, fullWidth] = sizeAfter(picture, plan);
  const height = plan.height < 0 ? fullHeight : plan.height;
  const width = plan.width < 0 ? fullWidth : plan.width;
  if (Math.max(height * width, fullHeight * fullWidth) > MAX_TENSOR_PIXELS) throw predictError("request-limit", `a tensor of ${Math.max(height, fullHeight)} x ${Math.max(width, fullWidth)} pixels is too large`, { hint: "Make the image smaller before you send it." });
  const sized = toSize(toChannels(picture, plan), picture, plan, width, height, [fullHeight, fullWidth]);
  return { height, width, data: toValues(sized, plan, width * height), frame: frameOf(picture, plan, width, height, [fullHeight, fullWidth]) };
}

/** As torchvision and transformers count: the fraction of a pixel is cut off. */
function byShortest({ width, height }: Picture, [edge, most = Infinity]: readonly number[], multiple: number): [number, number] {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const exact = (long / short) * edge! > most ? (most * short) / long : edge!;
  const shorter = exact === edge ? edge : halfToEven(exact);
  const longer = short === shorter ? long : Math.trunc((exact * long) / short);
  const [a, b] = [shorter, longer].map((n) => Math.max(1, n - (n % multiple))) as [number, number];
  return width <= height ? [b, a] : [a, b];
}
/** Python's round. */
function halfToEven(x: number): number {
  const n = Math.round(x);
  return n - x === 0.5 && n % 2 !== 0 ? n - 1 : n;
}

/** As toSize places it. */
function frameOf(picture: Picture, plan: ImagePlan, tensorWidth: number, tensorHeight: number, [fullHeight, fullWidth]: readonly [number, number]): PictureFrame {
  const { width, height } = picture;
  const sizes = { width, height, tensorWidth, tensorHeight };
  if (plan.resize === "crop") {
    const scale = Math.max(tensorWidth / width, tensorHeight / height);
    return { scaleX: scale, scaleY: scale, left: (tensorWidth - width * scale) / 2, top: (tensorHeight - height * scale) / 2, ...sizes };
  }
  const [w, h] = plan.resize === "pad" ? padded(picture, tensorWidth, tensorHeight) : [fullWidth, fullHeight];
  const rounded = plan.resize === "pad" ? Math.floor : Math.ceil;
  return { scaleX: w / width, scaleY: h / height, left: rounded((tensorWidth - w) / 2), top: rounded((tensorHeight - h) / 2), ...sizes };
}

/** [width, height] of a picture that fits in whole. */
function padded(picture: Picture, width: number, height: number): [number, number] {
  const ratio = Math.max(picture.width / width, picture.height / height);
  return [Math.max(1, Math.min(width, Math.round(picture.width / ratio))), Math.max(1, Math.min(height, Math.round(picture.height / ratio)))];
}

/** [height, width] of the whole picture before the tensor's size is cut out of it. */
function sizeAfter(picture: Picture, { resize: how, size, multiple = 1, height, width }: ImagePlan): readonly [number, number] {
  if (how === "shortest") return byShortest(picture, size!, multiple);
  if (how === "stretch") return size === undefined ? [height < 0 ? picture.height : height, width < 0 ? picture.width : width] : [size[0]!, size[1]!];
  return how === "none" ? [picture.height, picture.width] : [height < 0 ? picture.height : height, width < 0 ? picture.width : width];
}

/** Grey by ITU-R 601 in Pillow's integers; what is transparent stays as its colour, as Pillow's convert("RGB") has it. */
function toChannels({ data, width, height }: Picture, { channels, bgr }: ImagePlan): Uint8Array {
  if (channels === 4 && !bgr) return new Uint8Array(data.buffer, data.byteOffset, data.length);
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

function toSize(pixels: Uint8Array, picture: Picture, plan: ImagePlan, width: number, height: number, [fullHeight, fullWidth]: readonly [number, number]): Uint8Array {
  const { channels, filter } = plan;
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  if (plan.resize !== "crop" && plan.resize !== "pad") {
    const full = picture.width === fullWidth && picture.height === fullHeight ? pixels : resize(pixels, picture.width, channels, whole, fullWidth, fullHeight, filter);
    return centered(full, fullWidth, fullHeight, channels, width, height);
  }
  if (picture.width === width && picture.height === height) return pixels;
  if (plan.resize === "crop") {
    const ratio = Math.min(picture.width / width, picture.height / height);
    const [w, h] = [width * ratio, height * ratio];
    return resize(pixels, picture.width, channels, { x: (picture.width - w) / 2, y: (picture.height - h) / 2, width: w, height: h }, width, height, filter);
  }
  const [w, h] = padded(picture, width, height);
  const inner = resize(pixels, picture.width, channels, whole, w, h, filter);
  const out = new Uint8Array(width * height * channels).fill(plan.fill);
  paste(inner, w, h, out, width, channels, Math.floor((width - w) / 2), Math.floor((height - h) / 2));
  return out;
}

/** The middle of a picture, with black around it where it is smaller: where half a pixel is left over, the floor is taken. */
function centered(pixels: Uint8Array, width: number, height: number, channels: number, toWidth: number, toHeight: number): Uint8Array {
  if (width === toWidth && height === toHeight) return pixels;
  const out = new Uint8Array(toWidth * toHeight * channels);
  paste(pixels, width, height, out, toWidth, channels, -Math.floor((width - toWidth) / 2), -Math.floor((height - toHeight) / 2));
  return out;
}

/** What of it lies within. */
function paste(pixels: Uint8Array, width: number, height: number, out: Uint8Array, toWidth: number, channels: number, left: number, top: number): void {
  const toHeight = out.length / (toWidth * channels);
  const from = Math.max(0, -left);
  const count = Math.min(width - from, toWidth - Math.max(0, left));
  for (let y = Math.max(0, -top); y < height && y + top < toHeight; y++) {
    const at = (y * width + from) * channels;
    out.set(pixels.subarray(at, at + count * channels), ((y + top) * toWidth + Math.max(0, left)) * channels);
  }
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
