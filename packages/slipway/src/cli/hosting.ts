// Containers: Slipway's own image anywhere, and those of Vertex AI, SageMaker, Azure ML, Cloud Run and Knative. Which of
// them runs this process, as its environment says, and what follows for `slipway serve` without arguments. A platform puts
// its own authentication in front and reaches the container from outside it, so the service listens on every address
// there. In our image elsewhere it listens on every address too, but only where callers prove who they are or
// SLIPWAY_INSECURE says that they need not. Options and SLIPWAY_ variables win.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { modelInside, type VertexAddresses } from "../server/index.ts";
import { usageError } from "./command.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Hosting {
  readonly platform: "Vertex AI" | "SageMaker" | "Azure ML" | "Cloud Run or Knative" | "Slipway's image";
  /** SLIPWAY_ variables that are not set otherwise. */
  readonly defaults: Readonly<Record<string, string>>;
  /** The model, where no argument names one. */
  readonly model: string | undefined;
  readonly vertex?: VertexAddresses;
  /** Models are loaded by request; none is needed at the start. */
  readonly multiModel?: boolean;
}

/** In our image, the root of its file system; set by cli/container.ts. */
export const IMAGE_ROOT = "_SLIPWAY_IMAGE_ROOT";
const SAGEMAKER_MODEL = "/opt/ml/model";
const KSERVE_MODEL = "/mnt/models";
const OWN_MODELS = "/models";

/** `bare`: no model is named by argument or folder. @throws SlipwayError bad-argument, load-invalid */
export function hostingOf(env: Environment, bare: boolean, sagemakerModel: string = inRoot(env, SAGEMAKER_MODEL)): Hosting | undefined {
  const image = env[IMAGE_ROOT] !== undefined;
  const every = { SLIPWAY_HOST: "0.0.0.0" };
  const open = { ...every, SLIPWAY_INSECURE: "true" };
  const port = env["PORT"] ?? "8080";
  if (env["AIP_HTTP_PORT"] !== undefined || env["AIP_PREDICT_ROUTE"] !== undefined) {
    const mode = env["AIP_MODE"];
    if (mode !== undefined && mode !== "PREDICTION") throw usageError("bad-argument", `AIP_MODE is ${JSON.stringify(mode)}`, { hint: "This service answers predictions only." });
    return {
      platform: "Vertex AI", ...given(open, env["AIP_HTTP_PORT"] ?? port, bare, storage(env["AIP_STORAGE_URI"]), env),
      vertex: { health: env["AIP_HEALTH_ROUTE"], predict: env["AIP_PREDICT_ROUTE"], deployedModelId: env["AIP_DEPLOYED_MODEL_ID"] },
    };
  }
  if (env["AZUREML_MODEL_DIR"] !== undefined) {
    const timeout = env["SCORING_TIMEOUT_MS"];
    const answers = timeout !== undefined && /^\d{1,7}$/.test(timeout) ? { SLIPWAY_REQUEST_TIMEOUT: `${timeout}ms` } : {};
    return { platform: "Azure ML", ...given({ ...open, ...answers }, env["PORT"] ?? "5001", bare, env["AZUREML_MODEL_DIR"], env) };
  }
  // SageMaker's notebooks have its variables too: only a container of a model has the folder.
  const multiModel = env["SAGEMAKER_MULTI_MODEL"] === "true";
  if (bare && (multiModel || existsSync(sagemakerModel))) {
    const bound = env["SAGEMAKER_BIND_TO_PORT"] ?? "8080";
    if (multiModel) return { platform: "SageMaker", defaults: { ...open, SLIPWAY_PORT: bound, SLIPWAY_ANONYMOUS: "operator" }, model: undefined, multiModel };
    return { platform: "SageMaker", ...given(open, bound, bare, sagemakerModel, env) };
  }
  // Cloud Run asks who calls unless it is told not to; behind Knative's proxy nothing else reaches the container.
  if (env["K_SERVICE"] !== undefined && env["PORT"] !== undefined) return { platform: "Cloud Run or Knative", ...given(open, port, bare && image, undefined, env) };
  return image ? { platform: "Slipway's image", ...given(every, port, bare, inRoot(env, KSERVE_MODEL), env) } : undefined;
}

function inRoot(env: Environment, path: string): string {
  return join(env[IMAGE_ROOT] ?? "/", path);
}

/** The model that the platform brought, else in our image what it holds: one package, or several. */
function given(defaults: Record<string, string>, port: string, bare: boolean, brought: string | undefined, env: Environment): Pick<Hosting, "defaults" | "model"> {
  const settings = { ...defaults, SLIPWAY_PORT: port };
  if (!bare) return { defaults: settings, model: undefined };
  const own = inRoot(env, OWN_MODELS);
  if (env[IMAGE_ROOT] === undefined || !isEmpty(brought)) return { defaults: settings, model: brought === undefined ? undefined : modelInside(brought) };
  // One that Python runs is a file or a folder of its own, whatever it is called.
  const [alone, ...others] = env["SLIPWAY_ENGINE"] === "python" && existsSync(own) ? readdirSync(own) : [];
  if (alone !== undefined && others.length === 0) return { defaults: settings, model: join(own, alone) };
  const several = !isEmpty(own) && readdirSync(own).filter((name) => name.endsWith(".slip")).length > 1;
  return several ? { defaults: { ...settings, SLIPWAY_MODELS: own }, model: undefined } : { defaults: settings, model: modelInside(own) };
}

function isEmpty(folder: string | undefined): boolean {
  if (folder === undefined || !existsSync(folder)) return true;
  try {
    return readdirSync(folder).every((name) => name.startsWith(".") || name === "lost+found");
  } catch {
    // A file: the model itself.
    return false;
  }
}

function storage(uri: string | undefined): string | undefined {
  if (uri === undefined || uri === "") return undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(uri) && !uri.startsWith("file://")) {
    throw usageError("bad-argument", `AIP_STORAGE_URI is ${JSON.stringify(uri.slice(0, 200))}, and only a folder of this container can be read`, { hint: "Put the model into the image: slipway image model.slip." });
  }
  return uri.replace(/^file:\/\//, "");
}
