// What every format's importer takes and gives.

import type { CompiledModel, CompileOptions } from "./compile.ts";

/** What every format gives; `found` is where the model was in a pickle. */
export type ImportedGraph = Omit<CompiledModel, "found">;

export interface ImportedModel {
  /** "pickle", "joblib", "ONNX" and so on, for people. */
  readonly format: string;
  readonly compiled: ImportedGraph;
  /** Library versions that the file names: {"scikit-learn": "1.5.2"}. */
  readonly producer: Readonly<Record<string, string>>;
}

export interface ImportOptions extends CompileOptions {
  /** The bytes of another file in the model's own folder, for models that keep their weights beside them. */
  readonly readSibling?: ReadSibling;
}

/** `name` is relative, without "..". undefined: there is no such file. Throws where it is not a plain file, or has more than `maxBytes`. */
export type ReadSibling = (name: string, maxBytes: number) => Uint8Array | undefined;
