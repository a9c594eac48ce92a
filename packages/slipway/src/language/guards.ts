// Rules that what is asked of a language model, and what it answers, must keep: a length, words, a pattern, and topics as a
// served classifier tells them. A prompt that breaks one is refused; an answer is ended where it does (content_filter).

import { infer, type Call, type ServerContext } from "../server/index.ts";
import type { Piece } from "./engine/language-model.ts";
import { languageError } from "./errors.ts";

export interface GuardRule {
  readonly name: string;
  readonly on: "prompt" | "answer" | "both";
  readonly maxCharacters?: number | undefined;
  /** None of them may come, in any case, as a word of its own. */
  readonly words?: readonly string[] | undefined;
  /** A regular expression that may not match. */
  readonly pattern?: string | undefined;
  /** A served model that gives texts a label; of prompts only. */
  readonly classifier?: string | undefined;
  /** Labels that may come. */
  readonly allow?: readonly string[] | undefined;
  /** What who asked is told. */
  readonly message?: string | undefined;
}

/** Patterns are the operator's, texts are anybody's: a pattern that backtracks must not hold up the others. */
const MAX_MATCHED = 20_000;

interface Ready {
  readonly rule: GuardRule;
  readonly words: RegExp | undefined;
  readonly pattern: RegExp | undefined;
}

export class Guards {
  readonly #prompt: readonly Ready[];
  readonly #answer: readonly Ready[];

  /** @throws SlipwayError language-request where a pattern is none */
  constructor(rules: readonly GuardRule[]) {
    const ready = rules.map((rule) => {
      const { words, pattern } = rule;
      try {
        return {
          rule, pattern: pattern === undefined ? undefined : new RegExp(pattern, "iu"),
          words: words === undefined || words.length === 0 ? undefined : new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.map((w) => w.normalize("NFKC").replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})(?![\\p{L}\\p{N}])`, "iu"),
        };
      } catch (cause) {
        throw languageError("language-request", `the pattern of the guard ${JSON.stringify(rule.name)} is no regular expression`, { cause });
      }
    });
    this.#prompt = ready.filter((r) => r.rule.on !== "answer");
    this.#answer = ready.filter((r) => r.rule.on !== "prompt");
  }

  /** @throws SlipwayError language-guard */
  async prompt(call: Call, context: ServerContext, texts: readonly string[]): Promise<void> {
    const whole = texts.join("\n");
    for (const ready of this.#prompt) {
      const { rule } = ready;
      if (breaks(ready, whole)) throw refused(rule);
      if (rule.classifier === undefined) continue;
      const model = await context.models.select(call, { name: rule.classifier });
      // What was asked last; earlier turns were judged when they came.
      const { prediction } = await infer(context, call, model, { kind: "texts", texts: [texts.at(-1) ?? ""] });
      const label = prediction.outputs.find((o) => o.output.kind === "label")?.data[0];
      if (label === undefined || rule.allow?.includes(String(label)) !== true) throw refused(rule);
    }
  }

  /** Ends an answer where it breaks a rule; what was written before has gone out. */
  async *answer(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece> {
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
        if (this.#answer.some((ready) => breaks(ready, text))) {
          yield { kind: "done", finish: "content_filter", usage: { promptTokens: 0, completionTokens: count, cachedTokens: 0 } };
          return;
        }
      }
      yield piece;
    }
  }
}

function breaks({ rule, words, pattern }: Ready, text: string): boolean {
  if (rule.maxCharacters !== undefined && text.length > rule.maxCharacters) return true;
  const looked = text.slice(-MAX_MATCHED).normalize("NFKC");
  return words?.test(looked) === true || pattern?.test(looked) === true;
}

function refused({ name, message }: GuardRule): Error {
  return languageError("language-guard", message ?? "what was asked is not answered here", { data: { rule: name } });
}
