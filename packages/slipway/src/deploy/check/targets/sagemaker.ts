// Amazon SageMaker, real-time: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html

import { defineContract, execForm, singleManifest, sizeBelow, type HttpContract } from "../contract.ts";
import { instancesOf } from "../instances.ts";

export const sagemaker: HttpContract = defineContract({
  kind: "http", name: "sagemaker", port: 8080, args: ["serve"],
  env: { AWS_REGION: "eu-west-1", AWS_DEFAULT_REGION: "eu-west-1", SAGEMAKER_CONTAINER_LOG_LEVEL: "20" },
  // Made though no model data was given.
  folder: { path: "/opt/ml/model", filled: false },
  health: { path: "/ping", startMs: 240_000, answerMs: 2000 }, also: ["/execution-parameters"],
  predict: ({ signature }) => ({ path: "/invocations", body: { instances: instancesOf(signature) } }),
  answerMs: 60_000, payloadBytes: 6 * 1024 * 1024, acceptMs: 250, stopMs: 30_000, readOnly: false,
  image: (facts) => [singleManifest(facts), execForm(facts), sizeBelow(facts, 10)],
});
