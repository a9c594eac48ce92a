// How language models (GGUF files) are run.

const guard = {
  name: { type: "text", required: true, help: "what it is called in answers that it causes" },
  on: { type: "choice", choices: ["prompt", "answer", "both"], default: "prompt", help: "what it judges" },
  maxCharacters: { type: "count", min: 1, max: 10_000_000, help: "more are too many" },
  words: { type: "texts", help: "words that may not come, in any case" },
  pattern: { type: "text", help: "a pattern in RE2's syntax that may not match, in any case; the time it takes grows with the text alone" },
  classifier: { type: "text", help: "a served model that gives texts a label, for prompts" },
  allow: { type: "texts", help: "labels of the classifier that may come" },
  message: { type: "text", help: "what who asked is told" },
} as const;

const settings = {
  context: { type: "count", flag: "context", min: 16, max: 4_194_304, value: "TOKENS", help: "of one conversation; by default what the model was trained for, at most 4096" },
  slots: { type: "count", flag: "slots", min: 1, max: 256, value: "N", help: "conversations at the same time, which share the engine's batches; 4 by default" },
  library: { type: "text", flag: "llama", value: "DIR", help: "the folder in which node-llama-cpp is installed, where it is not the one you start from" },
  guards: { type: "list", of: { type: "section", help: "", fields: guard as typeof guard }, help: "rules that prompts and answers of language models must keep" },
  gpu: { type: "flag", flag: "gpu", default: false, help: "compute language models on a graphics processor, where node-llama-cpp has a build for it" },
} as const;

export const LANGUAGE_SETTINGS: typeof settings = settings;
