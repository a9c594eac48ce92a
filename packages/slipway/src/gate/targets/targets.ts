// Every target there is on this machine: the two engines, the server, its workers, a batch run, the image as platforms run
// it, functions, and the browser's module in Node, as a folder of its own, for arm64, and in a browser with and without a
// connection.

import { createRequire } from "node:module";
import { SlipwayError } from "@slipway/core/base";
import { replayInBrowser, replayInNode } from "../../edge/index.ts";
import { loadModelPackage, toRows, type LoadOptions } from "../../runtime/index.ts";
import { createHandler } from "../../server/index.ts";
import { scoreInBulk } from "../bulk.ts";
import { predict } from "../predictions.ts";
import { readAnswer, WAYS, type Way } from "../ways.ts";
import { ARM64_TARGETS } from "./arm64.ts";
import { edgeFolder, whereThere } from "./edge-folder.ts";
import { functionsFramework } from "./functions-framework.ts";
import { IMAGE_TARGETS } from "./image-targets.ts";
import type { Target, TargetRequest } from "./target.ts";

function loaded(name: string, options: LoadOptions, ranIn: (engine: string) => string): Target {
  return {
    name,
    async run({ source, rows }) {
      try {
        const model = await loadModelPackage(source, options);
        try {
          return { rows: toRows(await predict(model, rows)), ranIn: ranIn(model.engine.name) };
        } finally {
          await model.close();
        }
      } catch (error) {
        if (error instanceof SlipwayError && error.code === "kernel-not-able") return { skipped: error.message };
        throw error;
      }
    },
  };
}

const ONNXRUNTIME = `onnxruntime-node ${version("onnxruntime-node/package.json")}`;
function version(file: string): string {
  try {
    return (createRequire(import.meta.url)(file) as { version: string }).version;
  } catch {
    return "";
  }
}

const server = (way: Way): Target => ({
  name: `server: ${way.name}`,
  async run({ source, rows, direct }) {
    const { signature } = source;
    const reason = way.cannot?.(signature, rows);
    if (reason !== undefined) return { skipped: reason };
    const model = await loadModelPackage(source);
    try {
      const { path, type, body } = way.request(rows, model.name, signature);
      const response = await createHandler(model)(new Request(`http://localhost${path}`, { method: "POST", headers: { "content-type": type }, body }));
      const text = await response.text();
      if (response.status !== 200) throw new Error(`the server answered ${response.status}: ${text.slice(0, 300)}`);
      return { rows: way.read(readAnswer(text), direct.outputs), ranIn: model.engine.name };
    } finally {
      await model.close();
    }
  },
});

const batch: Target = {
  name: "batch run",
  run: async ({ source, rows, direct }) => ({ rows: await scoreInBulk(source, rows, direct), ranIn: "a worker thread" }),
};

const edgeModule: Target = {
  name: "@slipway/edge in Node",
  run: ({ source, rows, from }) => whereThere(async () => {
    const { answers, runtime, engine } = await replayInNode(source, rows, from);
    return { rows: answers, ranIn: `${engine}, ${runtime}` };
  }),
};

const inBrowser = (name: string, offline: boolean): Target => ({
  name,
  async run({ source, rows, from, browser }: TargetRequest) {
    if (browser === undefined) return { skipped: "no browser was named: --browser PROGRAM, of a Chromium or Chrome" };
    return whereThere(async () => {
      const { answers, runtime, engine } = await replayInBrowser(source, rows, { from, browser, offline });
      return { rows: answers, ranIn: `${engine}, ${runtime}` };
    });
  },
});

export const TARGETS: readonly Target[] = [
  loaded("ONNX Runtime", { engine: "onnxruntime", placement: "inline" }, () => ONNXRUNTIME),
  loaded("Slipway's kernel", { engine: "kernel", placement: "inline" }, () => "this process"),
  ...WAYS.map(server),
  loaded("worker threads", { engine: "onnxruntime", placement: "thread", instances: 1 }, () => ONNXRUNTIME),
  loaded("worker processes", { engine: "onnxruntime", placement: "process", instances: 1 }, () => ONNXRUNTIME),
  batch, ...IMAGE_TARGETS, functionsFramework, edgeModule, edgeFolder, ...ARM64_TARGETS,
  inBrowser("@slipway/edge in a browser", false), inBrowser("@slipway/edge in a browser, offline", true),
];
