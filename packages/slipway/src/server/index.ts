export { App, createServer, type Layer } from "./app.ts";
export { fetchHandler } from "./http/fetch-host.ts";
export { startServer, type RunningServer, type StartOptions } from "./start.ts";
export type { TlsOptions } from "./tls/files.ts";
export { serverError } from "./errors.ts";
export { createLog } from "./telemetry/log.ts";
export type { LogOptions, ServerOptions } from "./context.ts";
export { authError, isRole, makeKey, readKeyFile, ROLE_NAMES, writeKeyFile, type AuthOptions, type KeyRecord, type LimitOptions, type Role } from "./auth/index.ts";
