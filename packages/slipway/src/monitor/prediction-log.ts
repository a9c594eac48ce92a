// Rows and answers, written as JSON lines to files of a folder: a share of the requests, with the columns struck out that are
// never to be logged, in bounded room. It never holds a request up: what cannot be taken is dropped and counted.

import { mkdirSync } from "node:fs";
import { appendFile, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ModelInput, Prediction, Servable } from "../runtime/index.ts";
import { toRows } from "../runtime/index.ts";
import { keyOfRow, rowsOf, shareOf, type Call, type Logger } from "../server/index.ts";

export interface PredictionLogOptions {
  readonly folder: string;
  /** Of the requests, from 0 to 1; a request's rows are all logged, or none. */
  readonly share: number;
  /** Columns and outputs whose values are never written. */
  readonly redact: readonly string[];
  /** The column whose value is written as `key` too, unless it is struck out. */
  readonly keyColumn?: string | undefined;
  /** Of all files; the oldest go first. */
  readonly maxBytes: number;
  readonly keepMs: number;
  readonly log?: Logger | undefined;
}

const FILE_BYTES = 64 * 2 ** 20;
const MAX_WAITING = 8 * 2 ** 20;
const FLUSH_MS = 1000;
/** Of one request. */
const MAX_ROWS = 1000;
const STRUCK = "[redacted]";
const NAME = /^predictions-[0-9TZ.-]+-[0-9a-f]{8}\.jsonl$/;

export class PredictionLog {
  /** Rows that were not written. */
  dropped = 0;
  written = 0;
  readonly #options: PredictionLogOptions;
  readonly #redact: ReadonlySet<string>;
  readonly #replica: string;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #file: string | undefined;
  #fileBytes = 0;
  #turn: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /** @param replica tells the files of several processes apart */
  constructor(options: PredictionLogOptions, replica: string) {
    this.#options = options;
    this.#redact = new Set(options.redact);
    this.#replica = replica.replaceAll("-", "").slice(0, 8);
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  add(call: Call, model: Servable, input: ModelInput, prediction: Prediction, place: (row: number) => number, now: number): void {
    const { share, keyColumn } = this.#options;
    if (share <= 0 || (share < 1 && shareOf(call.predictionId ?? call.id) >= share)) return;
    const rows = Math.min(prediction.rows, MAX_ROWS);
    if (this.#waitingBytes > MAX_WAITING) {
      this.dropped += prediction.rows;
      return;
    }
    this.dropped += prediction.rows - rows;
    const given = rowsOf(input, model.signature.columns.map((c) => c.name), rows === 0 ? 0 : place(rows - 1) + 1, this.#redact);
    const answers = toRows(prediction, 0, rows);
    const at = new Date(now).toISOString();
    const id = call.predictionId ?? call.id;
    let text = "";
    for (let row = 0; row < rows; row++) {
      if (prediction.refused?.has(row) === true) continue;
      const key = keyColumn === undefined || this.#redact.has(keyColumn) ? undefined : keyOfRow(input, keyColumn, place(row), model.signature);
      const output = this.#redact.size === 0 ? answers[row]! : Object.fromEntries(Object.entries(answers[row]!).map(([name, value]) => [name, this.#redact.has(name) ? STRUCK : value]));
      text += `${JSON.stringify({ predicted_at: at, prediction_id: `${id}-${place(row)}`, model: model.name, version: model.version, ...(key === undefined ? {} : { key }), input: given[place(row)], output })}\n`;
      this.written++;
    }
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
  }

  /** Writes what waits. */
  flush(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#write()).catch((err: unknown) => this.#options.log?.warn("predictions could not be logged", { err }));
    return this.#turn;
  }
  /** Strikes out every line of a key. @returns how many */
  erase(key: string): Promise<number> {
    const erased = this.#turn.then(() => this.#write()).then(() => eraseKey(this.#options.folder, key));
    this.#turn = erased.then(() => undefined, () => undefined);
    return erased;
  }
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting;
    const text = lines.join("");
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      if (this.#file === undefined || this.#fileBytes > FILE_BYTES) {
        await tidy(this.#options);
        this.#file = join(this.#options.folder, `predictions-${new Date().toISOString().replaceAll(":", "-")}-${this.#replica}.jsonl`);
        this.#fileBytes = 0;
      }
      await appendFile(this.#file, text, { mode: 0o600 });
      this.#fileBytes += text.length;
    } catch (error) {
      this.dropped += text.split("\n").length - 1;
      throw error;
    }
  }
}

/** Deletes files that are too old, and the oldest where all are too large. */
async function tidy({ folder, maxBytes, keepMs }: PredictionLogOptions): Promise<void> {
  const files = await Promise.all((await logFiles(folder)).map(async (path) => ({ path, ...await stat(path) })));
  let total = files.reduce((n, f) => n + f.size, 0);
  for (const { path, size, mtimeMs } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (Date.now() - mtimeMs <= keepMs && total + FILE_BYTES <= Math.max(maxBytes, FILE_BYTES)) break;
    await rm(path, { force: true });
    total -= size;
  }
}

export async function logFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => NAME.test(name)).sort().map((name) => join(folder, name));
}

/** Every file that holds a line of the key is written anew without it, aside, and put in its place. */
export async function eraseKey(folder: string, key: string): Promise<number> {
  let erased = 0;
  for (const path of await logFiles(folder)) {
    const lines = (await readFile(path, "utf8")).split("\n");
    const kept = lines.filter((line) => !isOf(line, key));
    if (kept.length === lines.length) continue;
    erased += lines.length - kept.length;
    const aside = `${path}.erasing`;
    const file = await open(aside, "w", 0o600);
    try {
      await file.writeFile(kept.join("\n"));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  }
  return erased;
}

function isOf(line: string, key: string): boolean {
  if (!line.includes(`"key":${JSON.stringify(key)}`)) return false;
  try {
    return (JSON.parse(line) as { readonly key?: unknown }).key === key;
  } catch {
    // A line that a crash cut off: nobody can read it, and it may be of the key.
    return true;
  }
}
