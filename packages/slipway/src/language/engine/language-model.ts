// A language model as the server has it: its process, who has a slot and who waits, answers as streams. A process that ends
// loses what it was writing (language-lost) and is started again.

import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SlipwayError } from "@slipway/core/base";
import { languageError } from "../errors.ts";
import { findLlama } from "./llama.ts";
import type { Finish, FromLanguage, GenerateRequest, LanguageInfo, LanguageOptions, ToLanguage, TokenInfo, ToolCall, Usage } from "./messages.ts";

export type Piece =
  | { readonly kind: "text"; readonly text: string; readonly tokens?: readonly TokenInfo[] }
  | { readonly kind: "call"; readonly call: ToolCall }
  | { readonly kind: "done"; readonly finish: Finish; readonly usage: Usage };

/** Of one answer, for metrics. */
export interface AnswerTimes {
  readonly queueMs: number;
  /** From the slot to the first text. */
  readonly firstMs: number | undefined;
  readonly wholeMs: number;
  readonly usage: Usage | undefined;
}
/** Looked at while an answer is written, and while it waits: throws where nobody waits for it any more. */
export interface Cancel {
  throwIfAborted(): void;
  /** Tokens that were read and written for it, also where it is left before its end. */
  languageTokens: number;
}
interface Listener {
  readonly message: (message: FromLanguage) => void;
  readonly lost: (error: Error) => void;
}

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = fileURLToPath(new URL(fromSource ? "./worker-main.ts" : "./worker-main.js", import.meta.url));
const MAX_QUEUE = 64;
const LOOK_MS = 50;
/** Of pauses between starts that come to nothing. */
const MAX_PAUSE_MS = 10_000;

export class LanguageModel {
  readonly name: string;
  info!: LanguageInfo;
  readonly #path: string;
  readonly #options: LanguageOptions;
  readonly #library: string;
  readonly #listeners = new Map<number, Listener>();
  readonly #waiting: (() => void)[] = [];
  #child: ChildProcess | undefined;
  #free = 0;
  #last = 0;
  #failures = 0;
  #closed = false;
  /** Told of every answer. */
  observe: (times: AnswerTimes) => void = () => undefined;

  private constructor(name: string, path: string, options: LanguageOptions, library: string) {
    this.name = name;
    this.#path = path;
    this.#options = options;
    this.#library = library;
  }

  /** @throws SlipwayError llama-missing, language-load-failed */
  static async open(name: string, path: string, options: LanguageOptions & { readonly library?: string | undefined } = {}): Promise<LanguageModel> {
    const { library, ...engine } = options;
    const model = new LanguageModel(name, path, engine, findLlama(library));
    await model.#start();
    return model;
  }

