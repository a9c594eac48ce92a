// What a model's environment is made of: the lock file beside it or in its folder, else its folder's requirements.txt, else the
// versions that its pickle tells.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pythonRequirements, readSource } from "@slipway/core/convert";
import { pythonError } from "../errors.ts";
import type { PythonTarget } from "../target.ts";
import { LOCK_FILE, readRequirements } from "./lock-file.ts";

export interface Requirements {
  /** As pip and uv take them, one a line. */
  readonly text: string;
  /** Whether every package is named with its version and hashes already. */
  readonly locked: boolean;
  /** Where they are from, for people. */
  readonly from: string;
  readonly notes: readonly string[];
}

/** @param beside the lock file that was made for this model before @throws python-environment */
export function requirementsOf(target: PythonTarget, beside: string): Requirements {
  const { root } = target;
  const inside = [LOCK_FILE, "requirements.txt"].find((name) => existsSync(join(root, name)));
  if (inside === LOCK_FILE) return { text: readRequirements(join(root, inside)), locked: true, from: inside, notes: [] };
  if (existsSync(beside)) return { text: readRequirements(beside), locked: true, from: beside, notes: [] };
  if (inside !== undefined) return { text: readRequirements(join(root, inside)), locked: false, from: inside, notes: [] };
  if (target.style !== "pickle") throw pythonError("python-environment", "nothing says which packages the model needs", { hint: "Put a requirements.txt beside its modules." });
  const { packages, unknown } = pythonRequirements(readSource(readFileSync(target.path)).pickle);
  if (packages.length === 0) throw pythonError("python-environment", "the file names no package that Slipway knows", { hint: "Put it into a folder with a requirements.txt." });
  return {
    text: `${packages.join("\n")}\n`, locked: false, from: "the versions in the file",
    notes: unknown.length === 0 ? [] : [`modules of no package that Slipway knows: ${unknown.slice(0, 10).join(", ")}; where they are not beside the model, put it into a folder with a requirements.txt`],
  };
}
