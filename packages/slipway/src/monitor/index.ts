export { monitorError } from "./errors.ts";
export { Monitor, type MonitorOptions } from "./monitor.ts";
export { MonitorStore } from "./store.ts";
export { monitorProtocol } from "./protocol.ts";
export { judge, type JudgeOptions, type ModelState } from "./judge.ts";
export { modelView, overview, type Watched } from "./views.ts";
