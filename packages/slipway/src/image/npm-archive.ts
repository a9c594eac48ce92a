// A package of npm's registry for an image, of one version, through the user's own npm with its registry, proxy and credentials;
// checked against a digest that stands in our source, whoever sent it, and kept in the cache.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readTar } from "@slipway/core/formats";
import { imageError } from "./errors.ts";

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 in base64, as npm's metadata has it. */
  readonly integrity: string;
}

const MAX_UNPACKED = 512 << 20;

/** Its files by path, below "package/". @throws image-node */
export async function npmFiles(wanted: NpmPackage, cacheFolder: string, hint: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const archive = readTar(await promisify(gunzip)(await npmArchive(wanted, cacheFolder, hint), { maxOutputLength: MAX_UNPACKED }));
  return new Map(archive.filter(({ path }) => path.startsWith("package/")).map(({ path, bytes }) => [path.slice("package/".length), bytes]));
}

async function npmArchive({ name, version, integrity }: NpmPackage, cacheFolder: string, hint: string): Promise<Uint8Array> {
  // As npm calls the archive of a package with a scope.
  const file = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
  const folder = join(cacheFolder, "node");
  const kept = join(folder, file);
  const intact = (bytes: Uint8Array): boolean => createHash("sha512").update(bytes).digest("base64") === integrity;
  const known = await readFile(kept).catch(() => undefined);
  if (known !== undefined && intact(known)) return known;
  const work = await mkdtemp(join(tmpdir(), "slipway-npm-"));
  try {
    // A shell finds npm.cmd on Windows; nothing from outside is in the words.
    await promisify(execFile)("npm", ["pack", "--silent", "--ignore-scripts", `${name}@${version}`], { cwd: work, shell: process.platform === "win32" }).catch((cause: unknown) => {
      const said = (cause as { stderr?: string }).stderr?.trim().split("\n").at(-1) ?? "";
      throw imageError("image-node", `npm could not bring ${name}@${version}: ${said || (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0]!}`.slice(0, 400), { hint: `Check npm's registry and network (npm ping)${hint}.`, cause });
    });
    const packed = join(work, file);
    const bytes = await readFile(packed);
    if (!intact(bytes)) throw imageError("image-node", `${name}@${version} from npm's registry is not the archive that was published: its SHA-512 differs`, { hint: "Ask whoever runs the registry; nothing of it was used." });
    await mkdir(folder, { recursive: true, mode: 0o700 }).then(() => rename(packed, kept)).catch(() => undefined);
    return bytes;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
