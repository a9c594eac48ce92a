// A folder, or one file, as the files of a model that is signed or verified. Links and anything else that is not a plain
// file are refused: what they lead to can change without the signature noticing.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { signingError, type ModelFiles } from "@slipway/core/signing";
import { signingFileError } from "./errors.ts";

const MAX_FILES = 100_000;

/** @throws signing-key-file, signed-name, signed-files-limit */
export async function filesOf(path: string): Promise<ModelFiles> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw signingFileError("signing-key-file", `there is nothing at ${JSON.stringify(path)}`, { hint: "Check the path: a folder, a file, a .slip package, NAME:VERSION or oci://HOST/REPOSITORY:TAG." });
  const sizes = new Map<string, number>();
  if (info.isFile()) {
    // As the reference tool names the one file that is the whole model.
    await plainSize(path, basename(path));
    sizes.set(".", info.size);
  } else await list(path, "", sizes);
  return {
    name: basename(resolve(path)), sizes,
    sha256: (name, start, end) => hashFile(name === "." ? path : join(path, name), start, end),
  };
}

async function list(root: string, folder: string, sizes: Map<string, number>): Promise<void> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) await list(root, path, sizes);
    else sizes.set(path, await plainSize(join(root, path), path));
    if (sizes.size > MAX_FILES) throw signingFileError("signed-files-limit", `${JSON.stringify(root)} has more than ${MAX_FILES} files`);
  }
}

async function plainSize(path: string, name: string): Promise<number> {
  const info = await lstat(path);
  if (!info.isFile()) throw signingError("signed-name", `${JSON.stringify(name)} is ${info.isSymbolicLink() ? "a symbolic link" : "not a plain file"}`, { hint: "Put the file itself there." });
  return info.size;
}

async function hashFile(path: string, start: number, end: number): Promise<string> {
  const hash = createHash("sha256");
  // An empty range cannot be asked of a stream.
  if (end > start) for await (const chunk of createReadStream(path, { start, end: end - 1 }) as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest("hex");
}
