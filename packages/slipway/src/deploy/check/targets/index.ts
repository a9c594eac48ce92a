import type { Contract } from "../contract.ts";
import { azureml } from "./azureml.ts";
import { cloudrun } from "./cloudrun.ts";
import { knative } from "./knative.ts";
import { kserve, kubernetes } from "./kubernetes.ts";
import { lambda } from "./lambda.ts";
import { sagemaker } from "./sagemaker.ts";
import { vertex } from "./vertex.ts";

export const CONTRACTS: readonly Contract[] = [sagemaker, lambda, vertex, azureml, cloudrun, knative, kserve, kubernetes];
