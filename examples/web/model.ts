// What the examples beside this file have in common: one model, as a handler for a web framework.

import { fileURLToPath } from "node:url";
import { createHandler, loadModel, type Handler } from "slipway";

export async function churnHandler(prefix?: string): Promise<Handler> {
  const model = await loadModel(fileURLToPath(new URL("../churn/churn.joblib", import.meta.url)));
  return createHandler(prefix === undefined ? model : { models: model, prefix });
}
