// An upload as a file: written piece by piece as it arrives, bounded, hashed by whoever reads it afterwards.

import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Call } from "../server/index.ts";
import { serverError } from "../server/index.ts";
import { apiError } from "./errors.ts";

export interface Upload {
  readonly path: string;
  readonly bytes: number;
  /** Removes it. */
  discard(): Promise<void>;
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._+-]{0,199}$/u;

/** @param name what the file is called; what cannot be a file's name becomes `model` @throws upload-too-large, upload-empty, body-encoding, client-gone */
export async function receive(call: Call, folder: string, limit: number, name: string | undefined): Promise<Upload> {
  const encoding = call.header("content-encoding");
  if (encoding !== undefined && encoding !== "identity") throw serverError("body-encoding", `an upload is taken plain, not as ${encoding.slice(0, 40)}`, { hint: "Packages are compressed where that helps." });
  const tooLarge = (): Error => apiError("upload-too-large", `the registry takes uploads of at most ${limit} bytes`, { hint: "Raise uploadLimit, or push to the registry from where the file is: slipway registry push." });
  if (Number(call.header("content-length") ?? 0) > limit) throw tooLarge();
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(folder, "upload-"));
  const discard = (): Promise<void> => rm(own, { recursive: true, force: true });
  const path = join(own, name !== undefined && NAME.test(name) ? name : "model");
  try {
    const file = await open(path, "wx", 0o600);
    let bytes = 0;
    try {
      for await (const piece of call.pieces!()) {
        bytes += piece.length;
        if (bytes > limit) throw tooLarge();
        await file.writeFile(piece);
      }
    } finally {
      await file.close();
    }
    if (bytes === 0) throw apiError("upload-empty", "there is no body", { hint: "Send the package or the model's file as the body, as with curl --data-binary @churn.slip." });
    return { path, bytes, discard };
  } catch (error) {
    await discard();
    throw error;
  }
}
