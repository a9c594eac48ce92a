export { GATE_SETTINGS, type GateSettings } from "./gate-settings.ts";
export { MODEL_SETTINGS, type ModelSettings } from "./model-settings.ts";
export { type PipelineSettings, type StepSettings } from "./pipeline-settings.ts";
export { describeLeaf, readLeafText } from "./read-leaf.ts";
export { readSection, withDefaults } from "./read-value.ts";
export { resolveConfig, type ConfigSources, type ResolvedConfig } from "./resolve-config.ts";
export { SERVE_SETTINGS, type ServeSettings } from "./serve-settings.ts";
export { leavesOf, type Fields, type Leaf, type Settings, type Spec } from "./spec.ts";
