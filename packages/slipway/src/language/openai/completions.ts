// POST /v1/completions: a text is gone on with.

import { jsonAnswer, type Answer, type Call, type ServerContext } from "../../server/index.ts";
import type { LanguageModel } from "../engine/language-model.ts";
import type { GenerateRequest, TokenInfo, Usage } from "../engine/messages.ts";
import type { Guards } from "../guards.ts";
import { begun, DONE, event, EVENT_STREAM } from "./events.ts";
import { Fields, unsupported, wrong } from "./fields.ts";
import { readChoices, readCount, readSampling } from "./sampling.ts";
import { sum, usageJson } from "./usage.ts";

const MAX_PROMPTS = 128;
/** What OpenAI's interface writes where nothing is said. */
const USUAL_TOKENS = 16;

interface CompletionRequest {
  readonly model: string;
  readonly prompts: readonly string[];
  readonly stream: boolean;
  readonly usage: boolean;
  readonly echo: boolean;
  readonly choices: number;
  readonly sampling: GenerateRequest["sampling"];
}

function readCompletion(body: unknown): CompletionRequest {
  const fields = new Fields(body);
  const prompt = fields.raw("prompt");
  const prompts = typeof prompt === "string" ? [prompt] : fields.list("prompt", MAX_PROMPTS).map((p) => {
    if (typeof p === "number" || Array.isArray(p)) throw unsupported("prompt", "a prompt is a text, not tokens");
    if (typeof p !== "string") throw wrong("prompt", "a text, or a list of them", p);
    return p;
  });
  if (prompts.length === 0) throw wrong("prompt", "at least one", []);
  if (fields.optionalText("suffix") !== undefined) throw unsupported("suffix", "nothing is written in between");
  const stream = fields.flag("stream", false);
  const options = fields.raw("stream_options");
  return {
    model: fields.text("model"), prompts, stream, usage: stream && options !== undefined && new Fields(options, "stream_options.").flag("include_usage", false),
    echo: fields.flag("echo", false), choices: readChoices(fields), sampling: readSampling(fields, readCount(fields, "max_tokens") ?? USUAL_TOKENS, fields.count("logprobs", 0, 20)),
  };
}

export async function completions(call: Call, body: unknown, find: (name: string) => LanguageModel, context: ServerContext, guards: Guards): Promise<Answer> {
  const request = readCompletion(body);
  const model = find(request.model);
  await guards.prompt(call, context, model.name, request.prompts);
  const head = { id: `cmpl-${call.id}`, object: "text_completion", created: Math.floor(Date.now() / 1000), model: model.name };
  const jobs = request.prompts.flatMap((prompt) => Array.from({ length: request.choices }, (_, i) => ({ prompt, i })));
  const ask = ({ prompt, i }: (typeof jobs)[number]): ReturnType<Guards["answer"]> => {
    const { seed } = request.sampling;
    const sampling = i === 0 || seed === undefined ? request.sampling : { ...request.sampling, seed: (seed + i) >>> 0 };
    return guards.answer(context, model.name, model.generate({ prompt: { kind: "text", text: prompt }, tools: [], toolChoice: "none", parallelTools: false, schema: undefined, sampling }, call));
  };
  if (request.stream) {
    return { headers: EVENT_STREAM, body: await begun((async function* () {
      const usages: Usage[] = [];
      for (const [index, job] of jobs.entries()) {
        if (request.echo) yield event({ ...head, choices: [{ index, text: job.prompt, logprobs: null, finish_reason: null }] });
        for await (const piece of ask(job)) {
          if (piece.kind === "text") yield event({ ...head, choices: [{ index, text: piece.text, logprobs: piece.tokens === undefined ? null : logprobsJson(piece.tokens), finish_reason: null }] });
          else if (piece.kind === "done") {
            usages.push(piece.usage);
            yield event({ ...head, choices: [{ index, text: "", logprobs: null, finish_reason: piece.finish }] });
          }
        }
      }
      if (request.usage) yield event({ ...head, choices: [], usage: usageJson(whole(usages, request.choices)) });
      yield DONE;
    })()) };
  }
  const choices: object[] = [];
  const usages: Usage[] = [];
  for (const [index, job] of jobs.entries()) {
    let text = request.echo ? job.prompt : "";
    const tokens: TokenInfo[] = [];
    for await (const piece of ask(job)) {
      if (piece.kind === "text") {
        text += piece.text;
        tokens.push(...(piece.tokens ?? []));
      } else if (piece.kind === "done") {
        usages.push(piece.usage);
        choices.push({ index, text, logprobs: request.sampling.logprobs === undefined ? null : logprobsJson(tokens), finish_reason: piece.finish });
      }
    }
  }
  return jsonAnswer({ ...head, choices, usage: usageJson(whole(usages, request.choices)) });
}

/** Each prompt counts once, whatever the number of its answers. */
function whole(usages: readonly Usage[], choices: number): Usage {
  const first = usages.filter((_, i) => i % choices === 0);
  return { ...sum(usages), promptTokens: first.reduce((n, u) => n + u.promptTokens, 0), cachedTokens: first.reduce((n, u) => n + u.cachedTokens, 0) };
}

function logprobsJson(tokens: readonly TokenInfo[]): object {
  let at = 0;
  const finite = (x: number): number => (Number.isFinite(x) ? x : -9999);
  return {
    tokens: tokens.map((t) => t.token), token_logprobs: tokens.map((t) => finite(t.logprob)), top_logprobs: tokens.map((t) => Object.fromEntries(t.top.map((o) => [o.token, finite(o.logprob)]))),
    text_offset: tokens.map((t) => (at += t.token.length) - t.token.length),
  };
}
