// Containers of Vertex AI, SageMaker and Azure ML: which of them runs this process, as its environment says, and what
// follows for `slipway serve` without arguments. The platform puts its own authentication in front and reaches the
// container from outside it, so the service listens on every address there. Options and SLIPWAY_ variables win.

import { existsSync } from "node:fs";
import { modelInside, type VertexAddresses } from "../server/index.ts";
import { usageError } from "./command.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Hosting {
  readonly platform: "Vertex AI" | "SageMaker" | "Azure ML";
  /** SLIPWAY_ variables that are not set otherwise. */
  readonly defaults: Readonly<Record<string, string>>;
  /** The model, where no argument names one. */
  readonly model: string | undefined;
  readonly vertex?: VertexAddresses;
  /** Models are loaded by request; none is needed at the start. */
  readonly multiModel?: boolean;
}

const SAGEMAKER_MODEL = "/opt/ml/model";

/** `bare`: no model is named by argument or folder. @throws SlipwayError bad-argument, load-invalid */
export function hostingOf(env: Environment, bare: boolean, sagemakerModel: string = SAGEMAKER_MODEL): Hosting | undefined {
  const open = { SLIPWAY_HOST: "0.0.0.0", SLIPWAY_INSECURE: "true" };
  if (env["AIP_HTTP_PORT"] !== undefined || env["AIP_PREDICT_ROUTE"] !== undefined) {
    const mode = env["AIP_MODE"];
    if (mode !== undefined && mode !== "PREDICTION") throw usageError("bad-argument", `AIP_MODE is ${JSON.stringify(mode)}`, { hint: "This service answers predictions only." });
    return {
      platform: "Vertex AI", defaults: { ...open, SLIPWAY_PORT: env["AIP_HTTP_PORT"] ?? "8080" },
      model: bare ? storage(env["AIP_STORAGE_URI"]) : undefined,
      vertex: { health: env["AIP_HEALTH_ROUTE"], predict: env["AIP_PREDICT_ROUTE"], deployedModelId: env["AIP_DEPLOYED_MODEL_ID"] },
    };
  }
  if (env["AZUREML_MODEL_DIR"] !== undefined) {
    const timeout = env["SCORING_TIMEOUT_MS"];
    return {
      platform: "Azure ML", defaults: { ...open, SLIPWAY_PORT: "5001", ...(timeout !== undefined && /^\d{1,7}$/.test(timeout) ? { SLIPWAY_REQUEST_TIMEOUT: `${timeout}ms` } : {}) },
      model: bare ? modelInside(env["AZUREML_MODEL_DIR"]) : undefined,
    };
  }
  // SageMaker's notebooks have its variables too: only a container of a model has the folder.
  const multiModel = env["SAGEMAKER_MULTI_MODEL"] === "true";
  if (!bare || !(multiModel || existsSync(sagemakerModel))) return undefined;
  const port = env["SAGEMAKER_BIND_TO_PORT"] ?? "8080";
  if (multiModel) return { platform: "SageMaker", defaults: { ...open, SLIPWAY_PORT: port, SLIPWAY_ANONYMOUS: "operator" }, model: undefined, multiModel };
  return { platform: "SageMaker", defaults: { ...open, SLIPWAY_PORT: port }, model: modelInside(sagemakerModel) };
}

function storage(uri: string | undefined): string | undefined {
  if (uri === undefined || uri === "") return undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(uri) && !uri.startsWith("file://")) {
    throw usageError("bad-argument", `AIP_STORAGE_URI is ${JSON.stringify(uri.slice(0, 200))}, and only a folder of this container can be read`, { hint: "Put the model into the image and name it: slipway serve model.slip." });
  }
  return modelInside(uri.replace(/^file:\/\//, ""));
}
