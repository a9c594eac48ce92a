// An environment for a model that Python runs, because the user asked for one: locked, with hashes, made once and kept.
//
// The lock lies beside the model (`MODEL.lock`), or in its folder as requirements.lock; where there is none, pip or uv find one and
// it is written beside the model, for the next start and other machines. Environments are kept by what is in them: the lock, the
// interpreter's version, the machine's kind. Nothing is fetched where the environment is there.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { pythonError } from "../errors.ts";
import type { PythonTarget } from "../target.ts";
import { lockWithPip, lockWithUv, type EnvironmentTool } from "./lock.ts";
import { requirementsOf } from "./requirements.ts";
import { answers, runTool } from "./run-tool.ts";

export interface MadeEnvironment {
  /** Its interpreter. */
  readonly interpreter: string;
  readonly notes: readonly string[];
}
export const ENVIRONMENT_TOOLS = ["auto", "uv", "pip"] as const;

const DONE = "slipway-environment";
const inside = (folder: string, name: string): string => (process.platform === "win32" ? join(folder, "Scripts", `${name}.exe`) : join(folder, "bin", name));

/** @param argument the model's path @param base the interpreter that the environment is of @throws python-environment, python-missing */
export async function makeEnvironment(argument: string, target: PythonTarget, base: string, wanted: (typeof ENVIRONMENT_TOOLS)[number]): Promise<MadeEnvironment> {
  const beside = `${argument.replace(/[/\\]+$/, "").replace(/#[^/\\]*$/, "")}.lock`;
  const { text, locked, from, notes } = requirementsOf(target, beside);
  const version = await interpreterVersion(base);
  const tool: EnvironmentTool = wanted === "auto" ? ((await answers("uv")) ? "uv" : "pip") : wanted;
  const scratch = mkdtempSync(join(tmpdir(), "slipway-environment-"));
  try {
    const file = join(scratch, "requirements.txt");
    writeFileSync(file, text);
    const lock = locked ? text : await resolved(tool, base, file, scratch);
    if (!lock.includes("--hash=sha256:")) {
      throw locked ? pythonError("python-environment", `${from} names no hashes`, { where: from, hint: "Delete it to have it made anew, or make it with: uv pip compile --generate-hashes." })
        : pythonError("python-environment", `${from} names no package`, { where: from, hint: "Name those that the model needs, one a line." });
    }
    if (!locked) writeFileSync(beside, `# ${tool}, Python ${version}, ${process.platform} ${process.arch}; from ${from}. Made by slipway; delete it to choose anew.\n${lock}`);
    const folder = join(cacheFolder(), createHash("sha256").update(JSON.stringify([lock, version, process.platform, process.arch])).digest("hex").slice(0, 32));
    const told = locked ? `environment locked by ${from}` : `environment locked from ${from}: ${beside}`;
    if (existsSync(join(folder, DONE))) return { interpreter: inside(folder, "python"), notes: [...notes, `${told}, made before`] };
    writeFileSync(file, lock);
    await install(tool, base, file, folder);
    return { interpreter: inside(folder, "python"), notes: [...notes, `${told}, made now with ${tool}`] };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function resolved(tool: EnvironmentTool, base: string, file: string, scratch: string): Promise<string> {
  return tool === "uv" ? lockWithUv("uv", base, file) : lockWithPip(base, file, scratch);
}

/** Made aside and put into its place whole; who comes second throws its own away. */
async function install(tool: EnvironmentTool, base: string, file: string, folder: string): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
  const making = `${folder}.${process.pid}-${Date.now()}`;
  try {
    if (tool === "uv") {
      await runTool("uv", ["venv", "--quiet", "--python", base, making]);
      await runTool("uv", ["pip", "install", "--quiet", "--require-hashes", "--no-build", "--no-deps", "--python", inside(making, "python"), "-r", file]);
    } else {
      // The interpreter's own pip installs into it; a pip in every environment would only take time and room.
      await runTool(base, ["-m", "venv", "--without-pip", making]);
      await runTool(base, ["-m", "pip", "--python", inside(making, "python"), "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", file]);
    }
    writeFileSync(join(making, DONE), "");
    try {
      renameSync(making, folder);
    } catch (error) {
      if (!existsSync(join(folder, DONE))) throw error;
    }
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

function cacheFolder(): string {
  const cache = process.env["SLIPWAY_CACHE"] ?? process.env["XDG_CACHE_HOME"] ?? (process.platform === "win32" ? process.env["LOCALAPPDATA"] : undefined) ?? join(homedir(), ".cache");
  return join(cache, "slipway", "python");
}

/** @throws python-missing */
async function interpreterVersion(base: string): Promise<string> {
  if (!(await answers(base))) throw pythonError("python-missing", `there is no Python at ${JSON.stringify(base)}`, { hint: "Name one with --python." });
  return (await runTool(base, ["-I", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"])).stdout.trim();
}
