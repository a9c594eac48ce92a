// For tests: Node for linux/arm64 under qemu's user mode (Debian: qemu-user-static, libc6-arm64-cross, libstdc++6-arm64-cross,
// libgcc-s1-arm64-cross). Good for answers, useless for times.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../packages/slipway/src/oci/index.ts";
import { nodeFiles } from "../packages/slipway/src/image/node-binary.ts";

const QEMU = [process.env["QEMU_AARCH64"], ...(process.env["PATH"] ?? "").split(delimiter).map((p) => join(p, "qemu-aarch64-static"))].find((p) => p !== undefined && existsSync(p));
const ROOT = [process.env["QEMU_AARCH64_ROOT"], "/usr/aarch64-linux-gnu"].find((p) => p !== undefined && existsSync(join(p, "lib", "ld-linux-aarch64.so.1")));

export const ARM64_HINT = "no qemu: apt-get install qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross";

/** What runs Node for arm64 here; undefined where there is no qemu. */
export async function arm64Node(): Promise<{ readonly command: readonly [string, ...string[]]; readonly close: () => void } | undefined> {
  if (QEMU === undefined || ROOT === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "slipway-arm64-"));
  const [binary] = await nodeFiles({ os: "linux", architecture: "arm64" }, cacheFolder(process.env));
  writeFileSync(join(folder, "node"), binary!.bytes, { mode: 0o755 });
  return { command: [QEMU, "-L", ROOT, join(folder, "node")], close: () => rmSync(folder, { recursive: true, force: true }) };
}
