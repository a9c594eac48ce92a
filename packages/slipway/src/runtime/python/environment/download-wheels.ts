// The wheels that a lock names, for the Python and the platform of an image, whatever this machine has: brought by pip with its
// own settings for registries and proxies, each checked against the lock's hashes. Only wheels are taken, so that nothing of a
// package runs.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { pythonError } from "../errors.ts";
import { runTool } from "./run-tool.ts";

export interface WheelTarget {
  /** "3.12" */
  readonly version: string;
  /** "3.12.4" */
  readonly full: string | undefined;
  readonly architecture: "amd64" | "arm64";
  /** "2.36": what manylinux tags are measured by. */
  readonly glibc: string;
}
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

interface Locked {
  readonly name: string;
  readonly version: string;
  readonly marker: string | undefined;
  readonly hashes: readonly string[];
  readonly line: string;
}

const MACHINE = { amd64: "x86_64", arm64: "aarch64" } as const;
/** PEP 600 counts from here; PEP 513, 571 and 599 have names of their own for three of them. */
const OLDEST_GLIBC = 5;
const OLD_NAMES: Readonly<Record<number, string>> = { 5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014" };
const LINE = /^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;,]+)\s*(?:;\s*(.*?))?((?:\s+--hash=sha256:[0-9a-f]{64})+)$/;
/** As pip itself reads markers, for another machine than this one. */
const MARKERS = "import json, sys\nfrom pip._vendor.packaging.markers import Marker\nenvironment, markers = json.load(sys.stdin)\nprint(json.dumps([Marker(m).evaluate(environment) for m in markers]))";

/** @param lock lines as `requirementsOf` gives them @param pip an interpreter that has pip @param scratch an empty folder @throws python-wheels */
export async function downloadWheels(lock: string, target: WheelTarget, pip: string, scratch: string): Promise<Wheel[]> {
  const wanted = await wantedBy(lock.split("\n").filter((line) => line !== "").map(readLine), target, pip);
  if (wanted.length === 0) return [];
  const file = join(scratch, "requirements.txt");
  const folder = join(scratch, "wheels");
  writeFileSync(file, wanted.map(({ line }) => `${line}\n`).join(""));
  const platform = `linux/${target.architecture}, Python ${target.version}, glibc ${target.glibc}`;
  await runTool(pip, ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--implementation", "cp", "--python-version", target.version, ...platformTags(target).flatMap((tag) => ["--platform", tag]), "--dest", folder, "-r", file]).catch((error: unknown) => {
    if (!(error instanceof SlipwayError)) throw error;
    const lacking = /No matching distribution found for (\S+)/.exec(error.message)?.[1];
    throw lacking === undefined ? pythonError("python-wheels", `the wheels for ${platform} cannot be had: ${error.message}`, { hint: /HASH/i.test(error.message) ? "The lock names files of another platform or version. Make it for the image's: uv pip compile --generate-hashes names those of all." : "Is there a network, and does pip's index have them?", cause: error })
      : pythonError("python-wheels", `there is no wheel of ${lacking.slice(0, 100)} for ${platform}`, { hint: "Packages that exist as source only would have to run code to be built: build a wheel of it yourself, and let pip find it (PIP_FIND_LINKS).", cause: error });
  });
  return readdirSync(folder).sort().map((name) => {
    const bytes = readFileSync(join(folder, name));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const [project, version] = name.split("-");
    const found = wanted.find((w) => normal(w.name) === normal(project!) && w.hashes.includes(sha256));
    if (found === undefined || !name.endsWith(".whl")) throw pythonError("python-wheels", `pip brought ${name}, which the lock does not name (${version ?? "no version"}, sha256:${sha256})`);
    return { name: normal(found.name), version: found.version, file: name, sha256, bytes };
  });
}

function readLine(line: string): Locked {
  const [, name, version, marker, hashes] = LINE.exec(line) ?? [];
  if (name === undefined) throw pythonError("python-wheels", `the line ${JSON.stringify(line.slice(0, 100))} is not locked: NAME==VERSION with the hashes of its files`, { hint: "Make the lock with uv pip compile --generate-hashes, or pip-compile --generate-hashes." });
  return { name, version: version!, marker, hashes: [...hashes!.matchAll(/[0-9a-f]{64}/g)].map(([hash]) => hash), line: `${name}==${version}${hashes}` };
}

/** Those whose marker holds in the image. */
async function wantedBy(locked: readonly Locked[], { version, full, architecture }: WheelTarget, pip: string): Promise<Locked[]> {
  const markers = [...new Set(locked.flatMap(({ marker }) => marker ?? []))];
  if (markers.length === 0) return [...locked];
  const environment = {
    python_version: version, python_full_version: full ?? `${version}.0`, implementation_version: full ?? `${version}.0`, implementation_name: "cpython", platform_python_implementation: "CPython",
    os_name: "posix", sys_platform: "linux", platform_system: "Linux", platform_machine: MACHINE[architecture], platform_release: "", platform_version: "", extra: "",
  };
  const { stdout } = await runTool(pip, ["-I", "-c", MARKERS], JSON.stringify([environment, markers])).catch((cause: unknown) => Promise.reject(pythonError("python-wheels", `the lock's conditions cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })));
  const holds = JSON.parse(stdout) as boolean[];
  return locked.filter(({ marker }) => marker === undefined || holds[markers.indexOf(marker)] === true);
}

/** The platform's tags, the nearest to its C library first. */
export function platformTags({ architecture, glibc }: Pick<WheelTarget, "architecture" | "glibc">): string[] {
  const machine = MACHINE[architecture];
  const tags: string[] = [];
  for (let minor = Number(glibc.split(".")[1]); minor >= OLDEST_GLIBC; minor--) tags.push(`manylinux_2_${minor}_${machine}`, ...(OLD_NAMES[minor] === undefined ? [] : [`${OLD_NAMES[minor]}_${machine}`]));
  return [...tags, `linux_${machine}`];
}

function normal(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}
