// POST /v1/chat/completions: one JSON object, or a stream of server-sent events that ends with [DONE].

import type { Answer, Call, ServerContext } from "../../server/index.ts";
import { jsonAnswer } from "../../server/index.ts";
import type { LanguageModel, Piece } from "../engine/language-model.ts";
import type { Finish, TokenInfo, ToolCall, Usage } from "../engine/messages.ts";
import type { Guards } from "../guards.ts";
import { readChat, type ChatRequest } from "./chat-request.ts";
import { begun, DONE, event, EVENT_STREAM } from "./events.ts";
import { sum, usageJson } from "./usage.ts";

export async function chat(call: Call, body: unknown, find: (name: string) => LanguageModel, context: ServerContext, guards: Guards): Promise<Answer> {
  const request = readChat(body);
  const model = find(request.model);
  const { prompt } = request.generate;
  await guards.prompt(call, context, model.name, prompt.kind === "chat" ? prompt.messages.filter((m) => m.role !== "assistant").map((m) => m.content) : [prompt.text]);
  const created = Math.floor(Date.now() / 1000);
  const head = { id: `chatcmpl-${call.id}`, created, model: model.name };
  if (request.stream) return { headers: EVENT_STREAM, body: await begun(stream(call, request, model, head, guards, context)) };
  const choices: object[] = [];
  const usages: Usage[] = [];
  for (let index = 0; index < request.choices; index++) {
    const { text, calls, tokens, finish, usage } = await whole(guards.answer(context, model.name, model.generate(asked(request, index), call)));
    usages.push(usage);
    choices.push({
      index, message: { role: "assistant", content: calls.length > 0 && text === "" ? null : text, refusal: null, ...(calls.length === 0 ? {} : { tool_calls: calls.map(callJson) }) },
      logprobs: tokens === undefined ? null : { content: tokens.map(tokenJson), refusal: null }, finish_reason: finish,
    });
  }
  return jsonAnswer({ ...head, object: "chat.completion", choices, usage: usageJson(sum(usages)), system_fingerprint: null });
}

/** Further answers to the same question are others, also where a seed is given. */
function asked({ generate }: ChatRequest, index: number): ChatRequest["generate"] {
  const { seed } = generate.sampling;
  return index === 0 || seed === undefined ? generate : { ...generate, sampling: { ...generate.sampling, seed: (seed + index) >>> 0 } };
}

async function* stream(call: Call, request: ChatRequest, model: LanguageModel, head: object, guards: Guards, context: ServerContext): AsyncGenerator<string> {
  const chunk = (choices: readonly object[], usage?: Usage | null): string =>
    event({ ...head, object: "chat.completion.chunk", choices, ...(usage === undefined ? {} : { usage: usage === null ? null : usageJson(usage) }), system_fingerprint: null });
  // Where the usage is asked for, every event has the field.
  const none = request.usage ? null : undefined;
  const usages: Usage[] = [];
  for (let index = 0; index < request.choices; index++) {
    let calls = 0;
    let first = true;
    for await (const piece of guards.answer(context, model.name, model.generate(asked(request, index), call))) {
      if (first) yield chunk([{ index, delta: { role: "assistant", content: "", refusal: null }, logprobs: null, finish_reason: null }], none);
      first = false;
      if (piece.kind === "text") yield chunk([{ index, delta: { content: piece.text }, logprobs: piece.tokens === undefined ? null : { content: piece.tokens.map(tokenJson), refusal: null }, finish_reason: null }], none);
      else if (piece.kind === "call") yield chunk([{ index, delta: { tool_calls: [{ index: calls++, ...callJson(piece.call) }] }, logprobs: null, finish_reason: null }], none);
      else {
        usages.push(piece.usage);
        yield chunk([{ index, delta: {}, logprobs: null, finish_reason: piece.finish }], none);
      }
    }
  }
  if (request.usage) yield chunk([], sum(usages));
  yield DONE;
}

async function whole(pieces: AsyncIterable<Piece>): Promise<{ readonly text: string; readonly calls: readonly ToolCall[]; readonly tokens: readonly TokenInfo[] | undefined; readonly finish: Finish; readonly usage: Usage }> {
  let text = "";
  const calls: ToolCall[] = [];
  let tokens: TokenInfo[] | undefined;
  for await (const piece of pieces) {
    if (piece.kind === "text") {
      text += piece.text;
      if (piece.tokens !== undefined) (tokens ??= []).push(...piece.tokens);
    } else if (piece.kind === "call") calls.push(piece.call);
    else return { text, calls, tokens, finish: piece.finish, usage: piece.usage };
  }
  throw new Error("an answer ended without saying so");
}

function callJson({ id, name, arguments: given }: ToolCall): object {
  return { id, type: "function", function: { name, arguments: given } };
}
function tokenJson({ token, logprob, top }: TokenInfo): object {
  const one = (t: string, value: number): object => ({ token: t, logprob: finite(value), bytes: [...Buffer.from(t)] });
  return { ...one(token, logprob), top_logprobs: top.map((t) => one(t.token, t.logprob)) };
}
/** JSON has no infinity; OpenAI writes this for what is out of reach. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : -9999;
}
