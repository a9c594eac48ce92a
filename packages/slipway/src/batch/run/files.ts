// Files that are there whole or not at all.

import { closeSync, fsync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { batchError } from "../errors.ts";

/** Written under another name, on the disk, and only then under its own. */
export function commitFile(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  try {
    const file = openSync(temporary, "w");
    try {
      for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    throw outputFailed(path, cause);
  }
}
/** The same, without waiting for the disk: `bytes` are taken over before it returns. */
export function commitLater(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  let file: number;
  try {
    file = openSync(temporary, "w");
    for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
  } catch (cause) {
    return Promise.reject(outputFailed(path, cause));
  }
  return new Promise((resolve, reject) => {
    fsync(file, (failed) => {
      try {
        closeSync(file);
        if (failed !== null) throw failed;
        renameSync(temporary, path);
        resolve();
      } catch (cause) {
        reject(outputFailed(path, cause));
      }
    });
  });
}
/** PATH.tmp, which something else wrote: brought to the disk, and under its own name. */
export function putInPlace(path: string): void {
  try {
    syncFile(`${path}.tmp`);
    renameSync(`${path}.tmp`, path);
    syncFile(dirname(path));
  } catch (cause) {
    throw outputFailed(path, cause);
  }
}
/** On the disk; of a folder: the names in it. */
export function syncFile(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
export function outputFailed(path: string, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
  return batchError("batch-output-failed", `${path} cannot be written (${code})`, { where: path, hint: code === "ENOSPC" ? "Make room on the disk and go on with --resume." : "Check the folder, and go on with --resume.", cause });
}
