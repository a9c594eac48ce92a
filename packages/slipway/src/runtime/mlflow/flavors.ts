// MLflow's flavours that hold a model Slipway reads: which file of the folder it is. A list, in the order in which they are
// tried where a folder has several.

import { mlflowError } from "./errors.ts";
import type { Mlmodel } from "./mlmodel.ts";

type Settings = ReadonlyMap<string, unknown>;

export interface Flavor {
  readonly name: string;
  /** The key of the flavour's settings that names its library's version. */
  readonly version: string;
  readonly library: string;
  /** Files or folders relative to the model's folder, the likeliest first. */
  readonly files: (settings: Settings) => readonly string[];
}

const text = (settings: Settings, key: string, otherwise: string): string => {
  const value = settings.get(key);
  return typeof value === "string" ? value : otherwise;
};

const FLAVORS: readonly Flavor[] = [
  { name: "sklearn", version: "sklearn_version", library: "scikit-learn", files: (s) => [text(s, "pickled_model", "model.pkl")] },
  { name: "xgboost", version: "xgb_version", library: "xgboost", files: (s) => [text(s, "data", "model.xgb")] },
  { name: "lightgbm", version: "lgb_version", library: "lightgbm", files: (s) => [text(s, "data", "model.lgb")] },
  { name: "catboost", version: "catboost_version", library: "catboost", files: (s) => [text(s, "data", "model.cb")] },
  { name: "onnx", version: "onnx_version", library: "onnx", files: (s) => [text(s, "data", "model.onnx")] },
  { name: "keras", version: "keras_version", library: "keras", files: (s) => within(text(s, "data", "data"), ["model.keras", "model.h5", "model"]) },
  {
    name: "tensorflow", version: "keras_version", library: "keras",
    files: (s) => [...(typeof s.get("saved_model_dir") === "string" ? [s.get("saved_model_dir") as string] : []), ...within(text(s, "data", "data"), ["model.keras", "model.h5", "model", ""]), "tf2model"],
  },
  { name: "pytorch", version: "pytorch_version", library: "torch", files: (s) => within(text(s, "model_data", "data"), ["model.pt2", "model.pth", "model.pt"]) },
];

function within(folder: string, names: readonly string[]): string[] {
  return names.map((name) => (name === "" ? folder : `${folder}/${name}`));
}

export interface FoundFlavor {
  readonly flavor: Flavor;
  readonly settings: Settings;
}

/** @throws mlflow-flavor */
export function flavorOf({ flavors }: Mlmodel, where: string): FoundFlavor {
  for (const flavor of FLAVORS) {
    const settings = flavors.get(flavor.name);
    if (settings !== undefined) return { flavor, settings };
  }
  const others = [...flavors.keys()].filter((name) => name !== "python_function");
  if (others.length > 0) {
    throw mlflowError("mlflow-flavor", `the model was saved in the flavour ${others.map((name) => JSON.stringify(name.slice(0, 60))).join(" and ")}, which Slipway does not read`, {
      where, hint: `It reads ${FLAVORS.map((f) => f.name).join(", ")}. Export the model to ONNX and log that: mlflow.onnx.log_model(...).` });
  }
  const pyfunc = flavors.get("python_function");
  const loader = text(pyfunc ?? new Map(), "loader_module", "none");
  const code = ["model_code_path", "python_model", "code"].flatMap((key) => (typeof pyfunc?.get(key) === "string" ? [String(pyfunc.get(key)).slice(0, 100)] : []));
  throw mlflowError("mlflow-flavor", `the model is Python code of its own (python_function, loaded by ${loader.slice(0, 100)}${code.length > 0 ? ` from ${code.join(", ")}` : ""}), which is never run`, {
    where, hint: "Log the fitted model inside it with its library's flavour, such as mlflow.sklearn.log_model(pipeline, name=\"model\"), with what predict() does before and after as steps of a scikit-learn pipeline. Or pass the fitted model's own file to slipway pack." });
}
