// onnx.checker for tests: runs scripts/check-onnx.py where a Python with the package onnx is at hand
// (SLIPWAY_PYTHON, or .venv in the checkout, or python3).

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const python = [process.env["SLIPWAY_PYTHON"], join(root, ".venv/bin/python")].find((p) => p !== undefined && existsSync(p)) ?? "python3";

export const hasOnnx: boolean = ((): boolean => {
  try {
    execFileSync(python, ["-c", "import onnx"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("SKIPPED: agreement with onnx.checker. Set SLIPWAY_PYTHON to a Python that has the package onnx.");
    return false;
  }
})();

/** Model name to the first line of the error, or null. */
export function checkByPython(models: ReadonlyMap<string, Uint8Array>): Record<string, string | null> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-onnx-"));
  try {
    for (const [name, bytes] of models) writeFileSync(join(folder, `${name}.onnx`), bytes);
    const found = JSON.parse(execFileSync(python, [join(root, "scripts/check-onnx.py"), folder], { maxBuffer: 2 ** 28, encoding: "utf8" })) as Record<string, string | null>;
    return Object.fromEntries(Object.entries(found).map(([file, error]) => [file.replace(/\.onnx$/, ""), error]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
