// The bundles, built from the sources: the one that images hold, and the installed command line's.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { CHURN_ROW, churnSlip } from "../../../../scripts/testing-models.ts";
import { onnxRuntimeFiles, SERVER_FOLDER, SERVER_MAIN, serverFiles } from "./runtime-files.ts";

/** The files by whose names threads and processes are started. */
const startedBy = (code: string): string[] => [...code.matchAll(/\?`\.\/[\w-]+\.ts`:`\.\/([\w-]+\.js)`/g)].map((m) => m[1]!);

it("holds every file that its threads and processes are started by, and the licences of what is in it", async () => {
  const { files, packages } = await serverFiles();
  const names = new Set(files.map(({ path }) => path.slice(SERVER_FOLDER.length + 1)));
  const code = files.filter(({ path }) => path.endsWith(".js")).map(({ bytes }) => new TextDecoder().decode(bytes)).join("\n");
  expect(startedBy(code).length).toBeGreaterThan(4);
  expect(startedBy(code).filter((name) => !names.has(name))).toEqual([]);
  expect(names.has("assets/try.js")).toBe(true);
  const licences = new TextDecoder().decode(files.find(({ path }) => path.endsWith("/LICENSES.txt"))!.bytes);
  for (const { name, version } of packages) expect(licences).toContain(`${name} ${version}`);
});

it("the command line's holds what it starts, finds the other assets beside it, and serves a package without the importer", async () => {
  const { buildBundle } = await import("../../bundle.mjs" as string) as { buildBundle: (name: string) => Promise<{ folder: string }> };
  const { folder } = await buildBundle("cli");
  const files = readdirSync(folder);
  const scripts = files.filter((name) => name.endsWith(".js")).map((name) => ({ name, code: readFileSync(join(folder, name), "utf8") }));
  const code = scripts.map((s) => s.code).join("\n");
  expect(startedBy(code).length).toBeGreaterThan(8);
  expect(startedBy(code).filter((name) => !files.includes(name))).toEqual([]);
  const assets = [...code.matchAll(/`\.\.\/(dashboard|bundle|python|client-base)[`./]/g)].map((m) => m[1]!);
  expect(new Set(assets)).toEqual(new Set(["dashboard", "bundle", "python", "client-base"]));

  const reached = (name: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const [, to] of scripts.find((s) => s.name === name)!.code.matchAll(/(?:from|import)["`]\.\/([\w-]+\.js)["`]/g)) reached(to!, seen);
    return seen;
  };
  // `onnx` is asked for once a package is open.
  const begin = scripts.map((s) => s.name).filter((name) => /^(serve|onnx)-/.test(name));
  expect(begin.length).toBeGreaterThan(1);
  expect(begin.flatMap((name) => [...reached(name)]).filter((name) => name.startsWith("import-model"))).toEqual([]);
});

it("takes of ONNX Runtime one platform's two libraries", async () => {
  for (const architecture of ["amd64", "arm64"] as const) {
    const { files } = await onnxRuntimeFiles({ os: "linux", architecture });
    const native = files.map(({ path }) => path).filter((path) => path.includes("/bin/"));
    expect(native.map((path) => path.slice(path.lastIndexOf("/") + 1)).sort()).toEqual(["libonnxruntime.so.1", "onnxruntime_binding.node"]);
    expect(native.every((path) => path.includes(architecture === "amd64" ? "/x64/" : "/arm64/"))).toBe(true);
  }
});

it.skipIf(process.platform !== "linux")("predicts in bulk without DuckDB, and names what needs it", async () => {
  const root = mkdtempSync(join(tmpdir(), "slipway-bundle-"));
  const at = (path: string): string => join(root, path);
  try {
    const architecture = process.arch === "arm64" ? "arm64" : "amd64";
    for (const { files } of [await serverFiles(), await onnxRuntimeFiles({ os: "linux", architecture })]) {
      for (const { path, bytes } of files) {
        mkdirSync(dirname(at(path)), { recursive: true });
        writeFileSync(at(path), bytes);
      }
    }
    writeFileSync(at("churn.slip"), await churnSlip("1.0.0"));
    writeFileSync(at("in.jsonl"), `${JSON.stringify(CHURN_ROW)}\n`.repeat(3));
    const batch = (...args: string[]): ReturnType<typeof spawnSync> => spawnSync(process.execPath, [at(SERVER_MAIN), "batch", at("churn.slip"), "--in", at("in.jsonl"), "--out", at("out.csv"), "--json", ...args], { encoding: "utf8" });
    const refused = batch("--query", "select * from input");
    expect([refused.status, `${refused.stdout}${refused.stderr}`]).toEqual([expect.any(Number), expect.stringContaining("batch-duckdb")]);
    const done = batch();
    expect([done.status, done.stderr]).toEqual([0, expect.any(String)]);
    expect(readFileSync(at("out.csv"), "utf8").trim().split("\n").length).toBe(4);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
