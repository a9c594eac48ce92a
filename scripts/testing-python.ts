// The Python whose libraries some tests take for the truth: SLIPWAY_PYTHON, or .venv in the checkout, or python3.
// Made ready by: python3 -m venv .venv && .venv/bin/pip install -r scripts/requirements-test.txt

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const own = join(import.meta.dirname, "..", ".venv", "bin", "python");
const python: string = process.env["SLIPWAY_PYTHON"] ?? (existsSync(own) ? own : "python3");

/** That Python, if it has these modules; else undefined, and a line that says how to get them. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  try {
    execFileSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
    return python;
  } catch {
    console.warn(`SKIPPED: ${python} has no ${modules.join(", ")}. python3 -m venv .venv && .venv/bin/pip install -r scripts/requirements-test.txt`);
    return undefined;
  }
}
