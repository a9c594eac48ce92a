// An upload as files: written piece by piece as it arrives, bounded, hashed by whoever reads it afterwards. It is the model's
// file, or a form with the model and, beside it, the rows that it is checked with.

import { mkdir, mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Call } from "../server/index.ts";
import { serverError } from "../server/index.ts";
import { apiError } from "./errors.ts";
import { formBoundary, readForm, type PartSink } from "./form.ts";

export interface Upload {
  /** Of the model, or the package. */
  readonly path: string;
  /** Of the check file, where one came along. */
  readonly check: string | undefined;
  /** Removes it. */
  discard(): Promise<void>;
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._+-]{0,199}$/u;
const LEFT_BEHIND_MS = 86_400_000;
const MAX_CHECK = 64 * 2 ** 20;

/** @param name what the file is called; what cannot be a file's name becomes `model` @throws upload-too-large, upload-empty, body-invalid, body-encoding, client-gone */
export async function receive(call: Call, folder: string, limit: number, name: string | undefined): Promise<Upload> {
  const encoding = call.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity") throw serverError("body-encoding", `an upload is taken plain, not as ${encoding.slice(0, 40)}`, { hint: "Packages are compressed where that helps." });
  if (Number(call.header("content-length") ?? 0) > limit) throw tooLarge(limit);
  const boundary = formBoundary(call.header("content-type"));
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(folder, "upload-"));
  const discard = (): Promise<void> => rm(own, { recursive: true, force: true });
  try {
    const files = boundary === undefined ? { model: await wholeBody(call, join(own, fileName(name, "model")), limit), check: undefined } : await formFiles(call, own, boundary, limit, name);
    if (files.model === undefined) throw apiError("upload-empty", "there is no model", { hint: "Send the package or the model's file as the body, as with curl --data-binary @churn.slip, or as the part \"model\" of a form." });
    return { path: files.model, check: files.check, discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

async function wholeBody(call: Call, path: string, limit: number): Promise<string | undefined> {
  const file = await FileSink.open(path, limit, tooLarge);
  try {
    for await (const piece of call.pieces!()) await file.write(piece);
  } finally {
    await file.end();
  }
  return file.bytes === 0 ? undefined : path;
}

async function formFiles(call: Call, own: string, boundary: string, limit: number, name: string | undefined): Promise<{ readonly model: string | undefined; readonly check: string | undefined }> {
  const files = new Map<string, string>();
  const opened: FileSink[] = [];
  try {
    await readForm(call.pieces!(), boundary, async ({ name: part, file }) => {
      if (part !== "model" && part !== "check") throw apiError("body-invalid", `the form has a part ${JSON.stringify(part)}`, { where: part, hint: "It has the parts \"model\" and, where there are rows to check it with, \"check\"." });
      if (files.has(part)) throw apiError("body-invalid", `the form has the part "${part}" twice`, { where: part });
      // In a folder each: both may be called the same.
      const place = join(own, part);
      await mkdir(place);
      const path = join(place, fileName(part === "model" ? name ?? file : file, part));
      files.set(part, path);
      const sink = await FileSink.open(path, part === "model" ? limit : MAX_CHECK, part === "model" ? tooLarge : checkTooLarge);
      opened.push(sink);
      return sink;
    });
  } finally {
    for (const sink of opened) await sink.end();
  }
  const emptied = (part: string): string | undefined => (opened.find((s) => s.path === files.get(part))?.bytes === 0 ? undefined : files.get(part));
  return { model: emptied("model"), check: emptied("check") };
}

class FileSink implements PartSink {
  readonly path: string;
  bytes = 0;
  readonly #file: Awaited<ReturnType<typeof open>>;
  readonly #limit: number;
  readonly #refuse: (limit: number) => Error;
  #ended = false;

  private constructor(path: string, file: Awaited<ReturnType<typeof open>>, limit: number, refuse: (limit: number) => Error) {
    this.path = path;
    this.#file = file;
    this.#limit = limit;
    this.#refuse = refuse;
  }
  static async open(path: string, limit: number, refuse: (limit: number) => Error): Promise<FileSink> {
    return new FileSink(path, await open(path, "wx", 0o600), limit, refuse);
  }
  async write(piece: Uint8Array): Promise<void> {
    this.bytes += piece.length;
    if (this.bytes > this.#limit) throw this.#refuse(this.#limit);
    await this.#file.writeFile(piece);
  }
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#file.close();
  }
}

/** Takes away what a server that was killed left behind; others may be at work beside this one. */
export async function sweepUploads(folder: string, now: number = Date.now()): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const info = await stat(path).catch(() => undefined);
    if (/^(?:upload|gate)-/.test(name) && info !== undefined && now - info.mtimeMs > LEFT_BEHIND_MS) await rm(path, { recursive: true, force: true });
  }
}

function fileName(name: string | undefined, otherwise: string): string {
  return name !== undefined && NAME.test(name) ? name : otherwise;
}

function tooLarge(limit: number): Error {
  return apiError("upload-too-large", `the registry takes uploads of at most ${limit} bytes`, { hint: "Raise uploadLimit, or push to the registry from where the file is: slipway registry push." });
}

function checkTooLarge(limit: number): Error {
  return apiError("upload-too-large", `a check file has at most ${limit} bytes`, { hint: "Some hundred rows say what there is to say." });
}
