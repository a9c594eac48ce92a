// Programs of others that tests run: on the PATH, or built by scripts/testing-tools.sh into .tools/bin.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const own = join(import.meta.dirname, "..", ".tools", "bin");

/** The program's path, or undefined and a line that says how to get it. */
export function toolOf(name: string, how: string): string | undefined {
  for (const folder of [process.env["SLIPWAY_TEST_TOOLS"] ?? own, own, ...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Looked for in the next folder.
    }
  }
  console.warn(`SKIPPED: there is no ${name}. ${how}`);
  return undefined;
}

export function goTool(name: "crane" | "oras" | "cosign" | "helm" | "minio" | "fake-gcs-server" | "azurite"): string | undefined {
  return toolOf(name, `scripts/testing-tools.sh ${name}`);
}
