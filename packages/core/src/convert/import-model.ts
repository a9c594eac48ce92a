// A model file of any format -> a compiled model. Told by content, never by extension.

import { plainBytes } from "../base/index.ts";
import { sniffFormat, type FileFormat } from "../formats/index.ts";
import { leastSizes, readModel } from "../onnx/index.ts";
import { assertInert, pickleOfSkops, readPickleFile, type PickleFile } from "../pickle/index.ts";
import { savedLightgbm, savedXgboost } from "./boosted/saved-file.ts";
import { savedCatboost } from "./catboost/saved-file.ts";
import { convertError } from "./conversion/errors.ts";
import type { InputSpec } from "./conversion/given-inputs.ts";
import { importError } from "./import-errors.ts";
import type { ImportedModel, ImportOptions } from "./imported.ts";
import { importKeras, importKerasH5 } from "./keras/import-keras.ts";
import { importOnnx } from "./onnx/import-onnx.ts";
import { importTorch, OLD_TORCH, oldTorch } from "./torch/import-torch.ts";
import { importSavedModel } from "./savedmodel/import-savedmodel.ts";
import { importPmml } from "./pmml/import-pmml.ts";
import { compilePickled } from "./compile.ts";
import { importTflite } from "./tflite/import-tflite.ts";

/** A file that was read but not compiled. */
export interface SourceFile {
  /** "pickle", "joblib" and so on, for people. */
  readonly format: string;
  readonly pickle: PickleFile;
}
/** Formats that are models of their own, not pickles. */
const READERS: Readonly<Partial<Record<FileFormat, (bytes: Uint8Array, options: ImportOptions) => ImportedModel>>> = {
  onnx: importOnnx,
  keras: importKeras,
  hdf5: importKerasH5,
  tflite: importTflite,
  xml: importPmml,
  savedmodel: importSavedModel,
  torch: importTorch,
};

/** Boosters in their libraries' own formats, which enter as the object that the library would load. */
const BOOSTERS: Readonly<Partial<Record<FileFormat, readonly [format: string, (bytes: Uint8Array) => PickleFile]>>> = {
  catboost: ["CatBoost", savedCatboost],
  lightgbm: ["LightGBM", savedLightgbm],
  "xgboost-json": ["XGBoost, JSON", savedXgboost],
  "xgboost-ubjson": ["XGBoost, UBJSON", savedXgboost],
  "xgboost-binary": ["XGBoost, binary", savedXgboost],
};

/** What each recognised format is, and what to do with it. */
const OTHER_FORMATS: Readonly<Partial<Record<FileFormat, readonly [what: string, hint: string]>>> = {
  zip: ["a zip archive without a model that Slipway knows", "Unpack it and pass the model file itself."],
  slip: ["a Slipway package", "Pass it where a package is wanted."],
  json: ["JSON that is no model Slipway knows", "Pass the saved model, not its data or configuration."],
  npy: ["a NumPy array (.npy)", "Save the fitted estimator: joblib.dump(model, 'model.joblib')."],
  gguf: ["a language model (GGUF)", "It is not compiled: slipway serve runs it as it is, behind OpenAI's interface."],
  html: ["an HTML page, probably a login or error page saved in place of the model", "Download the model again."],
  csv: ["a table of text (CSV)", "Pass the saved model first and the data second."],
};

/** Whether the file is a model of tensors, read by a reader of its own and not as a pickle. */
export function isTensorModel(bytes: Uint8Array): boolean {
  return READERS[sniffFormat(bytes)] !== undefined;
}

/**
 * Recognises the file and reads it. Nothing in it runs.
 * @throws file-*, format-*, and the pickle room's errors
 */
export function readSource(given: Uint8Array): SourceFile {
  const bytes = plainBytes(given);
  const format = sniffFormat(bytes);
  if (format === "empty") throw importError("file-empty", "the file is empty (0 bytes)", { hint: "Save or download it again." });
  if (format === "git-lfs-pointer") throw importError("file-git-lfs-pointer", "the file is a Git LFS pointer, not the model itself", { hint: "Run: git lfs pull" });
  const booster = BOOSTERS[format];
  if (booster) return { format: booster[0], pickle: booster[1](bytes) };
  if (format === "skops") return { format: "skops", pickle: readPickleFile(pickleOfSkops(bytes)) };
  if (format !== "pickle") {
    const other = OTHER_FORMATS[format];
    if (other) throw importError("format-not-a-model", `the file is ${other[0]}`, { hint: other[1] });
    if (READERS[format]) throw importError("format-not-a-model", "the file is a model in a format of its own, where a pickle is wanted", { hint: "Pass it as the model, not beside one." });
    throw importError("format-unknown", `the file begins with ${beginning(bytes)}, which is no model format that Slipway knows`, {
      hint: "Slipway reads pickle, joblib and skops, XGBoost, LightGBM, CatBoost, Keras, TensorFlow, TensorFlow Lite, PyTorch, PMML and ONNX files. Pass the file that the library saved the model in." });
  }
  const pickle = readPickleFile(bytes);
  const joblib = pickle.globals.some((g) => g.name.startsWith("joblib."));
  return { format: `${joblib ? "joblib" : "pickle"}${pickle.compression === null ? "" : `, ${pickle.compression}`}`, pickle };
}

