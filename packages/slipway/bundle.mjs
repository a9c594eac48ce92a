// Builds assets/bundle, the command line as it runs in images, functions and on devices, in a few files that need no
// package but onnxruntime-node; and assets/cli, the whole command line of an installed package, which starts in half the
// time that its modules one by one take. Once for each content of the sources, as the dashboard. Plain JavaScript, as it
// runs before anything else does. bundle.json lists the packages of others that went in, with their licences beside it.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { place, sourceStamp } from "../../scripts/built-folder.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const INPUTS = ["src", "../core/src", "assets/try.js", "assets/ask.js", "assets/draw.js", "assets/draw-picture.js", "assets/try.css", "assets/python", "package.json", "bundle.mjs", "../../scripts/built-folder.mjs", "../../package-lock.json"];
/** By folder in assets: what it begins with, and where its files find the other assets. */
const BUNDLES = {
  bundle: { main: "cli/container.ts", assets: "./assets/", pages: true },
  cli: { main: "cli/main.ts", assets: "../", pages: false },
};
/** Threads and processes are started by a file's name, beside the code that starts them: `new URL(fromSource ? "./x.ts" : "./x.js", ...)`. */
const STARTED = /\? "\.\/([\w-]+)\.ts" : "\.\/\1\.js"/g;
const PAGES = ["try.js", "ask.js", "draw.js", "draw-picture.js", "try.css"];
/** Native, so one for each platform: ONNX Runtime is put in beside the bundle, DuckDB (Parquet in bulk) stays out. The others are what pg would take elsewhere. */
const EXTERNAL = ["onnxruntime-node", "@duckdb/node-api", "pg-native", "cloudflare:sockets"];

/** @returns the folder with the files; `built` tells whether there was anything to do */
export async function buildBundle(name = "bundle") {
  const { main, assets, pages } = BUNDLES[name];
  const target = join(here, "assets", name);
  const stamp = sourceStamp(here, INPUTS);
  const stampFile = join(target, ".stamp");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return { folder: target, built: false };
  const { rolldown } = await import("rolldown");
  const parent = join(here, "..", "..", "node_modules", ".cache");
  mkdirSync(parent, { recursive: true });
  const work = mkdtempSync(join(parent, "bundle-"));
  try {
    const bundle = await rolldown({
      input: { [basename(main, ".ts")]: join(here, "src", main) },
      platform: "node", external: EXTERNAL, resolve: { conditionNames: ["@slipway/source", "node"] }, logLevel: "warn",
      plugins: [{ name: "one-folder", transform(code, id) { return inOneFolder.call(this, code, id, assets); } }],
    });
    const { output } = await bundle.write({
      dir: work, format: "esm", minify: true, entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js",
      // What every package needs lies apart from the importer, a megabyte that a packed model never needs.
      codeSplitting: { groups: [{ name: "onnx", test: /core[\\/]src[\\/](onnx|base|tensor)[\\/]/ }] },
    });
    if (pages) mkdirSync(join(work, "assets"));
    if (pages) for (const page of PAGES) cpSync(join(here, "assets", page), join(work, "assets", page));
    // What a Python process of a model that cannot be compiled begins with.
    if (pages) cpSync(join(here, "assets", "python"), join(work, "assets", "python"), { recursive: true, filter: (path) => !path.endsWith("__pycache__") });
    const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
    writeFileSync(join(work, "package.json"), JSON.stringify({ name: "slipway", version, type: "module", private: true }));
    const packages = packagesOf(output.flatMap((chunk) => ("moduleIds" in chunk ? chunk.moduleIds : [])));
    writeFileSync(join(work, "bundle.json"), JSON.stringify({ packages: packages.map(({ name, version, license }) => ({ name, version, license })) }, null, 2));
    writeFileSync(join(work, "LICENSES.txt"), [`slipway ${version}\n\n${licenceText(join(here, "..", ".."))}`, ...packages.map((p) => `${p.name} ${p.version} (${p.license})\n\n${licenceText(p.folder)}`)].join(`\n${"-".repeat(80)}\n\n`));
    writeFileSync(join(work, ".stamp"), stamp);
    place(work, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { folder: target, built: true };
}

/** All files lie in one folder; what is started by its name is an entry of its own. */
function inOneFolder(code, id, assets) {
  if (!id.startsWith(join(here, "src"))) return null;
  return code.replaceAll(/"(?:\.\.\/){2,3}assets\//g, `"${assets}`).replace(STARTED, (_, name) => {
    const path = join(dirname(id), `${name}.ts`);
    const fileName = `${relative(join(here, "src"), path).replace(/\.ts$/, "").replaceAll(/[\\/]/g, "-")}.js`;
    this.emitFile({ type: "chunk", id: path, fileName });
    return `? "./${name}.ts" : "./${fileName}"`;
  });
}

/** Those of others, by name. */
function packagesOf(modules) {
  const found = new Map();
  for (const id of modules) {
    const folder = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id)?.[1];
    if (folder === undefined || found.has(folder)) continue;
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    found.set(folder, { name, version, license, folder });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(basename(name)));
  return file === undefined ? "(the package has no text of its licence)\n" : readFileSync(join(folder, file), "utf8");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(BUNDLES)) {
    const { folder, built } = await buildBundle(name);
    if (built) console.error(`The bundle is built: ${folder}`);
  }
}
