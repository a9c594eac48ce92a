export { generateClient, type ClientModel } from "./generate-client.ts";
export { serviceError, serviceModels, type ServiceOptions } from "./service-models.ts";
