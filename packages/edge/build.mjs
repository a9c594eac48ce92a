// Builds @slipway/edge for pages into packages/slipway/assets/edge: slipway-edge.js, which a page imports, worker.js, which
// it starts, and what both share; and device/device.mjs, the program of a device. `slipway edge` copies these files beside a
// package.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFolder } from "../../scripts/built-folder.mjs";

const here = dirname(fileURLToPath(import.meta.url));

export function buildEdge() {
  return buildFolder({
    here, inputs: ["src", "../core/src", "package.json", "build.mjs", "../../scripts/built-folder.mjs", "../../package-lock.json"],
    target: join(here, "..", "slipway", "assets", "edge"),
    async build(out) {
      const { build } = await import("rolldown");
      await build({
        input: { "slipway-edge": join(here, "src", "index.ts"), worker: join(here, "src", "worker.ts") },
        platform: "browser", logLevel: "warn", tsconfig: false,
        resolve: { conditionNames: ["@slipway/source", "import", "browser", "default"] },
        output: { dir: out, format: "esm", minify: true, entryFileNames: "[name].js", chunkFileNames: "[name].js", comments: false },
      });
      // For React Native: one file, without what Hermes lacks.
      const native = join(here, "src", "native");
      await build({
        input: { "slipway-native": join(native, "index.ts") }, platform: "neutral", logLevel: "warn", tsconfig: false,
        resolve: { conditionNames: ["@slipway/source", "import", "default"] },
        transform: { target: "es2020", inject: { TextDecoder: [join(native, "text.ts"), "TextDecoder"], TextEncoder: [join(native, "text.ts"), "TextEncoder"] } },
        plugins: [{ name: "hashes", resolveId: (id, importer) => (id.endsWith("/sha256.ts") && !importer?.startsWith(native) ? join(native, "sha256.ts") : null) }],
        output: { dir: join(out, "native"), format: "esm", minify: true, entryFileNames: "[name].js", codeSplitting: false, comments: false },
      });
      // The program of a device: one file.
      await build({
        input: { device: join(here, "src", "device", "main.ts") }, platform: "node", logLevel: "warn", tsconfig: false,
        resolve: { conditionNames: ["@slipway/source", "node", "import", "default"] },
        output: { dir: join(out, "device"), format: "esm", minify: true, entryFileNames: "[name].mjs", codeSplitting: false, comments: false },
      });
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { folder, built } = await buildEdge();
  if (built) console.error(`The browser's module is built: ${folder}`);
}
