// Files of a model beside its own, for formats that keep their weights apart (ONNX's external data, TensorFlow's
// SavedModel): plain files inside the model's own folder, never through a link.

import { lstatSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import type { ReadSibling } from "@slipway/core/convert";
import { runtimeError } from "./errors.ts";

/** What a TensorFlow SavedModel's folder has. */
export const SAVED_MODEL = "saved_model.pb";

/**
 * The model's own folder is the one it lies in, or itself where the model is a folder.
 * @throws file-not-plain, file-too-large
 */
export function siblingsOf(modelPath: string): ReadSibling {
  const folder = statSync(modelPath, { throwIfNoEntry: false })?.isDirectory() ? resolve(modelPath) : resolve(dirname(modelPath));
  return (name, maxBytes) => {
    const full = resolve(folder, name);
    if (!full.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
    // Every step on the way, so that a linked folder leads nowhere either.
    let at = folder;
    const steps = full.slice(folder.length).split(sep).filter((step) => step !== "");
    for (const [i, step] of steps.entries()) {
      at = join(at, step);
      const info = lstatSync(at, { throwIfNoEntry: false });
      if (!info) return undefined;
      if (i < steps.length - 1 ? !info.isDirectory() : !info.isFile()) {
        throw runtimeError("file-not-plain", `${JSON.stringify(name.slice(0, 200))}, which the model keeps its weights in, is ${info.isSymbolicLink() ? "a link" : "not a plain file"}`, { hint: "Put the file itself beside the model." });
      }
      if (i === steps.length - 1 && info.size > maxBytes) throw runtimeError("file-too-large", `${JSON.stringify(name.slice(0, 200))} has ${info.size} bytes; at most ${maxBytes} are expected there`);
    }
    const file = readFileSync(full);
    return new Uint8Array(file.buffer, file.byteOffset, file.length);
  };
}
