// The bundle that images hold, built from the sources.

import { expect, it } from "vitest";
import { onnxRuntimeFiles, SERVER_FOLDER, serverFiles } from "./runtime-files.ts";

it("holds every file that its threads and processes are started by, and the licences of what is in it", async () => {
  const { files, packages } = await serverFiles();
  const names = new Set(files.map(({ path }) => path.slice(SERVER_FOLDER.length + 1)));
  const code = files.filter(({ path }) => path.endsWith(".js")).map(({ bytes }) => new TextDecoder().decode(bytes)).join("\n");
  const started = [...code.matchAll(/\?`\.\/[\w-]+\.ts`:`\.\/([\w-]+\.js)`/g)].map((m) => m[1]!);
  expect(started.length).toBeGreaterThan(4);
  expect(started.filter((name) => !names.has(name))).toEqual([]);
  expect(names.has("assets/try.js")).toBe(true);
  const licences = new TextDecoder().decode(files.find(({ path }) => path.endsWith("/LICENSES.txt"))!.bytes);
  for (const { name, version } of packages) expect(licences).toContain(`${name} ${version}`);
});

it("takes of ONNX Runtime one platform's two libraries", async () => {
  for (const architecture of ["amd64", "arm64"] as const) {
    const { files } = await onnxRuntimeFiles({ os: "linux", architecture });
    const native = files.map(({ path }) => path).filter((path) => path.includes("/bin/"));
    expect(native.map((path) => path.slice(path.lastIndexOf("/") + 1)).sort()).toEqual(["libonnxruntime.so.1", "onnxruntime_binding.node"]);
    expect(native.every((path) => path.includes(architecture === "amd64" ? "/x64/" : "/arm64/"))).toBe(true);
  }
});
