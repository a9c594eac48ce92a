// What the device does on its disk, as few operations: each of them may be the last one before the power goes.

import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

export interface Disk {
  /** Undefined where there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  list(folder: string): Promise<string[]>;
  /** A new file that is not yet on the disk for sure. */
  write(path: string, parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Its content, and that of a folder its names, outlast a power cut from here on. */
  sync(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

async function using<T>(path: string, flags: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

export const nodeDisk: Disk = {
  read: (path) => readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }),
  list: (folder) => readdir(folder).catch(() => []),
  async write(path, parts) {
    await mkdir(dirname(path), { recursive: true });
    await using(path, "w", async (file) => {
      for await (const part of parts) await file.write(part);
    });
  },
  append: (path, bytes) => using(path, "a", async (file) => void (await file.write(bytes))),
  sync: (path) => using(path, "r", (file) => file.sync()),
  rename,
  remove: (path) => rm(path, { force: true }),
};

/** The file is the old one or the new one, whenever the power goes. */
export async function replaceFile(disk: Disk, path: string, parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const fresh = `${path}.new`;
  await disk.write(fresh, parts);
  await disk.sync(fresh);
  await disk.rename(fresh, path);
  await disk.sync(dirname(path));
}

