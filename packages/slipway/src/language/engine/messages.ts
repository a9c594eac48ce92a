// What the server and the process of a language model say to each other.

export interface LanguageOptions {
  /** Tokens of one conversation; by default what the model was trained for, at most 4096. */
  readonly context?: number | undefined;
  /** Conversations at the same time; they share the engine's batches. */
  readonly slots?: number | undefined;
  readonly threads?: number | undefined;
  readonly gpu?: boolean | undefined;
}

export interface ToolSpec {
  readonly name: string;
  readonly description?: string | undefined;
  /** A JSON schema of an object. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
}
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}
export type Message =
  | { readonly role: "system" | "user"; readonly content: string }
  | { readonly role: "assistant"; readonly content: string; readonly toolCalls: readonly ToolCall[] }
  | { readonly role: "tool"; readonly content: string; readonly callId: string };

export interface Sampling {
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number | undefined;
  readonly minP: number | undefined;
  readonly seed: number | undefined;
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
  /** By token id; -100 forbids. */
  readonly logitBias: Readonly<Record<string, number>>;
  /** How many of the likeliest tokens to tell at each step; undefined: none, and not the token's own. */
  readonly logprobs: number | undefined;
}
export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

export interface GenerateRequest {
  readonly prompt: { readonly kind: "chat"; readonly messages: readonly Message[] } | { readonly kind: "text"; readonly text: string };
  readonly tools: readonly ToolSpec[];
  readonly toolChoice: ToolChoice;
  readonly parallelTools: boolean;
  /** The answer is JSON of this schema; `{}` is any object. */
  readonly schema: Readonly<Record<string, unknown>> | undefined;
  readonly sampling: Sampling;
}

export interface TokenInfo {
  readonly token: string;
  readonly logprob: number;
  readonly top: readonly { readonly token: string; readonly logprob: number }[];
}
export type Finish = "stop" | "length" | "tool_calls" | "content_filter";
export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Of the prompt, what was there from the conversation before. */
  readonly cachedTokens: number;
}
export interface LanguageInfo {
  readonly name: string | undefined;
  readonly architecture: string;
  readonly contextSize: number;
  readonly trainedContext: number;
  readonly embeddingLength: number;
  readonly slots: number;
  /** How conversations are written for it. */
  readonly template: string;
}

export type ToLanguage =
  | { readonly kind: "open"; readonly path: string; readonly options: LanguageOptions; readonly library: string }
  | { readonly kind: "generate"; readonly id: number; readonly request: GenerateRequest }
  | { readonly kind: "embed"; readonly id: number; readonly texts: readonly string[] }
  | { readonly kind: "cancel"; readonly id: number };
export type FromLanguage =
  | { readonly kind: "opened"; readonly info: LanguageInfo }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "begun"; readonly id: number; readonly promptTokens: number }
  | { readonly kind: "text"; readonly id: number; readonly text: string; readonly tokens?: readonly TokenInfo[] }
  | { readonly kind: "call"; readonly id: number; readonly call: ToolCall }
  | { readonly kind: "done"; readonly id: number; readonly finish: Finish; readonly usage: Usage }
  | { readonly kind: "embedded"; readonly id: number; readonly vectors: readonly (readonly number[])[]; readonly tokens: number }
  | { readonly kind: "failed"; readonly id: number; readonly code: "context-length" | "language-failed" | "language-unsupported" | "language-request"; readonly message: string };
