export { DashboardFiles } from "./files.ts";
export { dashboardProtocol, type DashboardOptions } from "./protocol.ts";
export { SessionStore } from "./session-store.ts";
export type { OidcClient } from "./oidc.ts";
