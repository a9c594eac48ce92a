// The command line as an installed package has it: one bundle, whose threads have nothing to strip of types.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

const BUNDLER = new URL("../../packages/slipway/bundle.mjs", import.meta.url);

/** A file in `folder` that Node runs as `slipway`. */
export async function installedCommand(folder: string): Promise<string> {
  const { folder: bundle } = await ((await import(BUNDLER.href)) as { buildBundle: (name: string) => Promise<{ readonly folder: string }> }).buildBundle("cli");
  const path = join(folder, "slipway.mjs");
  writeFileSync(path, `import module from "node:module";\nmodule.enableCompileCache?.();\nconst { main } = await import(${JSON.stringify(join(bundle, "main.js"))});\nawait main(process.argv.slice(2));\n`);
  return path;
}
