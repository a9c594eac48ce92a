// From requirements to a lock: every package that is needed, with its version and the hashes of its files. Only built packages
// (wheels) are taken, so that nothing of a package runs while it is installed.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pythonError } from "../errors.ts";
import { runTool } from "./run-tool.ts";

export type EnvironmentTool = "uv" | "pip";

interface Report {
  readonly install: readonly { readonly metadata: { readonly name: string; readonly version: string }; readonly download_info: { readonly archive_info?: { readonly hash?: string; readonly hashes?: { readonly sha256?: string } } } }[];
}

/** @param scratch a folder to write in @throws python-environment */
export async function lockWithPip(python: string, requirements: string, scratch: string): Promise<string> {
  const report = join(scratch, "report.json");
  await runTool(python, ["-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--report", report, "-r", requirements]);
  const { install } = JSON.parse(readFileSync(report, "utf8")) as Report;
  return install.map(({ metadata: { name, version }, download_info: { archive_info: info } }) => {
    const hash = info?.hashes?.sha256 ?? info?.hash?.replace(/^sha256=/, "");
    if (hash === undefined || !/^[0-9a-f]{64}$/.test(hash)) throw pythonError("python-environment", `pip tells no hash of ${name} ${version}`, { hint: "A newer pip (23 or later) does; or --env uv." });
    return `${name.toLowerCase().replace(/[-_.]+/g, "-")}==${version} --hash=sha256:${hash}`;
  }).sort().join("\n").concat("\n");
}

/** @throws python-environment */
export async function lockWithUv(uv: string, python: string, requirements: string): Promise<string> {
  const { stdout } = await runTool(uv, ["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes", "--no-build", "--python", python, requirements]);
  return stdout.replace(/\\\n\s*/g, "").replace(/[ \t]+/g, " ");
}
