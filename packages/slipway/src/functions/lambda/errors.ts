import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "lambda-runtime": { kind: "unavailable", doc: "Lambda's runtime interface (AWS_LAMBDA_RUNTIME_API) does not answer, or not as its description says. Outside Lambda leave that variable unset." },
  "lambda-event": { kind: "invalid", doc: "The event that Lambda was invoked with is neither a request of API Gateway, a function URL or a load balancer, nor what `POST /predict` takes." },
  "lambda-answer-too-large": { kind: "limit", doc: "The answer is larger than the 6 MB that Lambda hands back. Ask for fewer rows at a time." },
} as const;

export const lambdaError: ErrorMaker<typeof table> = defineErrors(table);
