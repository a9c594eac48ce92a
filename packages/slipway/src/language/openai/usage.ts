// How many tokens were read and written, as OpenAI tells it.

import type { Usage } from "../engine/messages.ts";

/** The prompt of several answers counts once. */
export function sum(usages: readonly Usage[]): Usage {
  return { promptTokens: usages[0]?.promptTokens ?? 0, cachedTokens: usages[0]?.cachedTokens ?? 0, completionTokens: usages.reduce((n, u) => n + u.completionTokens, 0) };
}
export function usageJson({ promptTokens, completionTokens, cachedTokens }: Usage): object {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens, prompt_tokens_details: { cached_tokens: cachedTokens } };
}
