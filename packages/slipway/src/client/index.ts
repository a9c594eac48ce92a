export { generateClient, type ClientModel } from "./generate-client.ts";
export { serviceModels, type ServiceOptions } from "./service-models.ts";
