// How language models (GGUF files) are run.

const settings = {
  context: { type: "count", flag: "context", min: 16, max: 4_194_304, value: "TOKENS", help: "of one conversation; by default what the model was trained for, at most 4096" },
  slots: { type: "count", flag: "slots", min: 1, max: 256, value: "N", help: "conversations at the same time, which share the engine's batches; 4 by default" },
  library: { type: "text", flag: "llama", value: "DIR", help: "the folder in which node-llama-cpp is installed, where it is not the one you start from" },
  gpu: { type: "flag", flag: "gpu", default: false, help: "compute language models on a graphics processor, where node-llama-cpp has a build for it" },
} as const;

export const LANGUAGE_SETTINGS: typeof settings = settings;
