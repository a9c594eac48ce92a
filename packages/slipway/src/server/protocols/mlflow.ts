// MLflow's scoring server (mlflow/pyfunc/scoring_server/__init__.py of 3.18): /ping, /health, /version, /invocations.
// Predictions of one output are a list of values, of several a list of objects, as a pandas frame is written there;
// {"params": {"outputs": ["label"]}} chooses.

import type { SlipwayError } from "@slipway/core/base";
import type { ServerContext } from "../context.ts";
import { statusOf } from "../errors.ts";
import { jsonAnswer, textAnswer, type Answer } from "../http/call.ts";
import type { Protocol } from "../http/routing-table.ts";
import { errorText } from "./shared/error-text.ts";
import { invoke } from "./shared/invoke.ts";

const CODES: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "RESOURCE_DOES_NOT_EXIST", 409: "RESOURCE_CONFLICT", 429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL_ERROR", 501: "NOT_IMPLEMENTED", 503: "TEMPORARILY_UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
};

export function mlflowProtocol(context: ServerContext): Protocol {
  const alive = (): Answer => textAnswer("\n", context.ready ? 200 : 503);
  return {
    name: "mlflow",
    prefixes: ["/invocations"],
    error: mlflowError,
    routes: [
      { method: "GET", path: "/ping", action: "open", handle: alive },
      { method: "GET", path: "/health", action: "open", handle: alive },
      // The version of MLflow whose interface this is: its client compares major numbers.
      { method: "GET", path: "/version", action: "open", handle: () => textAnswer("3.18.0") },
      { method: "POST", path: "/invocations", action: "predict", handle: async (call) => invoke(context, await context.models.select(call, {}), call, { headless: false }) },
    ],
  };
}

export function mlflowError(error: SlipwayError): Answer {
  const status = statusOf(error);
  return jsonAnswer({ error_code: CODES[status] ?? "BAD_REQUEST", message: errorText(error) }, status);
}
