// Every protocol that the server speaks, in the order in which errors of shared addresses look for theirs.

import type { ServerContext } from "../context.ts";
import type { Protocol } from "../http/routing-table.ts";
import { adminModelsProtocol } from "./admin-models.ts";
import { azureProtocol } from "./azure.ts";
import { mlflowProtocol } from "./mlflow.ts";
import { oipProtocol } from "./oip-v2.ts";
import { slipwayProtocol } from "./predict.ts";
import { sagemakerProtocol } from "./sagemaker.ts";
import { serviceProtocol } from "./service.ts";
import { tfsProtocol } from "./tfs.ts";
import { vertexProtocol } from "./vertex.ts";

export const PROTOCOLS: readonly ((context: ServerContext) => Protocol)[] = [
  slipwayProtocol, serviceProtocol, oipProtocol, tfsProtocol, mlflowProtocol, sagemakerProtocol, vertexProtocol, azureProtocol, adminModelsProtocol,
];
