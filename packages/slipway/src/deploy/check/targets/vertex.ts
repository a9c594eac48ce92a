// Vertex AI, custom containers: https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements

import { defineContract, execForm, hasPlatform, type HttpContract } from "../contract.ts";
import { instancesOf } from "../instances.ts";

export const vertex: HttpContract = defineContract({
  kind: "http", name: "vertex", port: 7080,
  env: { AIP_HTTP_PORT: "7080", AIP_HEALTH_ROUTE: "/v1/endpoints/1/deployedModels/2", AIP_PREDICT_ROUTE: "/v1/endpoints/1/deployedModels/2:predict", AIP_STORAGE_URI: "", AIP_MODE: "PREDICTION", AIP_ENDPOINT_ID: "1", AIP_DEPLOYED_MODEL_ID: "2", AIP_FRAMEWORK: "CUSTOM_CONTAINER" },
  health: { path: "/v1/endpoints/1/deployedModels/2", startMs: 40_000, answerMs: 10_000 }, also: [],
  predict: ({ signature }) => ({ path: "/v1/endpoints/1/deployedModels/2:predict", body: { instances: instancesOf(signature) } }),
  answerMs: 60_000, payloadBytes: 1_500_000, stopMs: 10_000, readOnly: false,
  image: (facts) => [execForm(facts), hasPlatform(facts, "linux/amd64")],
});
