// Metrics of language models: time to the first token, tokens a second, who waits.

import { family, Histogram, LATENCY_BOUNDS, type Family } from "../server/index.ts";
import type { LanguageModel } from "./engine/language-model.ts";

interface Counted {
  readonly first: Histogram;
  readonly perToken: Histogram;
  readonly queue: Histogram;
  prompt: number;
  completion: number;
  answers: number;
}

/** For `families` of the server's options; watches the models from now on. */
export function languageFamilies(models: readonly LanguageModel[]): () => readonly Family[] {
  const counted = models.map((model) => {
    const of: Counted = { first: new Histogram(LATENCY_BOUNDS), perToken: new Histogram(LATENCY_BOUNDS), queue: new Histogram(LATENCY_BOUNDS), prompt: 0, completion: 0, answers: 0 };
    model.observe = ({ queueMs, firstMs, wholeMs, usage }) => {
      of.queue.observe(queueMs / 1000);
      if (firstMs !== undefined) of.first.observe((queueMs + firstMs) / 1000);
      if (usage === undefined) return;
      of.answers++;
      of.prompt += usage.promptTokens;
      of.completion += usage.completionTokens;
      if (usage.completionTokens > 1 && firstMs !== undefined) of.perToken.observe((wholeMs - firstMs) / 1000 / (usage.completionTokens - 1));
    };
    return { model, of };
  });
  const each = <T extends number | Histogram>(value: (c: (typeof counted)[number]) => T): [Readonly<Record<string, string>>, T][] => counted.map((c) => [{ model: c.model.name }, value(c)]);
  return () => [
    family("histogram", "slipway_language_first_token_seconds", "From the request to the first text of its answer", each((c) => c.of.first)),
    family("histogram", "slipway_language_token_seconds", "From one token of an answer to the next", each((c) => c.of.perToken)),
    family("histogram", "slipway_language_queue_seconds", "How long requests waited for a slot", each((c) => c.of.queue)),
    family("counter", "slipway_language_answers_total", "Answers that were written to their end", each((c) => c.of.answers)),
    family("counter", "slipway_language_prompt_tokens_total", "Tokens that were read", each((c) => c.of.prompt)),
    family("counter", "slipway_language_completion_tokens_total", "Tokens that were written", each((c) => c.of.completion)),
    family("gauge", "slipway_language_slots_busy", "Conversations that are written to", each((c) => c.model.busy)),
    family("gauge", "slipway_language_queue_size", "Requests that wait for a slot", each((c) => c.model.queued)),
  ];
}
