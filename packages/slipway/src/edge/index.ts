export { makeRelease, type DeviceSettings, type MadeRelease } from "./device.ts";
export { makeEdge, type MadeEdge } from "./make-edge.ts";
export { writeFolder } from "./write-folder.ts";
export { TARGETS, type Target } from "./plan.ts";
export { replayInBrowser, replayInNode, type Replayed, type ReplayRow } from "./replay.ts";
