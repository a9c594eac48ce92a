export { LanguageModel, type AnswerTimes } from "./engine/language-model.ts";
export type { LanguageInfo, LanguageOptions } from "./engine/messages.ts";
export { Guards, type GuardRule } from "./guards.ts";
export { openAiProtocol } from "./openai/protocol.ts";
export { languageFamilies } from "./metrics.ts";
export { isGguf, lookThrough } from "./gguf.ts";
export { languageError } from "./errors.ts";
