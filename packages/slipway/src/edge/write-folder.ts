// A plan's files into a folder: all of them or none, beside nothing that is not ours.

import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { edgeFolderError } from "./errors.ts";
import { MANIFEST } from "./manifest.ts";

/** What an earlier run wrote is replaced as a whole. @throws edge-folder */
export async function writeFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const target = resolve(folder);
  const there = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw edgeFolderError("edge-folder", `${JSON.stringify(folder)} is no folder that can be read`, { cause: error });
  });
  if (there !== undefined && there.length > 0 && !(await isOurs(target))) throw edgeFolderError("edge-folder", `${JSON.stringify(folder)} is not empty, and slipway edge did not write it`, { hint: "Name an empty folder or a new one." });
  await mkdir(dirname(target), { recursive: true });
  const fresh = await mkdtemp(join(dirname(target), `.${basename(target)}.`));
  try {
    for (const [path, bytes] of files) {
      await mkdir(dirname(join(fresh, path)), { recursive: true });
      await writeFile(join(fresh, path), bytes);
    }
    // mkdtemp's is for its owner alone; a web server is often somebody else.
    await chmod(fresh, 0o755);
    await rm(target, { recursive: true, force: true });
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

async function isOurs(folder: string): Promise<boolean> {
  try {
    const { tool } = JSON.parse(await readFile(join(folder, MANIFEST), "utf8")) as { tool?: { name?: unknown } };
    return tool?.name === "slipway";
  } catch {
    return false;
  }
}
