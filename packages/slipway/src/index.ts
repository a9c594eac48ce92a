// The library: load a saved model or a package, predict, and put it behind any web framework.

import { loadModelPackage, openModel, type LoadOptions, type Model, type OpenOptions } from "./runtime/index.ts";
import { createServer, fetchHandler } from "./server/index.ts";

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

/**
 * The whole HTTP interface of one model as a function of the web's own Request and Response, for any framework.
 * Paths are taken as they come: mount it at the root, or strip the prefix first.
 */
export function createHandler(model: Model): (request: Request) => Promise<Response> {
  return fetchHandler(createServer({ models: [model], options: {} }));
}
