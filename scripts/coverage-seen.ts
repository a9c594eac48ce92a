// What every file of the corpus exercises: the files are read and compiled by our own readers while the registries of
// layers, operators and objectives note which of their entries are asked for.

import { readFileSync, statSync } from "node:fs";
import { SlipwayError } from "../packages/core/src/base/index.ts";
import * as catboostEstimators from "../packages/core/src/convert/catboost/estimators.ts";
import { converters, readSource } from "../packages/core/src/convert/index.ts";
import { kerasLayers } from "../packages/core/src/convert/keras/registry.ts";
import { OBJECTIVES as LIGHTGBM_OBJECTIVES } from "../packages/core/src/convert/lightgbm/forest.ts";
import { operators as savedmodelOperators } from "../packages/core/src/convert/savedmodel/registry.ts";
import { tfliteOperators } from "../packages/core/src/convert/tflite/registry.ts";
import { torchLayers } from "../packages/core/src/convert/torch/modules/layers.ts";
import { torchOperators } from "../packages/core/src/convert/torch/registry.ts";
import * as xgboostForest from "../packages/core/src/convert/xgboost/forest.ts";
import { sniffFormat, type FileFormat } from "../packages/core/src/formats/index.ts";
import { openModel } from "../packages/slipway/src/runtime/index.ts";
import { listCases, type CorpusCase } from "../corpus/case.ts";

/** An entry of a registry with the cases that exercise it. */
export interface Exercised {
  readonly versions: Set<string>;
  /** Largest relative tolerance of those cases. */
  rtol: number;
}
export interface Refusal {
  readonly format: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}
export interface Seen {
  /** Registry -> entry -> cases. All entries are there, also those that no case exercises. */
  readonly registries: ReadonlyMap<string, ReadonlyMap<string, Exercised>>;
  /** Format in people's words -> number of files, and of those that are refused with a code. */
  readonly formats: Map<string, { compiled: number; refused: number }>;
  readonly refusals: readonly Refusal[];
}

const FORMAT: Readonly<Partial<Record<FileFormat, string>>> = {
  pickle: "pickle and joblib", onnx: "ONNX", keras: "Keras (.keras)", hdf5: "Keras (.h5)", tflite: "TensorFlow Lite", catboost: "CatBoost (cbm, JSON)",
  lightgbm: "LightGBM (text, JSON)", "xgboost-json": "XGBoost (JSON)", "xgboost-ubjson": "XGBoost (UBJSON)", "xgboost-binary": "XGBoost (old binary)",
  torch: "PyTorch (.pt, .pt2)", xml: "PMML",
};

interface Registry {
  readonly title: string;
  readonly collections: readonly (ReadonlyMap<string, unknown> | ReadonlySet<string>)[];
  /** Also entries that the collection does not hold: CatBoost's losses, of which only some change what a prediction is. */
  readonly open?: boolean;
  /** Which key of a case's `producer` tells the version. */
  readonly producer?: string;
}

const setsOf = (module: object): ReadonlySet<string>[] => Object.values(module).filter((x): x is ReadonlySet<string> => x instanceof Set);
const REGISTRIES: readonly Registry[] = [
  { title: "Keras layers and operations", collections: [kerasLayers], producer: "keras" },
  { title: "TensorFlow Lite operators", collections: [tfliteOperators], producer: "tensorflow-cpu" },
  { title: "TensorFlow SavedModel operators", collections: [savedmodelOperators], producer: "tensorflow-cpu" },
  { title: "PyTorch operators", collections: [torchOperators] },
  { title: "PyTorch modules saved whole", collections: [torchLayers] },
  { title: "XGBoost objectives", collections: setsOf(xgboostForest) },
  { title: "LightGBM objectives", collections: [LIGHTGBM_OBJECTIVES] },
  { title: "CatBoost losses", collections: setsOf(catboostEstimators), open: true },
];
export const CLASSES = "classes";

