// The rows once more as a batch run: written as JSON lines, scored by `slipway batch`'s own machinery in a thread, and read
// from its output.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSlip, type ModelPackage } from "@slipway/core/package";
import { placeOutput, readErrorLimit, runBatch } from "../batch/index.ts";
import { flatColumns, parseJson, type Prediction } from "../runtime/index.ts";
import type { Row } from "./context.ts";
import { jsonOf } from "./ways.ts";

/** Records by output. `direct`: what the model answers, for the outputs' shapes. @throws SlipwayError batch-errors ... */
export async function scoreInBulk(source: ModelPackage, rows: readonly Row[], direct: Prediction): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-gate-"));
  try {
    const input = join(folder, "rows.jsonl");
    const output = placeOutput(join(folder, "answers.jsonl"));
    writeFileSync(input, rows.map((row) => `${jsonOf(row)}\n`).join(""));
    const { manifest: { name, version }, digest } = source;
    await runBatch({
      package: { bytes: writeSlip(source), digest, name, version, profile: null }, input: [input], output, keep: "none", ids: false, engine: "auto",
      threads: 1, shardBytes: 2 ** 22, resume: false, overwrite: false, maxErrors: readErrorLimit("0"),
    });
    const columns = flatColumns(direct);
    return readFileSync(output.path, "utf8").trimEnd().split("\n").map((line) => {
      const flat = parseJson(line) as Row;
      return Object.fromEntries(direct.outputs.map((o) => {
        const names = columns.filter((c) => c.output === o).map((c) => c.name);
        return [o.output.name, (o.dims ?? o.output.rowShape).length === 0 ? flat[names[0]!] : names.map((n) => flat[n])];
      }));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
