// Clouds that packages are deployed to: one function each, from options to a plan.

import { lambdaPlan } from "./aws/lambda.ts";
import { sagemakerPlan } from "./aws/sagemaker.ts";
import { containerAppPlan } from "./azure/container-app.ts";
import { onlineEndpointPlan } from "./azure/online-endpoint.ts";
import { cloudRunPlan } from "./google/cloud-run.ts";
import { vertexPlan } from "./google/vertex.ts";
import type { CloudOptions, CloudPlan } from "./plan.ts";

export const CLOUDS: Readonly<Record<string, (options: CloudOptions) => CloudPlan>> = {
  sagemaker: sagemakerPlan, lambda: lambdaPlan, cloudrun: cloudRunPlan, vertex: vertexPlan, azureml: onlineEndpointPlan, containerapps: containerAppPlan,
};
export { carryOut, statusOf, type CarryOutOptions } from "./carry-out.ts";
export { cloudError } from "./errors.ts";
export type { CloudOptions, CloudPlan, CloudRequest, CloudStatus, Step } from "./plan.ts";
