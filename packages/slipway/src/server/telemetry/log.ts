// Where log lines go: JSON lines as they are, or one readable line each when a person is looking at a terminal.

import type { LogOptions } from "../context.ts";
import { LineWriter } from "./line-writer.ts";

export type Level = LogOptions["level"];
const ORDER: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Writes one JSON object a line: level, time, message, fields. Without options it writes nothing. */
export class Logger {
  readonly #options: LogOptions | undefined;
  constructor(options: LogOptions | undefined) {
    this.#options = options;
  }
  enabled(level: Level): boolean {
    return this.#options !== undefined && ORDER[level] >= ORDER[this.#options.level];
  }
  write(level: Level, msg: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (!this.enabled(level)) return;
    const time = timestamp();
    const line = fields["err"] === undefined ? { level, time, msg, ...fields } : { level, time, msg, ...fields, err: describe(fields["err"]) };
    this.#options!.write(`${JSON.stringify(line)}\n`);
  }
  /** A line that is JSON already, with its level, time and message, and a line feed. */
  line(text: string): void {
    this.#options!.write(text);
  }
  info(msg: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write("info", msg, fields);
  }
  warn(msg: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write("warn", msg, fields);
  }
  error(msg: string, fields?: Readonly<Record<string, unknown>>): void {
    this.write("error", msg, fields);
  }
}

let second = 0;
let prefix = "";
/** Now, as Date's toISOString writes it. */
export function timestamp(): string {
  const now = Date.now();
  const ms = now % 1000;
  if (now - ms !== second || prefix === "") {
    second = now - ms;
    prefix = new Date(second).toISOString().slice(0, -4);
  }
  return `${prefix}${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}Z`;
}

function describe(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return { message: error.message, ...(typeof code === "string" ? { code } : {}), stack: error.stack };
}

const COLOURS: Readonly<Record<string, string>> = { debug: "\x1b[2m", info: "\x1b[36m", warn: "\x1b[33m", error: "\x1b[31m" };

function toStderr(): (text: string) => void {
  const lines = new LineWriter(2);
  return (text) => lines.write(text);
}

export function createLog(options: { level?: LogOptions["level"]; pretty?: boolean; write?: (text: string) => void } = {}): LogOptions {
  const write = options.write ?? toStderr();
  return { level: options.level ?? "info", write: options.pretty === true ? (line) => write(prettyLine(line)) : write };
}

export function prettyLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, request_id: _id, err, ...rest } = entry;
  const head = `${String(time).slice(11, 23)} ${COLOURS[String(level)] ?? ""}${String(level).padEnd(5)}\x1b[0m`;
  const failure = typeof err === "object" && err !== null ? `\n${String((err as { stack?: unknown }).stack ?? "")}` : "";
  if (msg === "request") {
    const { method, path, status, ms, ...more } = rest;
    return `${head} ${String(method)} ${plain(path)} ${String(status)} ${String(ms)} ms${fields(more)}${failure}\n`;
  }
  return `${head} ${plain(msg)}${fields(rest)}${failure}\n`;
}

function fields(rest: Readonly<Record<string, unknown>>): string {
  return Object.entries(rest).map(([k, v]) => `  ${k}=${plain(typeof v === "string" ? v : JSON.stringify(v))}`).join("");
}

/** On one line, and without what a terminal obeys: paths, names and messages come from outside. */
function plain(text: unknown): string {
  return String(text).replace(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