/** Reads, and for all but plain scikit-learn files compiles, every case below `folder`. */
export async function lookAtCorpus(folder: string): Promise<Seen> {
  const asked = new Map<string, Set<string>>(REGISTRIES.map(({ title }) => [title, new Set()]));
  const undo = REGISTRIES.flatMap(({ title, collections }) => collections.map((collection) => listen(collection, asked.get(title)!)));
  const registries = new Map<string, Map<string, Exercised>>([[CLASSES, emptyEntries([...converters.keys()])]]);
  for (const { title, collections } of REGISTRIES) registries.set(title, emptyEntries(collections.flatMap((x) => [...x.keys()])));
  const formats: Seen["formats"] = new Map();
  const refusals: Refusal[] = [];
  try {
    for (const one of listCases(folder)) {
      // An entry of a file may be named behind it: saved_model#serving_default.
      const file = one.modelFile.replace(/#[^/]*$/, "");
      const bytes = statSync(file).isDirectory() ? undefined : new Uint8Array(readFileSync(file));
      const format = bytes === undefined ? undefined : sniffFormat(bytes);
      const words = format === undefined ? "TensorFlow SavedModel" : (FORMAT[format] ?? format);
      const count = formats.get(words) ?? { compiled: 0, refused: 0 };
      formats.set(words, count);
      if (one.expect === "refuse") {
        count.refused++;
        const refusal = await openModel(one.modelFile).then(() => undefined, (error: unknown) => error);
        if (refusal instanceof SlipwayError) refusals.push({ format: words, code: refusal.code, message: refusal.message, hint: refusal.hint ?? "" });
        continue;
      }
      count.compiled++;
      const globals = format === "pickle" ? readSource(bytes!).pickle.globals.map((g) => g.name) : [];
      for (const name of globals) note(registries.get(CLASSES)!, `${name.split(".")[0]}.${name.split(".").at(-1)}`, one, versionOf(one, undefined), false);
      if (format === "pickle" && !globals.some((name) => /^(xgboost|lightgbm|catboost|_catboost)\./.test(name))) continue;
      for (const names of asked.values()) names.clear();
      await openModel(one.modelFile);
      for (const { title, open, producer } of REGISTRIES) {
        for (const name of asked.get(title)!) note(registries.get(title)!, name, one, versionOf(one, producer), open === true && name !== "");
      }
    }
  } finally {
    for (const restore of undo) restore();
  }
  return { registries, formats, refusals };
}

function emptyEntries(names: readonly string[]): Map<string, Exercised> {
  return new Map(names.map((name) => [name, { versions: new Set<string>(), rtol: 0 }]));
}

function note(entries: Map<string, Exercised>, name: string, one: CorpusCase, version: string, open: boolean): void {
  let entry = entries.get(name);
  if (entry === undefined && open) entries.set(name, (entry = { versions: new Set(), rtol: 0 }));
  if (entry === undefined) return;
  entry.versions.add(version);
  entry.rtol = Math.max(entry.rtol, one.tolerance.rtol);
}

/** Notes every key that a map or set is asked for, until the returned function is called. */
function listen(collection: ReadonlyMap<string, unknown> | ReadonlySet<string>, asked: Set<string>): () => void {
  const own = collection as unknown as Record<"get" | "has", (key: string) => unknown>;
  const methods = (["get", "has"] as const).filter((method) => method in collection);
  for (const method of methods) {
    const original = own[method].bind(collection);
    own[method] = (key) => {
      asked.add(key);
      return original(key);
    };
  }
  return () => methods.forEach((method) => delete (own as Partial<typeof own>)[method]);
}

/** What the case's manifest says of the library that made it. */
function versionOf(one: CorpusCase, key: string | undefined): string {
  const version = key === undefined ? undefined : one.producer[key];
  return version ?? environmentName(one.environment);
}

/** "sk19", "lgb47", "xgb32", "cb1210", "torch 2.15.0" in people's words. */
function environmentName(environment: string): string {
  const [, library, major, rest = ""] = /^(sk|lgb|xgb|cb)(\d)(\d+)$/.exec(environment) ?? [];
  if (library === "sk") return `${major}.${rest}`;
  if (library !== undefined) return `${{ lgb: "LightGBM", xgb: "XGBoost", cb: "CatBoost" }[library as "lgb"]} ${library === "cb" ? `${major}.${rest[0]}.${rest.slice(1)}` : `${major}.${rest}`}`;
  return environment;
}
