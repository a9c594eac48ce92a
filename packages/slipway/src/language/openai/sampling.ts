// How tokens are chosen, from the fields that completions and chats have in common.

import type { Sampling } from "../engine/messages.ts";
import { unsupported, wrong, type Fields } from "./fields.ts";

const MAX_TOKENS = 2 ** 20;
const MAX_STOPS = 16;

export function readSampling(fields: Fields, maxTokens: number | undefined, logprobs: number | undefined): Sampling {
  const stop = fields.raw("stop");
  const stops = stop === undefined ? [] : typeof stop === "string" ? [stop] : fields.list("stop", MAX_STOPS).map((s) => {
    if (typeof s !== "string") throw wrong("stop", "a text, or a list of them", s);
    return s;
  });
  const bias = fields.raw("logit_bias") ?? {};
  if (typeof bias !== "object" || Array.isArray(bias)) throw wrong("logit_bias", "an object of numbers", bias);
  for (const [token, value] of Object.entries(bias as object)) {
    if (!/^\d{1,7}$/.test(token) || typeof value !== "number" || !(value >= -100 && value <= 100)) throw wrong(`logit_bias.${token.slice(0, 20)}`, "a token's number with a number from -100 to 100", value);
  }
  const seed = fields.count("seed", -(2 ** 53), 2 ** 53);
  return {
    temperature: fields.number("temperature", 0, 2, 1), topP: fields.number("top_p", 0, 1, 1), topK: fields.count("top_k", 0, 2 ** 20), minP: fields.number("min_p", 0, 1),
    // The engine's seeds have 32 bits.
    seed: seed === undefined ? undefined : Number(BigInt.asUintN(32, BigInt(seed))),
    maxTokens, stop: stops, logprobs,
    frequencyPenalty: fields.number("frequency_penalty", -2, 2, 0), presencePenalty: fields.number("presence_penalty", -2, 2, 0),
    logitBias: bias as Readonly<Record<string, number>>,
  };
}

export function readCount(fields: Fields, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = fields.count(name, 1, MAX_TOKENS);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** How many answers to give: each takes a slot, one after the other. */
export function readChoices(fields: Fields): number {
  if ((fields.count("best_of", 1, 20) ?? 1) > (fields.count("n", 1, 20) ?? 1)) throw unsupported("best_of", "answers are not ranked");
  return fields.count("n", 1, 20) ?? 1;
}
