// The process of one language model: holds it, writes answers to several conversations at the same time (llama.cpp computes
// the next tokens of all of them in one batch), and tells them token by token.

import { randomUUID } from "node:crypto";
import { callSchema, historyOf, withToolsInWords } from "./conversation.ts";
import { loadLlama, type ChatWrapper, type Llama, type LlamaContext, type LlamaLibrary, type LlamaModel, type LlamaSequence, type Token } from "./llama.ts";
import type { FromLanguage, GenerateRequest, LanguageOptions, ToLanguage } from "./messages.ts";
import { writeAnswer } from "./write-answer.ts";

const DEFAULT_CONTEXT = 4096;
const DEFAULT_SLOTS = 4;

interface Opened {
  readonly library: LlamaLibrary;
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly wrapper: ChatWrapper;
  readonly free: LlamaSequence[];
  readonly threads: number | undefined;
}
let opened: Opened | undefined;
let embedding: Awaited<ReturnType<LlamaModel["createEmbeddingContext"]>> | undefined;
const cancelled = new Map<number, AbortController>();

const send = (message: FromLanguage): void => void process.send?.(message);
class Refusal extends Error {
  readonly code: Extract<FromLanguage, { kind: "failed" }>["code"];
  constructor(code: Refusal["code"], message: string) {
    super(message);
    this.code = code;
  }
}

async function open(path: string, { context: wanted, slots = DEFAULT_SLOTS, threads, gpu }: LanguageOptions, libraryAt: string): Promise<void> {
  const library = await loadLlama(libraryAt);
  const llama = await library.getLlama({ gpu: gpu === true ? "auto" : false, build: "never", skipDownload: true, progressLogs: false, logLevel: "error" });
  const model = await llama.loadModel({ modelPath: path, ...(gpu === true ? {} : { gpuLayers: 0 }) });
  const context = await model.createContext({ contextSize: wanted ?? Math.min(DEFAULT_CONTEXT, model.trainContextSize), sequences: slots, ...(threads === undefined ? {} : { threads }) });
  const wrapper = library.resolveChatWrapper(model);
  opened = { library, llama, model, context, wrapper, free: Array.from({ length: slots }, () => context.getSequence()), threads };
  const { name, architecture } = model.fileInfo.metadata.general ?? {};
  send({ kind: "opened", info: { name, architecture: architecture ?? "?", contextSize: context.contextSize, trainedContext: model.trainContextSize, embeddingLength: model.embeddingVectorSize, slots, template: wrapper.wrapperName } });
}

async function generate(id: number, request: GenerateRequest, { library, llama, model, context, wrapper, free }: Opened): Promise<void> {
  const abort = new AbortController();
  cancelled.set(id, abort);
  const sequence = free.pop();
  if (sequence === undefined) throw new Refusal("language-failed", "no slot is free");
  try {
    const { sampling, tools, toolChoice } = request;
    const offered = toolChoice === "none" ? [] : typeof toolChoice === "object" ? tools.filter((t) => t.name === toolChoice.name) : tools;
    const must = offered.length > 0 && toolChoice !== "auto";
    const decides = offered.length > 0 && !must;
    const prompt = promptOf(request, must, decides);
    // llama.cpp shifts a full context and goes on with a part of the conversation; a caller is told instead.
    const left = context.contextSize - prompt.tokens.length - 1;
    if (left < 1 || (sampling.maxTokens !== undefined && sampling.maxTokens > left)) {
      throw new Refusal("context-length", `the prompt has ${prompt.tokens.length} tokens${sampling.maxTokens === undefined ? "" : ` and ${sampling.maxTokens} are to be written`}; the model's context holds ${context.contextSize}`);
    }
    send({ kind: "begun", id, promptTokens: prompt.tokens.length });
    const room = sampling.maxTokens ?? left;
    if (decides) {
      await converse(id, request, offered, room, prompt, sequence, abort.signal);
      return;
    }
    const schema = must ? callSchema(offered) : request.schema;
    const grammar = schema === undefined ? undefined : await grammarOf(llama, schema);
    let text = "";
    const written = await writeAnswer({
      library, model, sequence, prompt: prompt.tokens, sampling, room, grammar, stops: must ? [] : [...prompt.stops, ...sampling.stop], cancelled: () => abort.signal.aborted,
      write: (piece, tokens) => {
        if (must) text += piece;
        else send({ kind: "text", id, text: piece, ...(sampling.logprobs === undefined ? {} : { tokens }) });
      },
    });
    if (must) tellCall(id, text, written.finish === "stop");
    send({ kind: "done", id, finish: must && written.finish === "stop" ? "tool_calls" : written.finish, usage: { promptTokens: prompt.tokens.length, completionTokens: written.tokens, cachedTokens: written.cached } });
  } finally {
    free.push(sequence);
    cancelled.delete(id);
  }

  function promptOf({ prompt }: GenerateRequest, must: boolean, decides: boolean): { readonly tokens: readonly Token[]; readonly stops: readonly string[] } {
    if (prompt.kind === "text") return { tokens: [...beginning(model), ...model.tokenize(prompt.text, true)], stops: [] };
    const messages = must ? withToolsInWords(request, prompt.messages) : prompt.messages;
    const state = wrapper.generateContextState({ chatHistory: historyOf(messages), ...(decides ? { availableFunctions: functionsOf(request.tools), documentFunctionParams: true } : {}) });
    return { tokens: state.contextText.tokenize(model.tokenizer), stops: state.stopGenerationTriggers.flatMap((t) => textsOf(t, model)) };
  }
}

