// Folders for what does not fit into memory, below the machine's temporary folder. Those of processes of this machine that
// were killed are removed by the next one that makes such a folder.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLeft, lockFolder } from "./lock.ts";

/** `prefix` is that of all folders of this kind. */
export function scratchFolder(prefix: "slipway-worker-" | "slipway-plan-", parent: string = tmpdir()): string {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (!name.startsWith(prefix) || !isLeft(path)) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
  const folder = mkdtempSync(join(parent, prefix));
  lockFolder(folder);
  return folder;
}
