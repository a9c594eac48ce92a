import { defineErrors, type ErrorMaker } from "../../base/index.ts";

const table = {
  "unsupported-layer": { kind: "unsupported", doc: "A Keras layer or operation is known but cannot be compiled. The message names it and, where there is one, the alternative." },
  "keras-no-architecture": { kind: "invalid", doc: "The file holds weights only (model.save_weights), not the model. Save the whole model: model.save('model.keras')." },
} as const;

export const kerasError: ErrorMaker<typeof table> = defineErrors(table);
