// What `slipway edge --target node` writes, asked as a device asks it: a folder and a process, nothing else of Slipway.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { makeEdge, writeFolder } from "../../edge/index.ts";
import type { Row } from "../context.ts";
import { jsonOf } from "../ways.ts";
import { namedNumbers } from "./named-numbers.ts";
import { runProgram } from "./run-program.ts";
import type { Skipped, Target, TargetAnswers, TargetRequest } from "./target.ts";

/** The module, and ONNX Runtime's files that it needs for some models, need not be here. */
export async function whereThere(ask: () => Promise<TargetAnswers>): Promise<TargetAnswers | Skipped> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof SlipwayError && error.code === "edge-needs-onnxruntime") return { skipped: "onnxruntime-web is not installed here: npm install onnxruntime-web" };
    if (error instanceof SlipwayError && error.code === "edge-module-missing") return { skipped: "the browser's module is not in this installation: install slipway again" };
    throw error;
  }
}

/** @param node what runs Node */
export function answersOfFolder(node: readonly [string, ...string[]], { source, rows, from }: TargetRequest): Promise<TargetAnswers | Skipped> {
  return whereThere(async () => {
    const folder = await mkdtemp(join(tmpdir(), "slipway-target-"));
    try {
      const { files, engine } = await makeEdge(source, "node", { from });
      await writeFolder(join(folder, "edge"), files);
      const out = await runProgram([...node, join(folder, "edge", "predict.mjs")], { input: jsonOf(rows.map(namedNumbers)) });
      return { rows: out.trimEnd().split("\n").map((line) => JSON.parse(line) as Row), ranIn: `${engine}, a process of its own` };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

export const edgeFolder: Target = { name: "slipway edge --target node", run: (request) => answersOfFolder([process.execPath], request) };