  get busy(): number {
    return this.info.slots - this.#free;
  }
  get queued(): number {
    return this.#waiting.length;
  }
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws SlipwayError language-busy, context-length, language-request, language-unsupported, language-lost, language-failed */
  async *generate(request: GenerateRequest, cancel: Cancel): AsyncGenerator<Piece> {
    const asked = performance.now();
    await this.#slot(cancel);
    const began = performance.now();
    let first: number | undefined;
    let usage: Usage | undefined;
    const pieces: (Piece | Error)[] = [];
    let wake: () => void = () => undefined;
    const put = (piece: Piece | Error): void => {
      pieces.push(piece);
      wake();
    };
    let written = 0;
    const id = this.#ask({ kind: "generate", id: ++this.#last, request }, {
      message: (m) => {
        if (m.kind === "begun") cancel.languageTokens += m.promptTokens;
        if (m.kind === "text" || m.kind === "call") {
          first ??= performance.now() - began;
          put(m.kind === "call" ? { kind: "call", call: m.call } : { kind: "text", text: m.text, ...(m.tokens === undefined ? {} : { tokens: m.tokens }) });
          // A piece is a token at least; the end says exactly.
          written++;
          cancel.languageTokens++;
        } else if (m.kind === "done") {
          cancel.languageTokens += m.usage.completionTokens - written;
          put({ kind: "done", finish: m.finish, usage: (usage = m.usage) });
        }
        else if (m.kind === "failed") put(failureOf(m));
      },
      lost: put,
    });
    const timer = setInterval(() => wake(), LOOK_MS);
    let ended = false;
    try {
      for (;;) {
        const piece = pieces.shift();
        if (piece === undefined) {
          cancel.throwIfAborted();
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        ended = piece instanceof Error || piece.kind === "done";
        if (piece instanceof Error) throw piece;
        yield piece;
        if (ended) return;
      }
    } finally {
      clearInterval(timer);
      if (ended) this.#release(id);
      else this.#cancel(id);
      this.observe({ queueMs: began - asked, firstMs: first, wholeMs: performance.now() - began, usage });
    }
  }

  /** @throws as generate */
  async embed(texts: readonly string[], cancel: Cancel): Promise<{ readonly vectors: readonly (readonly number[])[]; readonly tokens: number }> {
    await this.#slot(cancel);
    return new Promise<{ vectors: readonly (readonly number[])[]; tokens: number }>((resolve, reject) => {
      const id = this.#ask({ kind: "embed", id: ++this.#last, texts }, {
        message: (m) => {
          if (m.kind === "embedded") {
            cancel.languageTokens += m.tokens;
            resolve({ vectors: m.vectors, tokens: m.tokens });
          }
          else if (m.kind === "failed") reject(failureOf(m));
          else return;
          this.#release(id);
        },
        lost: reject,
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  }

  #start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = fork(MAIN, [], { execArgv: fromSource ? ["--conditions=@slipway/source"] : [], serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
      this.#child = child;
      child.on("message", (m) => this.#take(m as FromLanguage, resolve, reject));
      child.on("error", (error) => reject(languageError("language-load-failed", error.message)));
      child.on("exit", (code, signal) => {
        const why = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
        reject(languageError("language-load-failed", `the engine's process ${why} while it loaded ${this.name}`, { hint: "Is there memory enough for it?" }));
        this.#lost(why);
      });
      child.send({ kind: "open", path: this.#path, options: this.#options, library: this.#library } satisfies ToLanguage);
    });
  }

  #take(message: FromLanguage, opened: () => void, refused: (error: Error) => void): void {
    if (message.kind === "opened") {
      this.info = message.info;
      this.#free = message.info.slots;
      this.#failures = 0;
      opened();
      this.#next();
    } else if (message.kind === "refused") {
      refused(languageError("language-load-failed", `${this.name} cannot be loaded: ${message.message}`));
      this.#child?.kill("SIGKILL");
    } else this.#listeners.get(message.id)?.message(message);
  }

  #lost(why: string): void {
    this.#free = 0;
    const error = languageError("language-lost", `the process of ${this.name} ${why}`, { hint: "It is started again; ask again." });
    for (const listener of this.#listeners.values()) listener.lost(error);
    this.#listeners.clear();
    if (this.#closed || this.info === undefined) return;
    const pause = this.#failures === 0 ? 0 : Math.min(MAX_PAUSE_MS, 100 * 2 ** this.#failures);
    this.#failures++;
    setTimeout(() => {
      if (!this.#closed) this.#start().catch(() => undefined);
    }, pause).unref();
  }

  #ask(message: Extract<ToLanguage, { id: number }>, listener: Listener): number {
    this.#listeners.set(message.id, listener);
    this.#child!.send(message, () => undefined);
    return message.id;
  }
  /** The slot is free when the engine says that it has stopped. */
  #cancel(id: number): void {
    const listener = this.#listeners.get(id);
    if (listener === undefined) return;
    this.#listeners.set(id, { message: (m) => (m.kind === "done" || m.kind === "failed") && this.#release(id), lost: () => undefined });
    this.#child?.send({ kind: "cancel", id } satisfies ToLanguage, () => undefined);
  }
  #release(id: number): void {
    if (!this.#listeners.delete(id)) return;
    this.#free++;
    this.#next();
  }

  async #slot(cancel: Cancel): Promise<void> {
    if (this.#free > 0 && this.#waiting.length === 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.length >= MAX_QUEUE) throw languageError("language-busy", `${this.#waiting.length} requests wait for ${this.name}`, { data: { retryAfterMs: 1000 } });
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      cancel.throwIfAborted();
    } catch (error) {
      this.#free++;
      this.#next();
      throw error;
    }
  }
  #next(): void {
    while (this.#free > 0 && this.#waiting.length > 0) {
      this.#free--;
      this.#waiting.shift()!();
    }
  }
}

function failureOf({ code, message }: Extract<FromLanguage, { kind: "failed" }>): SlipwayError {
  return languageError(code, message);
}
