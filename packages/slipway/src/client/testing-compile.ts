// Type-checks files with the strictest settings that people use, as a process of its own.

import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MODULES = fileURLToPath(new URL("../../../../node_modules/", import.meta.url));

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-client-"));
  writeFileSync(join(folder, "package.json"), '{"type": "module"}');
  return folder;
}

/** What tsc says; empty where all is well. `platform`: whose globals there are. */
export function compile(folder: string, files: readonly string[], platform: "browser" | "node"): string {
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({
    compilerOptions: {
      noEmit: true, strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noImplicitOverride: true, noImplicitReturns: true, noPropertyAccessFromIndexSignature: true,
      noUnusedLocals: true, noUnusedParameters: true, isolatedDeclarations: true, declaration: true, verbatimModuleSyntax: true, erasableSyntaxOnly: true, allowImportingTsExtensions: true,
      target: "ES2022", module: "NodeNext", moduleResolution: "NodeNext",
      ...(platform === "browser" ? { lib: ["ES2022", "DOM"], types: [] } : { lib: ["ES2022"], types: ["node"], typeRoots: [join(NODE_MODULES, "@types")] }),
    },
    files,
  }));
  return spawnSync(process.execPath, [join(NODE_MODULES, ".bin", "tsc"), "-p", folder], { encoding: "utf8" }).stdout;
}
