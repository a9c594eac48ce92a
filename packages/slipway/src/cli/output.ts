// The only place that prints: results to stdout, everything else to stderr; errors as sentences or as JSON.

import { writeSync } from "node:fs";
import { SlipwayError, type ErrorKind } from "@slipway/core/base";
import { usageError } from "./command.ts";

/** 0 done; 1 the thing asked about is not so; 2 wrong use or bad input; 3 an outside service failed; 70 a fault of ours. */
const EXIT_CODE: Readonly<Record<ErrorKind, number>> = {
  usage: 2, invalid: 2, unsupported: 2, refused: 2, limit: 2, "not-found": 2, conflict: 2, "failed-check": 1, unavailable: 3, exhausted: 3, timeout: 3, unauthenticated: 3, unimplemented: 2, internal: 70,
};

/** Waits for a slow reader: a pipe takes only so much at a time. */
function write(fd: 1 | 2, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") {
        // Notes that nobody can take, as on a full disk, must not end what they are about.
        if (fd === 2) return;
        throw usageError("cannot-write", `standard output cannot be written (${code ?? "unknown"})`, { hint: "Check that the disk it goes to has room.", cause: error });
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
/** Names in a file can hold what a terminal obeys: escape sequences, carriage returns. They are shown, not sent. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
export function printResult(text: string): void {
  write(1, harmless(text.endsWith("\n") ? text : `${text}\n`));
}
/** As it is: source text, which holds no control characters. */
export function printRaw(text: string): void {
  write(1, text);
}
export function printJson(value: unknown): void {
  printResult(JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? (Number.isSafeInteger(Number(v)) ? Number(v) : String(v)) : v), 2));
}
export function printNote(text: string): void {
  write(2, harmless(`${text}\n`));
}

/** Prints an error and returns the exit code. */
export function printError(error: unknown, json: boolean): number {
  const coded = error instanceof SlipwayError ? error : internalFault(error);
  if (json) printJson({ error: coded.toJSON() });
  const where = coded.where === undefined ? "" : `\n  where: ${coded.where}`;
  const { problems, hint } = requestDetails(coded);
  printNote(`slipway: ${coded.message} [${coded.code}]${where}${problems}${hint === undefined ? "" : `\n  what to do: ${hint}`}`);
  if (coded.kind === "internal" && process.env["SLIPWAY_DEBUG"] && error instanceof Error) printNote(String(error.stack));
  return EXIT_CODE[coded.kind];
}

const MAX_PROBLEMS = 5;
const EMPTY_TEXT = "An empty field of a CSV is a missing value, \"\" in quotes is an empty text; JSON (in pandas df.to_json(path, orient=\"records\")) keeps them apart.";
/** Longer examples are outlined. */
const MAX_EXAMPLE = 1000;

/** What an answer keeps in `data`, for people: further problems, and a valid request. */
function requestDetails(error: SlipwayError): { problems: string; hint: string | undefined } {
  const { problems, example } = (error.data ?? {}) as { problems?: unknown; example?: unknown };
  const more = Array.isArray(problems) ? (problems as { row?: unknown; column?: unknown; expected?: unknown; found?: unknown }[]).slice(1, MAX_PROBLEMS).filter((p) => p.found !== "no such column") : [];
  const lines = more.map((p) => `\n  also: ${[typeof p.row !== "number" ? "" : `row ${p.row + 1}`, p.column == null ? "" : `column ${JSON.stringify(p.column)}`].filter(Boolean).join(", ")}: expected ${String(p.expected)}, found ${String(p.found)}`);
  const shown = example === undefined ? "" : JSON.stringify(example);
  const shape = shown.length > MAX_EXAMPLE ? outline(example) : "";
  const hint = !(error.hint ?? "").includes("data.example") ? error.hint
    : shape === "" ? `This is valid: ${shown}`
    : shape.length > MAX_EXAMPLE ? "Compare the data with the columns that slipway inspect shows." : `JSON of this form is valid: ${shape}`;
  const noText = Array.isArray(problems) && (problems as { expected?: unknown; found?: unknown }[]).slice(0, MAX_PROBLEMS).some((p) => p.found === "a missing value" && String(p.expected).startsWith("text"));
  const whole = noText ? [hint, EMPTY_TEXT].filter((t) => t !== undefined).join(" ") : hint;
  return { problems: lines.join(""), hint: whole };
}

/** An example with the beginning of every list only. It nests no deeper than a tensor has dimensions. */
function outline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.slice(0, 1).map(outline).join("")}${value.length > 1 ? `, ... ${value.length} in all` : ""}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).map(([key, v]) => `${JSON.stringify(key)}: ${outline(v)}`).join(", ")}}`;
  return JSON.stringify(value);
}

function internalFault(error: unknown): SlipwayError {
  return usageError("internal", `an unexpected fault of Slipway's own: ${error instanceof Error ? error.message : String(error)}`, {
    hint: "Please report it with the command and, if you can, the file. SLIPWAY_DEBUG=1 shows the stack.", cause: error });
}

/** A line on a terminal that is rewritten while long work goes on; nothing where stderr is not a terminal. */
export function progress(): { update(text: string): void; done(): void } {
  if (!process.stderr.isTTY) return { update: () => {}, done: () => {} };
  let shown = false;
  return {
    update: (text) => {
      shown = true;
      write(2, `\r\u001b[K${harmless(text)}`);
    },
    done: () => {
      if (shown) write(2, "\r\u001b[K");
    },
  };
}
