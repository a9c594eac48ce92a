// Runs pip or uv: without a shell, with a bounded end of what it prints.

import { spawn } from "node:child_process";
import { pythonError } from "../errors.ts";

const KEPT = 4000;
/** Large libraries over a slow line. */
const MOST_MS = 30 * 60_000;

export interface ToolRun {
  readonly stdout: string;
}

/** @throws python-environment with the tool's own words */
export async function runTool(program: string, args: readonly string[], input = ""): Promise<ToolRun> {
  let [stdout, end] = ["", ""];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1", PYTHONNOUSERSITE: "1", UV_PYTHON_DOWNLOADS: "never" }, timeout: MOST_MS });
  child.stdin.on("error", () => undefined).end(input);
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (end = (end + text).slice(-KEPT)));
  const code = await new Promise<number | string>((done) => {
    child.once("error", (error) => done((error as NodeJS.ErrnoException).code ?? error.message));
    child.once("close", (status, signal) => done(status ?? signal ?? "unknown"));
  });
  if (code === 0) return { stdout };
  const said = (end === "" ? stdout.slice(-KEPT) : end).trim().split("\n").filter((line) => line.trim() !== "").slice(-4).join(" ");
  throw pythonError("python-environment", `${program.split("/").at(-1)} ${args.filter((a) => !a.startsWith("-")).slice(0, 2).join(" ")} ended with ${code}: ${said.slice(0, 800)}`, {
    hint: end.includes("No module named pip") ? "This interpreter has no pip: install it, or uv (--env uv)." : "Is there a version of each package for this interpreter? Another one is named with --python; what to install, in a requirements.txt beside the model." });
}

/** Whether a program answers to --version. */
export function answers(program: string): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(program, ["--version"], { stdio: "ignore" });
    child.once("error", () => done(false));
    child.once("close", (code) => done(code === 0));
  });
}
