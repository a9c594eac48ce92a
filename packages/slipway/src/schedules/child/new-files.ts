// Files of an input that no good run has seen: neither under this name with this size and time, nor their bytes under any
// name.

import { findInput, identityOf } from "../../batch/index.ts";
import type { RunJob, SeenFile } from "../messages.ts";

export async function newFiles({ definition, names, seen }: RunJob): Promise<SeenFile[]> {
  const known = new Set(seen.map(({ path, bytes, modifiedMs }) => `${path}\0${bytes}\0${modifiedMs}`));
  const identities = new Set(seen.map((f) => f.sha256));
  const found: SeenFile[] = [];
  for (const file of await findInput(names.input, definition.format)) {
    const { path, bytes } = file;
    // As the database keeps it. What is elsewhere has no time: its version is asked for each time.
    const modifiedMs = Math.trunc(file.modifiedMs);
    if (file.remote === undefined && known.has(`${path}\0${bytes}\0${modifiedMs}`)) continue;
    const sha256 = await identityOf(file);
    if (identities.has(sha256)) continue;
    identities.add(sha256);
    found.push({ path, bytes, modifiedMs, sha256 });
  }
  return found;
}
