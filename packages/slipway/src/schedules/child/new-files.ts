// Files of an input that no good run has seen: neither under this name with this size and time, nor their bytes under any
// name.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { findInput } from "../../batch/index.ts";
import type { RunJob, SeenFile } from "../messages.ts";

export async function newFiles({ definition, names, seen }: RunJob): Promise<SeenFile[]> {
  const known = new Set(seen.map(({ path, bytes, modifiedMs }) => `${path}\0${bytes}\0${modifiedMs}`));
  const digests = new Set(seen.map((f) => f.sha256));
  const found: SeenFile[] = [];
  for (const { path, bytes, modifiedMs } of await findInput(names.input, definition.format)) {
    // As the database keeps it.
    const time = Math.trunc(modifiedMs);
    if (known.has(`${path}\0${bytes}\0${time}`)) continue;
    const sha256 = await digestOf(path);
    if (digests.has(sha256)) continue;
    digests.add(sha256);
    found.push({ path, bytes, modifiedMs: time, sha256 });
  }
  return found;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}
