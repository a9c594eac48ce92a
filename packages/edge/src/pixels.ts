// The pixels of what a page shows: at their own size, so that the model's own resizing is the only one.

import type { Picture } from "@slipway/core/predict";
import { edgeError } from "./errors.ts";
import type { PictureSource } from "./types.ts";

const MAX_PIXELS = 2 ** 26;

export function pixelsOf(sources: PictureSource | readonly PictureSource[]): Picture[] {
  return (Array.isArray(sources) ? (sources as readonly PictureSource[]) : [sources as PictureSource]).map(pixelsOfOne);
}

function pixelsOfOne(source: PictureSource): Picture {
  if ("data" in source) {
    const { width, height, data } = source;
    if (data.length !== width * height * 4) throw edgeError("edge-picture", `a picture of ${width} x ${height} has ${data.length} bytes, not ${width * height * 4}`, { hint: "Give four bytes a pixel: red, green, blue, alpha." });
    return { width, height, data };
  }
  const [width, height] = sizeOf(source);
  if (!(width > 0 && height > 0)) throw edgeError("edge-picture", `the picture has ${width} x ${height} pixels`, { hint: "Wait until it is loaded: `await img.decode()`, or a video's `loadeddata`." });
  if (width * height > MAX_PIXELS) throw edgeError("edge-picture", `a picture of ${width} x ${height} pixels is too large`);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw edgeError("edge-picture", "this browser gives no canvas to read pixels with");
  context.drawImage(source as unknown as CanvasImageSource, 0, 0, width, height);
  try {
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, data };
  } catch (cause) {
    throw edgeError("edge-picture", "the picture comes from another origin, and the browser does not let it be read", { hint: "Load it with crossorigin=\"anonymous\" from a server that allows it (CORS).", cause });
  }
}

function sizeOf(source: Exclude<PictureSource, { data: unknown }>): [number, number] {
  if ("videoWidth" in source) return [source.videoWidth, source.videoHeight];
  if ("naturalWidth" in source) return [source.naturalWidth, source.naturalHeight];
  if ("displayWidth" in source) return [source.displayWidth, source.displayHeight];
  return [source.width, source.height];
}
