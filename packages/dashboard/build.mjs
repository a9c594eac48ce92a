// Builds the dashboard into packages/slipway/assets/dashboard. Each text file gets its brotli and gzip forms beside it, so
// that the server compresses nothing.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { buildFolder, filesOf } from "../../scripts/built-folder.mjs";

const here = dirname(fileURLToPath(import.meta.url));

export function buildDashboard() {
  return buildFolder({
    // The tools' versions stand in the lock file.
    here, inputs: ["src", "index.html", "vite.config.ts", "package.json", "build.mjs", "../../scripts/built-folder.mjs", "../../package-lock.json"],
    target: join(here, "..", "slipway", "assets", "dashboard"),
    async build(out) {
      const { build } = await import("vite");
      await build({ root: here, configFile: join(here, "vite.config.ts"), configLoader: "native", logLevel: "warn", mode: "production", build: { outDir: out, emptyOutDir: true } });
      for (const file of filesOf(out)) {
        const bytes = readFileSync(file);
        if (bytes.length < 1024 || !/\.(?:js|css|html|svg)$/.test(file)) continue;
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { folder, built } = await buildDashboard();
  if (built) console.error(`The dashboard is built: ${folder}`);
}
