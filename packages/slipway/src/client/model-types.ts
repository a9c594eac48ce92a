// The types of one model's rows and answers, for other code that is generated.

import type { Signature } from "@slipway/core/package";
import { predictionTypes } from "./prediction-type.ts";
import { rowTypes } from "./row-type.ts";
import { note, TypeNames } from "./typescript.ts";

export interface ModelTypes {
  /** PascalCase; the others begin with it: `NAMERow`, `NAMEPrediction`. */
  readonly name: string;
  readonly source: string;
  /** What a list of rows is. */
  readonly many: string;
  /** The model in one line of a comment. */
  readonly title: string;
}

/** @param taken names that the generated file has already */
export function modelTypes(model: { readonly name: string; readonly version: string; readonly signature: Signature }, taken: readonly string[], suffixes: readonly string[]): ModelTypes {
  const name = new TypeNames(taken).of(model.name, ["Row", "Record", "Values", "Prediction", ...suffixes]);
  const { source, many } = rowTypes(name, model.signature);
  return { name, many, source: `${source}\n${predictionTypes(name, model.signature).source}`, title: `${note(model.name)} ${note(model.version)}` };
}
