// What an argument means: a file or folder, one entry of it, or a model that MLflow keeps.

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { nameFromFile } from "@slipway/core/package";
import { findStored, isMlflowFolder, isMlflowUri, readMlflowFolder, type MlflowModel } from "./mlflow/index.ts";
import { splitEntry } from "./split-entry.ts";

export interface Located {
  /** The model's own file, or folder. */
  readonly path: string;
  readonly entry?: string;
  /** What MLflow tells of it, and the package's name and version that come with that. */
  readonly mlflow?: MlflowModel;
  readonly name?: string;
  readonly version?: string;
}

/** @throws the errors of the mlflow folder */
export function locateModel(argument: string): Located {
  if (isMlflowUri(argument)) {
    const { path: uri, entry } = splitEntry(argument);
    const stored = findStored(uri, { cwd: process.cwd(), variables: process.env });
    return {
      ...ofFolder(stored.folder, stored.origin), ...(entry === undefined ? {} : { entry }),
      ...(stored.name === undefined ? {} : { name: nameFromFile(stored.name) }), ...(stored.version === undefined ? {} : { version: `${stored.version}.0.0` }),
    };
  }
  const place = splitEntry(argument);
  if (statSync(place.path, { throwIfNoEntry: false })?.isDirectory() !== true || !isMlflowFolder(place.path)) return place;
  return { ...ofFolder(place.path), ...(place.entry === undefined ? {} : { entry: place.entry }) };
}

function ofFolder(folder: string, origin: Readonly<Record<string, string>> = {}): Located {
  const mlflow = readMlflowFolder(folder, origin);
  return { path: mlflow.path, mlflow, name: nameFromFile(resolve(folder)) };
}
