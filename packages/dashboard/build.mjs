// Builds the dashboard into packages/slipway/assets/dashboard, once for each content of its sources: the stamp beside the
// files is their hash. Plain JavaScript, as it runs before anything else does. Each text file gets its brotli and gzip
// forms beside it, so that the server compresses nothing.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { filesOf, place, sourceStamp } from "../../scripts/built-folder.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "slipway", "assets", "dashboard");
/** What the result depends on; the tools' versions stand in the lock file. */
const INPUTS = ["src", "index.html", "vite.config.ts", "package.json", "build.mjs", "../../scripts/built-folder.mjs", "../../package-lock.json"];

/** @returns the folder with the files; `built` tells whether there was anything to do */
export async function buildDashboard() {
  const stamp = sourceStamp(here, INPUTS);
  const stampFile = join(target, ".stamp");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return { folder: target, built: false };
  const { build } = await import("vite");
  const parent = join(here, "..", "..", "node_modules", ".cache");
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, "dashboard-"));
  try {
    const out = join(work, "out");
    await build({ root: here, configFile: join(here, "vite.config.ts"), configLoader: "native", logLevel: "warn", mode: "production", build: { outDir: out, emptyOutDir: true } });
    for (const file of filesOf(out)) {
      const bytes = readFileSync(file);
      if (bytes.length < 1024 || !/\.(?:js|css|html|svg)$/.test(file)) continue;
      writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
      writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
    }
    writeFileSync(join(out, ".stamp"), stamp);
    place(out, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { folder: target, built: true };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { folder, built } = await buildDashboard();
  if (built) console.error(`The dashboard is built: ${folder}`);
}
