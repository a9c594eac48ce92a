// onnx.checker for tests: runs scripts/check-onnx.py where a Python with the package onnx is at hand.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonWith } from "./testing-python.ts";

const root = join(import.meta.dirname, "..");
const python = pythonWith("onnx");

export const hasOnnx: boolean = python !== undefined;

/** Model name to the first line of the error, or null. */
export function checkByPython(models: ReadonlyMap<string, Uint8Array>): Record<string, string | null> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-onnx-"));
  try {
    for (const [name, bytes] of models) writeFileSync(join(folder, `${name}.onnx`), bytes);
    const found = JSON.parse(execFileSync(python!, [join(root, "scripts/check-onnx.py"), folder], { maxBuffer: 2 ** 28, encoding: "utf8" })) as Record<string, string | null>;
    return Object.fromEntries(Object.entries(found).map(([file, error]) => [file.replace(/\.onnx$/, ""), error]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
