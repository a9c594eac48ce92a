// An export of a registry: an OCI image layout with two files beside it, as a folder or as one tar.
//
//   registry.json   the tables: models, versions, aliases and their moves, attachments
//   audit.jsonl     the audit log, where everything was exported
//   history.jsonl   entries of other registries' logs that came here with an import; of an export of some models also this
//                   log's entries about them
//   oci-layout, index.json, blobs/sha256/...   packages and attachments, as every OCI tool reads them
//
// Files are written to a temporary place beside the target, which appears whole or not at all.

import { randomBytes } from "node:crypto";
import { access, mkdir, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parseTarHeader, tarHeader } from "@slipway/core/formats";
import { registryError } from "../errors.ts";

const BLOCK = 512;
const MAX_ENTRIES = 1_000_000;

export interface BundleWriter {
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Puts the export in its place. */
  finish(): Promise<void>;
  /** Removes what was written. */
  abandon(): Promise<void>;
}
export interface BundleReader {
  /** Undefined where there is no such file. @throws registry-export when it has more bytes */
  read(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}

/** A tar where the name ends in .tar, else a folder. @throws registry-export-exists */
export async function createBundle(target: string): Promise<BundleWriter> {
  const place = resolve(target);
  if (await access(place).then(() => true, () => false)) throw registryError("registry-export-exists", `${JSON.stringify(target)} exists already`, { hint: "Name another, or remove it." });
  const temporary = join(dirname(place), `.${basename(place)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    return place.endsWith(".tar") ? await TarWriter.create(place, temporary) : await FolderWriter.create(place, temporary);
  } catch (error) {
    throw registryError("registry-export-exists", `${JSON.stringify(target)} cannot be made (${(error as NodeJS.ErrnoException).code ?? "unknown"})`, { hint: "Check that the folder exists and that you may write there.", cause: error });
  }
}

class FolderWriter implements BundleWriter {
  readonly #place: string;
  readonly #temporary: string;
  private constructor(place: string, temporary: string) {
    this.#place = place;
    this.#temporary = temporary;
  }
  static async create(place: string, temporary: string): Promise<FolderWriter> {
    await mkdir(temporary);
    await mkdir(join(temporary, "blobs", "sha256"), { recursive: true });
    return new FolderWriter(place, temporary);
  }
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const file = await open(join(this.#temporary, path), "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  async finish(): Promise<void> {
    await rename(this.#temporary, this.#place);
  }
  async abandon(): Promise<void> {
    await rm(this.#temporary, { recursive: true, force: true });
  }
}

class TarWriter implements BundleWriter {
  readonly #place: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  private constructor(place: string, temporary: string, file: FileHandle) {
    this.#place = place;
    this.#temporary = temporary;
    this.#file = file;
  }
  static async create(place: string, temporary: string): Promise<TarWriter> {
    return new TarWriter(place, temporary, await open(temporary, "wx"));
  }
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#file.writeFile(tarHeader(path, bytes.length));
    await this.#file.writeFile(bytes);
    await this.#file.writeFile(new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  }
  async finish(): Promise<void> {
    await this.#file.writeFile(new Uint8Array(2 * BLOCK));
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#temporary, this.#place);
  }
  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(this.#temporary, { force: true });
  }
}

/** @throws registry-export */
export async function openBundle(source: string): Promise<BundleReader> {
  const info = await stat(source).catch(() => undefined);
  if (info === undefined) throw registryError("registry-export", `there is no ${JSON.stringify(source)}`, { hint: "Give the folder or .tar that slipway registry export wrote." });
  if (info.isDirectory()) return { read: (path, maxBytes) => readWhole(join(source, path), path, maxBytes), close: () => Promise.resolve() };
  if (!info.isFile()) throw registryError("registry-export", `${JSON.stringify(source)} is neither a folder nor a file`, { hint: "Give the folder or .tar that slipway registry export wrote." });
  return openTar(source, info.size);
}

async function openTar(source: string, size: number): Promise<BundleReader> {
  const file = await open(source, "r");
  try {
    const files = new Map<string, { readonly at: number; readonly size: number }>();
    for (let at = 0; at + BLOCK <= size;) {
      const entry = parseTarHeader(await readAt(file, at, BLOCK, source), at);
      if (entry === undefined) break;
      if (entry.size > size - at - BLOCK) throw registryError("registry-export", `${entry.path} should have ${entry.size} bytes, but the file ends before`, { where: `byte ${at}`, hint: "The file is cut off: copy it again." });
      if (!entry.folder) {
        if (files.has(entry.path)) throw registryError("registry-export", `${JSON.stringify(entry.path)} is there twice`, { where: `byte ${at}`, hint: "slipway registry export writes each file once: export again." });
        files.set(entry.path, { at: at + BLOCK, size: entry.size });
        if (files.size > MAX_ENTRIES) throw registryError("registry-export", `the file has more than ${MAX_ENTRIES} entries`, { hint: "Export some models at a time: slipway registry export TARGET MODEL ..." });
      }
      at += BLOCK + Math.ceil(entry.size / BLOCK) * BLOCK;
    }
    return {
      async read(path, maxBytes) {
        const entry = files.get(path);
        if (entry === undefined) return undefined;
        if (entry.size > maxBytes) throw tooLarge(path, entry.size, maxBytes);
        return readAt(file, entry.at, entry.size, path);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readAt(file: FileHandle, at: number, size: number, what: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let done = 0; done < size;) {
    const { bytesRead } = await file.read(bytes, done, Math.min(size - done, 16 << 20), at + done);
    if (bytesRead === 0) throw registryError("registry-export", `${what} ends before its end`, { hint: "Copy it again." });
    done += bytesRead;
  }
  return bytes;
}

async function readWhole(path: string, name: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined || !info.isFile()) return undefined;
  if (info.size > maxBytes) throw tooLarge(name, info.size, maxBytes);
  const file = await open(path, "r");
  try {
    return await readAt(file, 0, info.size, name);
  } finally {
    await file.close();
  }
}

function tooLarge(path: string, size: number, maxBytes: number): Error {
  return registryError("registry-export", `${path} has ${size} bytes; at most ${maxBytes} are expected there`, { hint: "It was changed, or is no export. Copy it again, or export again." });
}
