export type { RetrainList, ShownRetrain } from "./answers.ts";
export { decide } from "./decide.ts";
export { apiError } from "./errors.ts";
export { openRegistryService, type RegistryService, type RegistryServiceOptions } from "./open.ts";
export { registryProtocol } from "./protocol.ts";
export type { RegistryServices } from "./services.ts";
export { REPORT_MEDIA_TYPE } from "./gate-runs.ts";
