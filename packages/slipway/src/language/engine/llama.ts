// What is used of node-llama-cpp 3, which is no dependency of Slipway's: where its owner keeps it, it is found.

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { languageError } from "../errors.ts";

export type Token = number & { readonly token?: never };
export interface GrammarState { readonly grammar?: never }
export interface EvaluateOptions {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly grammarEvaluationState?: GrammarState;
  readonly repeatPenalty?: { readonly punishTokens: () => Token[]; readonly penalty: number; readonly frequencyPenalty: number; readonly presencePenalty: number };
  readonly tokenBias?: unknown;
  readonly contextShift?: unknown;
  readonly yieldEogToken?: boolean;
}
export interface LlamaSequence {
  readonly tokenMeter: { getState(): { readonly usedOutputTokens: number } };
  readonly nextTokenIndex: number;
  adaptStateToTokens(tokens: Token[], allowShift?: boolean): Promise<void>;
  clearHistory(): Promise<void>;
  evaluateWithMetadata(tokens: Token[], metadata: { readonly probabilities?: boolean; readonly confidence?: boolean }, options: EvaluateOptions): AsyncGenerator<{ readonly token: Token; readonly probabilities?: Map<Token, number>; readonly confidence?: number }>;
}
export interface LlamaContext {
  readonly contextSize: number;
  getSequence(): LlamaSequence;
}
export type History = readonly (
  | { readonly type: "system" | "user"; readonly text: string }
  | { readonly type: "model"; readonly response: (string | { readonly type: "functionCall"; readonly name: string; readonly params: unknown; readonly result: unknown })[] })[];
export interface ContextText {
  tokenize(tokenizer: unknown): Token[];
}
export interface ChatWrapper {
  readonly wrapperName: string;
  generateContextState(options: { readonly chatHistory: History; readonly availableFunctions?: unknown; readonly documentFunctionParams?: boolean }): { readonly contextText: ContextText; readonly stopGenerationTriggers: readonly unknown[] };
}
export interface LlamaModel {
  readonly trainContextSize: number;
  readonly embeddingVectorSize: number;
  readonly tokenizer: unknown;
  readonly fileInfo: { readonly metadata: { readonly general?: { readonly name?: string; readonly architecture?: string } } };
  createContext(options: { readonly contextSize?: number | { readonly max: number }; readonly sequences: number; readonly threads?: number }): Promise<LlamaContext>;
  createEmbeddingContext(options?: { readonly threads?: number }): Promise<{ calculateInputLength(text: string): number; getEmbeddingFor(text: string): Promise<{ readonly vector: readonly number[] }> }>;
  tokenize(text: string, special?: boolean): Token[];
  detokenize(tokens: readonly Token[], special?: boolean, last?: readonly Token[]): string;
  isEogToken(token: Token): boolean;
}
export interface Llama {
  loadModel(options: { readonly modelPath: string; readonly gpuLayers?: number }): Promise<LlamaModel>;
  createGrammarForJsonSchema(schema: unknown): Promise<unknown>;
  getGrammarFor(name: "json"): Promise<unknown>;
}
/** Only for conversations in which the model decides whether it calls a function. */
export interface LlamaChat {
  generateResponse(history: History, options: {
    readonly functions: Readonly<Record<string, { readonly description?: string; readonly params?: unknown }>>;
    readonly maxParallelFunctionCalls?: number;
    readonly onTextChunk: (text: string) => void;
    readonly onFunctionCall: (call: { readonly functionName: string; readonly params: unknown }) => void;
    readonly maxTokens: number;
    readonly temperature: number;
    readonly topP: number;
    readonly topK?: number;
    readonly minP?: number;
    readonly seed?: number;
    readonly customStopTriggers: readonly string[];
    readonly signal: AbortSignal;
    readonly stopOnAbortSignal: true;
  }): Promise<{ readonly functionCalls?: readonly unknown[]; readonly metadata: { readonly stopReason: string } }>;
  dispose(options?: { readonly disposeSequence?: boolean }): void;
}
export interface LlamaLibrary {
  readonly LlamaChat: new (options: { readonly contextSequence: LlamaSequence; readonly chatWrapper: ChatWrapper; readonly autoDisposeSequence: false }) => LlamaChat;
  getLlama(options: { readonly gpu: "auto" | false; readonly build: "never"; readonly skipDownload: true; readonly progressLogs: false; readonly logLevel: "error" }): Promise<Llama>;
  resolveChatWrapper(model: LlamaModel): ChatWrapper;
  readonly LlamaGrammarEvaluationState: new (options: { readonly model: LlamaModel; readonly grammar: unknown }) => GrammarState;
  readonly LlamaText: (...values: unknown[]) => { tokenize(tokenizer: unknown): Token[] };
  readonly TokenBias: { for(model: LlamaModel): { set(token: Token, bias: { readonly logit: number } | "never"): unknown } };
}

/** In the folder that is named, the one that Slipway is started from, or beside Slipway. @throws SlipwayError llama-missing */
export function findLlama(folder?: string): string {
  const places = [folder === undefined ? undefined : resolve(folder), process.cwd()].filter((p) => p !== undefined).map((p) => createRequire(join(p, "package.json")));
  for (const require of [...places, createRequire(import.meta.url)]) {
    try {
      return pathToFileURL(require.resolve("node-llama-cpp")).href;
    } catch {
      continue;
    }
  }
  throw languageError("llama-missing", "a GGUF file is a language model, and node-llama-cpp, which runs it, is not installed", { hint: "npm install node-llama-cpp, in the folder that you start Slipway from; or name the folder that has it with --llama." });
}

export async function loadLlama(library: string): Promise<LlamaLibrary> {
  return (await import(library)) as LlamaLibrary;
}
