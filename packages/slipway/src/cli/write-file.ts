// Writes a file whole or not at all: a temporary file beside it, then a rename.

import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname, basename, join } from "node:path";
import { usageError } from "./command.ts";

/** @throws cannot-write */
export async function writeFileWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw usageError("cannot-write", `${JSON.stringify(path)} cannot be written (${code})`, { hint: "Check that the folder exists and that you may write there.", cause: error });
  }
}