/** The model decides between words and calls. */
async function converse(id: number, { prompt, sampling, parallelTools }: GenerateRequest, tools: GenerateRequest["tools"], room: number, counted: { readonly tokens: readonly Token[] }, sequence: LlamaSequence, signal: AbortSignal): Promise<void> {
  const { library, wrapper } = opened!;
  const chat = new library.LlamaChat({ contextSequence: sequence, chatWrapper: wrapper, autoDisposeSequence: false });
  const before = sequence.tokenMeter.getState().usedOutputTokens;
  const { temperature, topP, topK, minP, seed, stop } = sampling;
  let calls = 0;
  try {
    const { metadata } = await chat.generateResponse(historyOf(prompt.kind === "chat" ? prompt.messages : []), {
      functions: functionsOf(tools), maxTokens: room, temperature, topP, ...(topK === undefined ? {} : { topK }), ...(minP === undefined ? {} : { minP }), ...(seed === undefined ? {} : { seed }),
      ...(parallelTools ? {} : { maxParallelFunctionCalls: 1 }), customStopTriggers: stop, signal, stopOnAbortSignal: true,
      onTextChunk: (text) => send({ kind: "text", id, text }),
      onFunctionCall: ({ functionName, params }) => {
        calls++;
        send({ kind: "call", id, call: { id: `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`, name: functionName, arguments: JSON.stringify(params ?? {}) } });
      },
    });
    const tokens = sequence.tokenMeter.getState().usedOutputTokens - before;
    send({ kind: "done", id, finish: calls > 0 ? "tool_calls" : metadata.stopReason === "maxTokens" ? "length" : "stop", usage: { promptTokens: counted.tokens.length, completionTokens: tokens, cachedTokens: 0 } });
  } finally {
    chat.dispose({ disposeSequence: false });
  }
}

function tellCall(id: number, text: string, whole: boolean): void {
  let call: { readonly name?: unknown; readonly arguments?: unknown } = {};
  try {
    call = JSON.parse(text) as typeof call;
  } catch {
    if (whole) throw new Refusal("language-failed", "the call that the model wrote is no JSON");
    // Cut off by its length: told as far as it came, as its callers know it.
    const name = /"name"\s*:\s*"([^"]*)"/.exec(text)?.[1];
    const rest = /"arguments"\s*:\s*([^]*)$/.exec(text)?.[1] ?? "";
    call = { name: name ?? "", arguments: rest };
  }
  send({ kind: "call", id, call: { id: `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`, name: String(call.name), arguments: typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments) } });
}

function functionsOf(tools: GenerateRequest["tools"]): Record<string, { description?: string; params?: unknown }> {
  return Object.fromEntries(tools.map(({ name, description, parameters }) => [name, { ...(description === undefined ? {} : { description }), ...(parameters === undefined ? {} : { params: parameters }) }]));
}

async function grammarOf(llama: Llama, schema: Readonly<Record<string, unknown>>): Promise<unknown> {
  try {
    return Object.keys(schema).length === 0 ? await llama.getGrammarFor("json") : await llama.createGrammarForJsonSchema(schema);
  } catch (error) {
    throw new Refusal("language-request", `the JSON schema cannot be made a grammar: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The token that begins a text, where the model was trained with one. */
function beginning(model: LlamaModel): Token[] {
  const { bos, shouldPrependBosToken } = (model as unknown as { readonly tokens: { readonly bos: Token | null; readonly shouldPrependBosToken: boolean } }).tokens;
  return bos !== null && shouldPrependBosToken ? [bos] : [];
}

/** Of a text with special tokens only what is plain text: the tokens end an answer by themselves. */
function textsOf(trigger: unknown, model: LlamaModel): string[] {
  const tokens = (trigger as { tokenize(tokenizer: unknown): Token[] }).tokenize(model.tokenizer);
  if (tokens.length === 0 || tokens.some((t) => model.isEogToken(t))) return [];
  const text = model.detokenize(tokens, true);
  return text.trim() === "" ? [] : [text];
}

async function embed(id: number, texts: readonly string[], { model, threads }: Opened): Promise<void> {
  embedding ??= await model.createEmbeddingContext(threads === undefined ? {} : { threads });
  const vectors: (readonly number[])[] = [];
  let tokens = 0;
  for (const text of texts) {
    if (cancelled.get(id)?.signal.aborted === true) return;
    const length = embedding.calculateInputLength(text);
    if (length > model.trainContextSize) throw new Refusal("context-length", `a text has ${length} tokens; the model takes ${model.trainContextSize}`);
    tokens += length;
    vectors.push((await embedding.getEmbeddingFor(text)).vector);
  }
  send({ kind: "embedded", id, vectors, tokens });
}

async function take(message: ToLanguage): Promise<void> {
  if (message.kind === "cancel") cancelled.get(message.id)?.abort();
  else if (message.kind === "open") await open(message.path, message.options, message.library).catch((error: unknown) => send({ kind: "refused", message: textOf(error) }));
  else {
    const work = message.kind === "generate" ? generate(message.id, message.request, opened!) : embed(message.id, message.texts, opened!);
    await work.catch((error: unknown) => send({ kind: "failed", id: message.id, code: error instanceof Refusal ? error.code : "language-failed", message: textOf(error) }));
  }
}
function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 1000);
}

process.on("message", (message: ToLanguage) => void take(message));
// The server has gone, whatever took it.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group: the server drains and then ends its processes.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
