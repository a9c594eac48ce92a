// Writes packages/core/src/onnx/kernels.generated.ts: which operators and types onnxruntime-node's CPU provider runs.
//   node --conditions=@slipway/source scripts/probe-kernels.ts [--verbose] [operator ...]

import { writeFileSync } from "node:fs";
import { findSchema } from "@slipway/core/onnx";
import { env } from "onnxruntime-node";
import { combinations, probe, probedOperators, rowsOf } from "./onnx-kernels/probe.ts";

const only = process.argv.slice(2).filter((a) => !a.startsWith("--"));
const verbose = process.argv.includes("--verbose");
const lines: string[] = [];
for (const op of only.length > 0 ? only : probedOperators()) {
  const schema = findSchema(op);
  if (!schema) throw new Error(`there is no operator ${op}`);
  const results = [];
  for (const types of combinations(schema)) results.push(await probe(op, types));
  lines.push(`  ${op}: ${JSON.stringify(rowsOf(results))},`);
  for (const r of results) {
    for (const w of r.wrong) console.log(`${op} ${r.key.join(" ")}: inference is wrong: ${w}`);
    if (verbose && r.failure !== undefined) console.log(`${op} ${r.key.join(" ")}: ${r.failure}`);
  }
}
if (only.length > 0) console.log(lines.join("\n"));
else {
  writeFileSync(new URL("../packages/core/src/onnx/kernels.generated.ts", import.meta.url), [
    `// Which operators and types onnxruntime-node ${env.versions.node ?? "1.30"} runs on the CPU: written by scripts/probe-kernels.ts; do not edit.`,
    "// Per operator: combinations of types, one word for each type variable of the schema, in its order.",
    "",
    "export const KERNELS: Readonly<Record<string, readonly string[]>> = {",
    ...lines,
    "};",
    "",
  ].join("\n"));
}
