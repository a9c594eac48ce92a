// A model whose weights lie in files beside it, as one: only files inside its own folder, each read once, and no more
// bytes than one model may have.

import { SlipwayError } from "../base/index.ts";
import { MAX_MESSAGE_BYTES } from "../formats/index.ts";
import { onnxError } from "./errors.ts";
import type { Model } from "./model.ts";
import { readModel } from "./read.ts";
import { inlineExternalData, type ExternalPlace } from "./splice.ts";

/** The bytes of a file in the model's folder, by its relative name; undefined where there is none. */
type ReadFile = (name: string, maxBytes: number) => Uint8Array | undefined;
type ReadPlace = (place: ExternalPlace) => Uint8Array;

/** The same bytes where nothing lies elsewhere. @throws as readModel, onnx-external-data, and what `readFile` throws */
export function wholeModel(file: Uint8Array, readFile?: ReadFile): { readonly bytes: Uint8Array; readonly model: Model } {
  try {
    return { bytes: file, model: readModel(file) };
  } catch (error) {
    if (!readFile || !(error instanceof SlipwayError) || error.code !== "onnx-external-data") throw error;
  }
  const bytes = inlineExternalData(file, siblings(readFile, MAX_MESSAGE_BYTES - file.length));
  return { bytes, model: readModel(bytes) };
}

/** Slices of the files beside the model, each read once; all of them together no longer than `budget`. */
function siblings(readFile: ReadFile, budget: number): ReadPlace {
  const files = new Map<string, Uint8Array>();
  let left = budget;
  let slices = budget;
  return ({ tensor, location, offset, length }) => {
    const refuse = (why: string, hint: string): SlipwayError =>
      onnxError("onnx-external-data", `tensor ${JSON.stringify(tensor)} keeps its data in ${JSON.stringify(location.slice(0, 200))}, ${why}`, { hint });
    if (/^[/\\]|^[A-Za-z]:|[\\\0]/.test(location) || location.split("/").some((step) => step === ".." || step === "")) {
      throw refuse("which lies outside the model's folder", "Do not use this file: it would read other files of the machine into the model.");
    }
    let data = files.get(location);
    if (data === undefined) {
      data = readFile(location, left);
      if (data === undefined) throw refuse("which is not there", "Put the file beside the model, as it was saved.");
      files.set(location, data);
      left -= data.length;
    }
    const end = length === undefined ? data.length : offset + length;
    if (offset > data.length || end > data.length || end < offset) throw refuse(`bytes ${offset} to ${end}; the file has ${data.length}`, "The file is cut off, or belongs to another model.");
    slices -= end - offset;
    if (slices < 0) throw refuse("which makes more than the 2 GB that one model may have", "Split or quantize the model.");
    return data.subarray(offset, end);
  };
}
