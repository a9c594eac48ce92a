// The lock of a model's packages, as a file beside it or in its folder.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pythonError } from "../errors.ts";
import type { PythonTarget } from "../target.ts";

export const LOCK_FILE = "requirements.lock";
const MAX_TEXT = 1 << 20;

export interface Lock {
  /** As `Requirements` has it; nothing where no package is needed. */
  readonly text: string;
  /** "3.12": the Python that it was made for, where it says so. */
  readonly python: string | undefined;
  readonly from: string;
}

/** The lock alone, for where nothing is to be chosen. @param beside as of `requirementsOf` @throws python-wheels where there is none and packages are needed; python-environment */
export function lockOf(target: PythonTarget, beside: string): Lock {
  const file = [join(target.root, LOCK_FILE), beside].find((path) => existsSync(path));
  if (file !== undefined) {
    const text = readRequirements(file);
    return { text, python: MADE_FOR.exec(readFileSync(file, "utf8").slice(0, HEAD))?.slice(1).find((v) => v !== undefined), from: file === beside ? file : LOCK_FILE };
  }
  if (target.style !== "module" || existsSync(join(target.root, "requirements.txt"))) {
    throw pythonError("python-wheels", "the model's packages are not locked", { hint: `Make ${beside}: slipway predict with --engine python --env auto writes it, for the Python of this machine; or uv pip compile --generate-hashes --python-version 3.12 ... -o ${beside}.` });
  }
  return { text: "", python: undefined, from: "no lock: only Python's own library" };
}

const HEAD = 4096;
/** In the first lines of our own locks, and of those that uv writes. */
const MADE_FOR = /^# (?:uv|pip), Python (3\.\d+)|^#.*\buv pip compile\b.*--python-version[ =](3\.\d+)/m;

/** Names, versions and hashes only: an option in such a file can name another index, or a file of this machine. @throws python-environment */
export function readRequirements(path: string): string {
  const text = readFileSync(path, "utf8");
  if (text.length > MAX_TEXT) throw pythonError("python-environment", `${path} has ${text.length} characters`, { where: path });
  const lines = text.replace(/\\\r?\n/g, " ").split(/\r?\n/).map((line) => line.replace(/\s+/g, " ").replace(/(?:^| )#.*$/, "").trim()).filter((line) => line !== "");
  const odd = lines.find((line) => !REQUIREMENT.test(line));
  if (odd !== undefined) throw pythonError("python-environment", `the line ${JSON.stringify(odd.slice(0, 100))} is no requirement that is taken`, { where: path, hint: "Names with versions, extras and markers, and hashes: numpy==2.1.0. No options, addresses or paths." });
  return `${lines.join("\n")}\n`;
}

const REQUIREMENT = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._,\s-]*\])?(?:\s*(?:==|>=|<=|!=|~=|<|>|===)\s*[A-Za-z0-9.*+!_-]+\s*,?)*(?:\s*;(?:(?!\s-)[^\\@])*)?(?:\s+--hash=sha256:[0-9a-f]{64})*$/;
