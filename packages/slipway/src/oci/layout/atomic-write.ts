// A file is there whole or not at all, also after kill -9 or loss of power: a temporary file in a folder of its own,
// synced, renamed, and the folder it came into synced.

import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ociError } from "../errors.ts";

/** Bytes given to one write call. */
const SLICE = 16 << 20;

/** @throws oci-storage */
export async function writeAtomically(path: string, bytes: Uint8Array, temporaryFolder: string): Promise<void> {
  const temporary = join(temporaryFolder, `${randomBytes(12).toString("hex")}.tmp`);
  try {
    await mkdir(temporaryFolder, { recursive: true });
    const file = await open(temporary, "wx", 0o644);
    try {
      for (let at = 0; at < bytes.length; at += SLICE) await file.writeFile(bytes.subarray(at, at + SLICE));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw storageError(error, path);
  }
}

/** Makes renames and removals in a folder last. Windows has no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function storageError(error: unknown, path: string): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error as Error;
  const hint = code === "ENOSPC" || code === "EDQUOT" ? "Make room on its disk." : code === "EACCES" || code === "EPERM" || code === "EROFS" ? "Check that you may read and write there." : undefined;
  return ociError("oci-storage", `${JSON.stringify(path)} cannot be read or written (${code})`, { hint, cause: error });
}
