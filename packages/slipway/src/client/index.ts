export { generateClient, type ClientModel } from "./generate-client.ts";
export { modelTypes, type ModelTypes } from "./model-types.ts";
export { serviceError, serviceModels, type ServiceOptions } from "./service-models.ts";
