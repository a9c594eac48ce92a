// For Node without a server: a script that answers rows from standard input with the package beside it.

import type { EdgePlan } from "./plan.ts";
import { ORT_MODULE } from "./onnxruntime-files.ts";

/** Adds predict.mjs and package.json to the plan's files. */
export function addNodeExample({ file, integrity, package: { digest }, engine, saysSo, trust, files }: EdgePlan): void {
  const options = { integrity, digest, worker: false, ...(trust.length === 0 ? {} : { trust }), ...(engine === "kernel" ? (saysSo ? {} : { engine }) : {}) };
  const runtime = engine === "kernel" ? "" : `, onnxruntime: new URL("./${ORT_MODULE}", import.meta.url).href`;
  const text = (lines: readonly string[]): Uint8Array => new TextEncoder().encode(`${lines.join("\n")}\n`);
  files.set("package.json", text(['{ "private": true, "type": "module" }']));
  files.set("predict.mjs", text([
    "// node predict.mjs < rows.json", "// Rows as JSON on standard input, answers as JSON lines on standard output.", "",
    'import { readFile } from "node:fs/promises";', 'import { text } from "node:stream/consumers";', 'import { loadModel } from "./slipway-edge.js";', "",
    `const bytes = await readFile(new URL(${JSON.stringify(`./${file}`)}, import.meta.url));`,
    "let model;",
    "try {",
    `  model = await loadModel(bytes, { ...${JSON.stringify(options)}${runtime} });`,
    '  if (model.check !== null) console.error(`${model.check.rows} checked rows answered as they must be`);',
    "  for (const row of await model.predict(JSON.parse(await text(process.stdin)))) console.log(JSON.stringify(row));",
    "} catch (error) {",
    '  console.error(`${error.message}${error.code === undefined ? "" : ` [${error.code}]`}${error.hint === undefined ? "" : `\\n  what to do: ${error.hint}`}`);',
    "  process.exitCode = 1;",
    "} finally {",
    "  await model?.close();",
    "}",
  ]));
}
