// Azure Machine Learning, managed online endpoints with a container of one's own:
// https://learn.microsoft.com/azure/machine-learning/how-to-deploy-custom-container

import { defineContract, execForm, hasPlatform, type HttpContract } from "../contract.ts";
import { requestOf } from "../instances.ts";

const MODEL = "/var/azureml-app/azureml-models/model/1";

export const azureml: HttpContract = defineContract({
  kind: "http", name: "azureml", port: 5001,
  env: { AZUREML_MODEL_DIR: MODEL, SCORING_TIMEOUT_MS: "5000" },
  folder: { path: MODEL, filled: true },
  health: { path: "/", startMs: 300_000, answerMs: 2000 }, also: ["/health/live", "/health/ready"],
  predict: ({ signature }) => ({ path: "/score", body: signature.layout === "tensors" ? requestOf(signature) : { data: requestOf(signature) } }),
  answerMs: 5000, payloadBytes: 1024 * 1024, stopMs: 30_000, readOnly: false,
  image: (facts) => [execForm(facts), hasPlatform(facts, "linux/amd64")],
});
