// Cloud Run: https://cloud.google.com/run/docs/container-contract

import { defineContract, execForm, hasPlatform, type HttpContract } from "../contract.ts";
import { requestOf } from "../instances.ts";

export const cloudrun: HttpContract = defineContract({
  kind: "http", name: "cloudrun", port: 8081,
  env: { PORT: "8081", K_SERVICE: "model", K_REVISION: "model-00001", K_CONFIGURATION: "model" },
  health: { path: "/health/ready", startMs: 240_000, answerMs: 1000 }, also: ["/health/live"],
  predict: ({ signature }) => ({ path: "/predict", body: requestOf(signature) }),
  answerMs: 300_000, payloadBytes: 32 * 1024 * 1024, stopMs: 10_000, readOnly: false,
  image: (facts) => [execForm(facts), hasPlatform(facts, "linux/amd64")],
});
