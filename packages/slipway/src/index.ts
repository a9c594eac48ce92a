// The library: load a saved model or a package, predict, and put it behind any web framework.

import { loadModelPackage, openModel, type LoadOptions, type Model, type OpenOptions } from "./runtime/index.ts";

export { createHandler, toNodeHandler, type Handler, type HandlerOptions } from "./server/index.ts";
export { SlipwayError } from "@slipway/core/base";
export type { Column, Output, Signature } from "@slipway/core/package";
export type { LoadOptions, Model, OpenOptions, PredictedRow, PredictOptions, RowError } from "./runtime/index.ts";

/**
 * Loads a package (.slip or an image-layout folder), or reads and compiles a saved model. Nothing in the file runs.
 * @throws SlipwayError
 */
export async function loadModel(path: string, options: OpenOptions & LoadOptions = {}): Promise<Model> {
  return loadModelPackage((await openModel(path, options)).package, options);
}
