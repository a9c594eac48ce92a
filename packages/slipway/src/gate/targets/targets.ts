// Every target there is on this machine: the two engines, the server, its workers, a batch run, and the browser's module
// in Node, as a folder of its own and in a browser.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { makeEdge, replayInBrowser, replayInNode, writeFolder } from "../../edge/index.ts";
import { loadModelPackage, toRows, type LoadOptions } from "../../runtime/index.ts";
import { createHandler } from "../../server/index.ts";
import { scoreInBulk } from "../bulk.ts";
import type { Row } from "../context.ts";
import { predict } from "../predictions.ts";
import { jsonOf, readAnswer, WAYS, type Way } from "../ways.ts";
import type { Target, TargetAnswers, TargetRequest } from "./target.ts";

const MAX_OUTPUT = 2 ** 28;

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

/** The module, and ONNX Runtime's files that it needs for some models, need not be here. */
async function whereThere(ask: () => Promise<TargetAnswers>): Promise<TargetAnswers | { readonly skipped: string }> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "edge-needs-onnxruntime") return { skipped: "onnxruntime-web is not installed here" };
    if (error instanceof SlipwayError && error.code === "edge-module-missing") return { skipped: "the browser's module is not in this installation" };
    throw error;
  }
}

const edgeModule: Target = {
  name: "@slipway/edge in Node",
  run: ({ source, rows, from }) => whereThere(async () => {
    const { answers, runtime, engine } = await replayInNode(source, rows, from);
    return { rows: answers, ranIn: `${engine}, ${runtime}` };
  }),
};

/** As a device has it: a folder and a process, nothing else of Slipway. `command`: what runs Node. */
export function edgeFolder(name: string, command: readonly [string, ...string[]]): Target {
  return {
    name,
    run: ({ source, rows, from }) => whereThere(async () => {
      const folder = await mkdtemp(join(tmpdir(), "slipway-target-"));
      try {
        const { files, engine } = await makeEdge(source, "node", { from });
        await writeFolder(join(folder, "edge"), files);
        const [program, ...first] = command;
        const out = await new Promise<string>((resolve, reject) => {
          const child = execFile(program, [...first, join(folder, "edge", "predict.mjs")], { maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => (error ? reject(new Error(stderr.slice(0, 500) || error.message)) : resolve(stdout)));
          child.stdin!.on("error", () => undefined).end(jsonOf(rows.map(namedNumbers)));
        });
        return { rows: out.trimEnd().split("\n").map((line) => JSON.parse(line) as Row), ranIn: `${engine}, a process of its own` };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }),
  };
}
/** JSON.parse knows no NaN and no infinities: null is missing as NaN is, infinities have names. */
function namedNumbers(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, v]) => [name, typeof v === "number" && !Number.isFinite(v) ? (Number.isNaN(v) ? null : String(v)) : v]));
}

const inBrowser: Target = {
  name: "@slipway/edge in a browser",
  async run({ source, rows, from, browser }: TargetRequest) {
    if (browser === undefined) return { skipped: "no browser was named (--browser)" };
    return whereThere(async () => {
      const { answers, runtime, engine } = await replayInBrowser(source, rows, { from, browser });
      return { rows: answers, ranIn: `${engine}, ${runtime}` };
    });
  },
};

export const TARGETS: readonly Target[] = [
  loaded("ONNX Runtime", { engine: "onnxruntime", placement: "inline" }, () => ONNXRUNTIME),
  loaded("Slipway's kernel", { engine: "kernel", placement: "inline" }, () => "this process"),
  ...WAYS.map(server),
  loaded("worker threads", { engine: "onnxruntime", placement: "thread", instances: 1 }, () => ONNXRUNTIME),
  loaded("worker processes", { engine: "onnxruntime", placement: "process", instances: 1 }, () => ONNXRUNTIME),
  batch, edgeModule, edgeFolder("slipway edge --target node", [process.execPath]), inBrowser,
];
