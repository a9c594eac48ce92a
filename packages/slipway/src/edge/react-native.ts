// For React Native: the package as a part of the app's script, a module in TypeScript with this model's own types, and what
// runs it: our own kernel, or onnxruntime-react-native for networks.

import { toJsonBytes } from "@slipway/core/package";
import { modelTypes } from "../client/index.ts";
import { edgeFolderError } from "./errors.ts";
import { pageFile } from "./module-files.ts";
import type { EdgePlan } from "./plan.ts";

const RUNTIME = "onnxruntime-react-native";
/** The first whose interface (JSI) takes a model's bytes and every type but float16. */
const RUNTIME_VERSION = ">=1.24.0";
/** Of slipway-native.d.ts, and the adapter's own. */
const TAKEN = ["Check", "Model", "Options", "Picture", "PredictOptions", "RowError", "Sound", "loadModel", "open", "slip"];

/** In place of the module for browsers. @throws edge-native-type */
export async function addReactNative(plan: EdgePlan): Promise<void> {
  const { file, files, engine, saysSo, package: { manifest, digest, signature } } = plan;
  const halves = [...(signature.tensors ?? []).map((t) => [t.name, t.type] as const), ...signature.outputs.map((o) => [o.name, o.type] as const)].filter(([, type]) => type === "float16");
  if (halves.length > 0) throw edgeFolderError("edge-native-type", `${halves.map(([name]) => name).join(", ")}: numbers of float16, which React Native's JavaScript has no arrays for`, { hint: "Let the graph take and give floats." });
  const slip = files.get(file)!;
  files.clear();
  const types = modelTypes({ ...manifest, signature }, TAKEN, ["Model"]);
  const options = [`digest: ${JSON.stringify(digest)}`, ...(engine === "onnxruntime" ? ["runtime: { InferenceSession, Tensor }"] : saysSo ? [] : ['engine: "kernel"'])];
  const text = (lines: readonly string[]): Uint8Array => new TextEncoder().encode(`${lines.join("\n")}\n`);
  files.set("index.ts", text([
    `// ${types.title} for React Native, written by slipway edge.`, "",
    ...(engine === "onnxruntime" ? [`import { InferenceSession, Tensor } from ${JSON.stringify(RUNTIME)};`] : []),
    'import { open, type Model, type Options } from "./slipway-native";', 'import { slip } from "./model";', "",
    types.source,
    `export type ${types.name}Model = Model<${types.name}Row | ${types.many}, ${types.name}Prediction>;`, "",
    "/** Once it has answered its own checked rows on this device as it must. */",
    `export function loadModel(options: Options = {}): Promise<${types.name}Model> {`,
    `  return open(slip, { ${options.join(", ")}, ...options });`,
    "}", "",
    'export type { Check, Model, Options, Picture, PredictOptions, RowError, Sound } from "./slipway-native";',
  ]));
  files.set("model.js", text([`export const slip = "${Buffer.from(slip).toString("base64")}";`]));
  files.set("model.d.ts", text(["/** The package, in base64. */", "export declare const slip: string;"]));
  files.set("slipway-native.js", await pageFile("edge/native/slipway-native.js"));
  files.set("slipway-native.d.ts", await pageFile("edge-native/slipway-native.d.ts"));
  files.set("package.json", toJsonBytes({
    name: `slipway-${manifest.name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}`, version: manifest.version, private: true, main: "index.ts", types: "index.ts",
    ...(engine === "onnxruntime" ? { peerDependencies: { [RUNTIME]: RUNTIME_VERSION } } : {}),
  }));
}
