export { createServer, type App } from "./app.ts";
export { startServer, type RunningServer, type StartOptions } from "./start.ts";
export { serverError } from "./errors.ts";
export { createLog } from "./telemetry/log.ts";
export type { LogOptions, ServerOptions } from "./context.ts";
