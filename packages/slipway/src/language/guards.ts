// Rules that what is asked of a language model, and what it answers, must keep: a length, words, a pattern, and topics as a
// served classifier tells them. A prompt that breaks one is refused; an answer is ended where it does (content_filter).

import { infer, textRule, type Call, type ServerContext, type TextRule } from "../server/index.ts";
import type { Piece } from "./engine/language-model.ts";
import { languageError } from "./errors.ts";

export interface GuardRule {
  readonly name: string;
  readonly on: "prompt" | "answer" | "both";
  readonly maxCharacters?: number | undefined;
  /** None of them may come, in any case, as a word of its own. */
  readonly words?: readonly string[] | undefined;
  /** A regular expression in RE2's syntax that may not match, in any case. */
  readonly pattern?: string | undefined;
  /** A served model that gives texts a label; of prompts only. */
  readonly classifier?: string | undefined;
  /** Labels that may come. */
  readonly allow?: readonly string[] | undefined;
  /** What who asked is told. */
  readonly message?: string | undefined;
}

/** Of an answer that is being written, so much of its end is searched at each piece. */
const SEARCHED = 20_000;

interface Ready {
  readonly rule: GuardRule;
  readonly wrong: TextRule;
}

export class Guards {
  readonly #prompt: readonly Ready[];
  readonly #answer: readonly Ready[];

  /** @throws SlipwayError guard-pattern where a pattern cannot be used */
  constructor(rules: readonly GuardRule[]) {
    const ready = rules.map((rule) => ({ rule, wrong: textRule(rule.name, rule) }));
    this.#prompt = ready.filter((r) => r.rule.on !== "answer");
    this.#answer = ready.filter((r) => r.rule.on !== "prompt");
  }

  /** Metrics have every rule from the beginning. @param models names of language models */
  declare({ models: { guards } }: ServerContext, models: Iterable<string>): void {
    for (const model of models) for (const { rule } of [...this.#prompt, ...this.#answer]) guards.declare(model, rule.name);
  }

  /** @param asked the language model's name @throws SlipwayError language-guard */
  async prompt(call: Call, context: ServerContext, asked: string, texts: readonly string[]): Promise<void> {
    const whole = texts.join("\n");
    for (const { rule, wrong } of this.#prompt) {
      if (wrong(whole) !== undefined) throw refused(rule, context, asked, call);
      if (rule.classifier === undefined) continue;
      const model = await context.models.select(call, { name: rule.classifier });
      // What was asked last; earlier turns were judged when they came.
      const { prediction } = await infer(context, call, model, { kind: "texts", texts: [texts.at(-1) ?? ""] });
      const label = prediction.outputs.find((o) => o.output.kind === "label")?.data[0];
      if (label === undefined || rule.allow?.includes(String(label)) !== true) throw refused(rule, context, asked, call);
    }
  }

  /** Ends an answer where it breaks a rule; what was written before has gone out. */
  async *answer(context: ServerContext, asked: string, pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
    if (this.#answer.length === 0) {
      yield* pieces;
      return;
    }
    let text = "";
    let count = 0;
    for await (const piece of pieces) {
      if (piece.kind === "text") {
        text += piece.text;
        count++;
        const broken = this.#answer.find(({ rule: { maxCharacters }, wrong }) => (maxCharacters !== undefined && text.length > maxCharacters) || wrong(text.slice(-SEARCHED)) !== undefined);
        if (broken !== undefined) {
          context.models.guards.add(asked, broken.rule.name);
          yield { kind: "done", finish: "content_filter", usage: { promptTokens: 0, completionTokens: count, cachedTokens: 0 } };
          return;
        }
      }
      yield piece;
    }
  }
}

function refused({ name, message }: GuardRule, context: ServerContext, asked: string, call: Call): Error {
  // A log that shows rows would show what its classifier was asked.
  if (call.observation !== undefined) call.observation = { ...call.observation, input: undefined };
  context.models.guards.add(asked, name);
  return languageError("language-guard", message ?? `what was asked is not answered here: it breaks the rule ${JSON.stringify(name)}`, { data: { rule: name } });
}
