// AWS Lambda, container images: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html

import { defineContract, execForm, singleManifest, sizeBelow, type LambdaContract } from "../contract.ts";

export const lambda: LambdaContract = defineContract({
  kind: "lambda", name: "lambda",
  env: { AWS_REGION: "eu-west-1", AWS_LAMBDA_FUNCTION_NAME: "model", AWS_LAMBDA_FUNCTION_VERSION: "$LATEST", AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512", LAMBDA_TASK_ROOT: "/var/task", TZ: ":UTC" },
  initMs: 10_000, answerMs: 3000, payloadBytes: 6 * 1024 * 1024,
  image: (facts) => [singleManifest(facts), execForm(facts), sizeBelow(facts, 10)],
});
