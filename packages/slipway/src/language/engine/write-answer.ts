// One answer, token by token: sampled as llama.cpp's chain samples, ended by the model, by a text to stop at, or by its length.

import type { Finish, Sampling, TokenInfo } from "./messages.ts";
import type { EvaluateOptions, GrammarState, LlamaLibrary, LlamaModel, LlamaSequence, Token } from "./llama.ts";

export interface Writing {
  readonly library: LlamaLibrary;
  readonly model: LlamaModel;
  readonly sequence: LlamaSequence;
  readonly prompt: readonly Token[];
  readonly sampling: Sampling;
  /** Most tokens to write. */
  readonly room: number;
  readonly grammar: unknown;
  readonly stops: readonly string[];
  readonly cancelled: () => boolean;
  readonly write: (text: string, tokens: readonly TokenInfo[]) => void;
}
export interface Written {
  readonly finish: Finish;
  readonly tokens: number;
  readonly cached: number;
}

/** A character may be several tokens; more than that is none that comes yet. */
const MAX_PENDING = 8;
/** Looked back at for penalties, as llama.cpp does. */
const PENALTY_WINDOW = 64;

export async function writeAnswer({ library, model, sequence, prompt, sampling, room, grammar, stops, cancelled, write }: Writing): Promise<Written> {
  await sequence.adaptStateToTokens([...prompt], false);
  const cached = Math.min(sequence.nextTokenIndex, prompt.length - 1);
  // The last token of the prompt is always computed: its logits are where the answer begins.
  if (sequence.nextTokenIndex >= prompt.length) await sequence.adaptStateToTokens(prompt.slice(0, -1), false);
  const generated: Token[] = [];
  const text = new Outgoing(stops, write);
  let pending: Token[] = [];
  let infos: TokenInfo[] = [];
  let finish: Finish = "length";
  const wanted = sampling.logprobs;
  const stream = sequence.evaluateWithMetadata(prompt.slice(sequence.nextTokenIndex), wanted === undefined ? {} : { probabilities: true }, {
    ...samplingOf(library, model, sampling, generated),
    ...(grammar === undefined ? {} : { grammarEvaluationState: new library.LlamaGrammarEvaluationState({ model, grammar }) as GrammarState }), yieldEogToken: true,
  });
  for await (const { token, probabilities } of stream) {
    if (model.isEogToken(token)) {
      finish = "stop";
      break;
    }
    if (cancelled()) break;
    generated.push(token);
    pending.push(token);
    if (wanted !== undefined) infos.push(infoOf(model, token, probabilities ?? new Map(), wanted));
    const piece = model.detokenize(pending, false, generated.slice(0, -pending.length).slice(-4));
    if (!piece.endsWith("\ufffd") || pending.length >= MAX_PENDING) {
      pending = [];
      text.add(piece, infos);
      infos = [];
      if (text.stopped) {
        finish = "stop";
        break;
      }
    }
    if (generated.length >= room) break;
  }
  if (pending.length > 0 && !text.stopped) text.add(model.detokenize(pending, false, generated.slice(0, -pending.length).slice(-4)), infos);
  text.end();
  return { finish, tokens: generated.length, cached };
}

/** Text on its way out: what may be the beginning of a text to stop at waits. */
class Outgoing {
  stopped = false;
  #held = "";
  #infos: TokenInfo[] = [];
  readonly #stops: readonly string[];
  readonly #write: Writing["write"];

  constructor(stops: readonly string[], write: Writing["write"]) {
    this.#stops = stops.filter((s) => s !== "");
    this.#write = write;
  }

  add(piece: string, infos: readonly TokenInfo[]): void {
    this.#held += piece;
    this.#infos.push(...infos);
    const ends = this.#stops.map((s) => this.#held.indexOf(s)).filter((at) => at >= 0);
    if (ends.length > 0) {
      this.stopped = true;
      this.#held = this.#held.slice(0, Math.min(...ends));
      return;
    }
    const keep = Math.max(0, ...this.#stops.map((s) => overlap(this.#held, s)));
    if (this.#held.length > keep) {
      this.#write(this.#held.slice(0, this.#held.length - keep), this.#infos);
      this.#infos = [];
      this.#held = this.#held.slice(this.#held.length - keep);
    }
  }
  end(): void {
    if (this.#held !== "" || this.#infos.length > 0) this.#write(this.#held, this.#infos);
  }
}

/** How many characters at the end of `text` are the beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let n = Math.min(text.length, stop.length - 1); n > 0; n--) if (text.endsWith(stop.slice(0, n))) return n;
  return 0;
}

function infoOf(model: LlamaModel, token: Token, probabilities: ReadonlyMap<Token, number>, top: number): TokenInfo {
  const name = (t: Token): string => model.detokenize([t], true);
  const ranked = [...probabilities].sort((a, b) => b[1] - a[1]).slice(0, top);
  return { token: name(token), logprob: Math.log(probabilities.get(token) ?? 0), top: ranked.map(([t, p]) => ({ token: name(t), logprob: Math.log(p) })) };
}

function samplingOf(library: LlamaLibrary, model: LlamaModel, s: Sampling, generated: readonly Token[]): EvaluateOptions {
  const biases = Object.entries(s.logitBias);
  const bias = biases.length === 0 ? undefined : library.TokenBias.for(model);
  for (const [token, value] of biases) bias!.set(Number(token) as Token, value <= -100 ? "never" : { logit: value });
  return {
    temperature: s.temperature, topP: s.topP, contextShift: { strategy: () => { throw new Error("the context is full"); } },
    ...(s.topK === undefined ? {} : { topK: s.topK }), ...(s.minP === undefined ? {} : { minP: s.minP }), ...(s.seed === undefined ? {} : { seed: s.seed }),
    ...(s.frequencyPenalty === 0 && s.presencePenalty === 0 ? {} : { repeatPenalty: { punishTokens: () => generated.slice(-PENALTY_WINDOW), penalty: 1, frequencyPenalty: s.frequencyPenalty, presencePenalty: s.presencePenalty } }),
    ...(bias === undefined ? {} : { tokenBias: bias }),
  };
}

