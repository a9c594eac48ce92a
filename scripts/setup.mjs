// Makes the checkout ready: installs the locked packages once, and again when the lock file changes.
// Plain JavaScript that runs on any Node from 18 on, because it runs before anything is installed.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Installs if needed; returns the path of the project's own Node. */
export function setUp() {
  const stamp = join(root, "node_modules", ".slipway-lock");
  const lock = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
  const node = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock && existsSync(node)) return node;

  console.error("Installing packages (once) ...");
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm && /\.c?js$/.test(npm) ? [process.execPath, npm] : ["npm"];
  const done = spawnSync(command, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32" && first.length === 0,
    // onnxruntime-node would download a GPU build; the CPU library is inside its package.
    env: { ...process.env, npm_config_onnxruntime_node_install: "skip", npm_config_engine_strict: "false" },
  });
  if (done.status !== 0 || !existsSync(node)) {
    console.error("The packages could not be installed. Look at npm's message above; `npm ci` repeats this step.");
    process.exit(done.status || 1);
  }
  writeFileSync(stamp, lock);
  // Built again by themselves when their sources change; here, so that the first `slipway up` is there at once.
  for (const name of ["dashboard", "edge"]) spawnSync(node, [join(root, "packages", name, "build.mjs")], { cwd: root, stdio: ["ignore", 2, 2] });
  return node;
}
