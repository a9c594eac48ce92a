export { loadModel } from "./load-model.ts";
export type { CheckResult, EdgeModel, LoadOptions, PictureSource, PredictOptions } from "./types.ts";
export type { ImageOptions, PredictedRow, RowError, Value } from "@slipway/core/predict";
export { SlipwayError } from "@slipway/core/base";