/** Reads and compiles. @throws as readSource and compilePickled, and `pickle-calls-code` */
export function importModel(given: Uint8Array, options: ImportOptions = {}): ImportedModel {
  const bytes = plainBytes(given);
  const reader = READERS[sniffFormat(bytes)];
  if (reader) {
    const imported = reader(bytes, options);
    if (options.inputs !== undefined && reader !== importTorch) assertTold(imported, options.inputs);
    return withLeastSizes(imported);
  }
  const source = readSource(bytes);
  assertInert(source.pickle);
  if (source.pickle.value === OLD_TORCH) throw oldTorch();
  const compiled = compilePickled(source.pickle.value, { ...options, numpy: numpyOf(source.pickle) });
  const version = compiled.found.estimator.raw("_sklearn_version");
  return { format: source.format, compiled, producer: typeof version === "string" ? { "scikit-learn": version } : {} };
}

/** NumPy 2 calls its modules numpy._core, NumPy 1 numpy.core; a file without arrays outside joblib's own form names neither. */
export function numpyOf(pickle: PickleFile): 1 | 2 | undefined {
  for (const { module } of pickle.globals) {
    if (module.startsWith("numpy._core.")) return 2;
    if (module.startsWith("numpy.core.")) return 1;
  }
  return undefined;
}

/** Its first bytes: as text where they are ASCII that can be printed, else in hexadecimal. */
function beginning(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 24));
  if (/^[\x20-\x7e\t\r\n]+$/.test(text)) return `the text ${JSON.stringify(text)}`;
  return [...bytes.subarray(0, 8)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
}

const RECURRENT = ["Scan", "LSTM", "GRU", "RNN"];
const EXTREMES = ["ReduceMax", "ReduceMin", "ArgMax", "ArgMin"];
/** What the libraries refuse to run over nothing; Keras 2 gives the largest of nothing as minus infinity. */
function refusesNothing({ format, producer }: ImportedModel): ReadonlySet<string> | undefined {
  if (format.startsWith("PyTorch") || (producer["keras"] !== undefined && !producer["keras"].startsWith("2"))) return new Set([...RECURRENT, ...EXTREMES]);
  return producer["keras"] === undefined ? undefined : new Set(RECURRENT);
}

/** Below some sizes a convolution or a pooling has nothing to look at: the signature says so. */
function withLeastSizes(imported: ImportedModel): ImportedModel {
  const { compiled } = imported;
  const { tensors } = compiled.signature;
  if (!tensors?.some((t) => t.anyRank !== true && t.shape.some((d) => d === -1 || typeof d === "string"))) return imported;
  const found = leastSizes(readModel(compiled.model), refusesNothing(imported));
  if (found.size === 0) return imported;
  const told = tensors.map((t) => {
    const least = t.anyRank === true ? undefined : found.get(t.name);
    return least === undefined ? t : { ...t, least };
  });
  return { ...imported, compiled: { ...compiled, signature: { ...compiled.signature, tensors: told } } };
}

/** Formats that tell their inputs are not told otherwise. @throws given-inputs */
function assertTold({ compiled: { signature } }: ImportedModel, inputs: readonly InputSpec[]): void {
  const told = signature.tensors ?? [];
  const same = told.length === inputs.length && inputs.every((given) => {
    const input = told.find((t) => t.name === given.name);
    return input?.type === given.elem && given.mapKey === undefined && (given.shape === undefined || (given.shape.length === input.shape.length && given.shape.every((d, i) => (typeof input.shape[i] === "number" && input.shape[i] >= 0 ? input.shape[i] : null) === d)));
  });
  if (same) return;
  throw convertError("given-inputs", `the file itself tells what the model takes: ${told.map((t) => `${t.name} ${t.type} [${t.shape.join(", ")}]`).join("; ") || "a table of columns"}`, { hint: "Leave --inputs out." });
}
