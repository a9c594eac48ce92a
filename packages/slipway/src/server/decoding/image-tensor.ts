// A PNG or JPEG -> one row of a tensor, upright.

import { pictureTensor, type ImagePlan, type ImageTensor } from "@slipway/core/predict";
import { serverError } from "../errors.ts";
import { decodeJpeg } from "./jpeg.ts";
import { decodePng } from "./png.ts";

function sniffImage(bytes: Uint8Array): "png" | "jpeg" | undefined {
  if (bytes.length > 8 && bytes[0] === 0x89 && bytes[1] === 0x50 && bytes[2] === 0x4e && bytes[3] === 0x47 && bytes[4] === 13 && bytes[5] === 10) return "png";
  return bytes.length > 4 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff ? "jpeg" : undefined;
}

/** @throws SlipwayError image-damaged, body-too-large, request-limit */
export function imageTensor(bytes: Uint8Array, plan: ImagePlan): ImageTensor {
  const kind = sniffImage(bytes);
  if (kind === undefined) throw serverError("image-damaged", "the image is neither PNG nor JPEG", { hint: "Save it as one of them." });
  return pictureTensor(kind === "png" ? decodePng(bytes) : decodeJpeg(bytes), plan);
}
