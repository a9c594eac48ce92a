// What tells a file's contents from others without a copy of it: the digest of its bytes, or of what is elsewhere the version
// that its server names.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { batchError } from "../errors.ts";
import type { InputFile } from "./sources.ts";

/** @throws SlipwayError batch-input-format where nothing tells it */
export async function identityOf({ path, remote, sql }: InputFile): Promise<string> {
  if (sql !== undefined) throw batchError("batch-input-format", "a database has no files", { where: path, hint: "Rows that are new are told by a watermark column." });
  if (remote !== undefined) {
    if (remote.version === undefined) throw batchError("batch-input-format", `${path} does not say which version it is (ETag or Last-Modified)`, { where: path, hint: "Whether it is new cannot be told; score it whole, or keep it in a bucket." });
    return `version:${createHash("sha256").update(`${path}\0${remote.bytes ?? ""}\0${remote.version}`).digest("hex")}`;
  }
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}
