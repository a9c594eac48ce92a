// slipway optimize PKG -o OUT.slip

import { writeSlip } from "@slipway/core/package";
import type { ModelInput } from "@slipway/core/predict";
import { optimize as run, type Measured } from "../optimize/index.ts";
import { openModel, readData } from "../runtime/index.ts";
import { selectOutputs } from "@slipway/core/predict";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { printJson, printResult, progress } from "./output.ts";
import { readText } from "./read-text.ts";
import { size } from "./size.ts";
import { textTable } from "./table.ts";
import { writeFileWhole } from "./write-file.ts";

export const optimize: Command = defineCommand({
  name: "optimize",
  summary: "a smaller or faster package, with the accuracy that it costs",
  usage: "PKG -o OUT.slip [--data rows.json --target COLUMN] [--outputs label,probabilities]",
  arguments: [{ name: "PKG", help: "a package or a saved model", package: true }],
  options: {
    output: { type: "string", short: "o", value: "OUT.slip", help: "where to write the package (NAME-optimized.slip by default)" },
    outputs: { type: "string", value: "NAMES", help: "keep these outputs only, separated by commas" },
    data: { type: "string", value: "FILE", help: "rows to calibrate and judge with (JSON, JSON lines, CSV); the package's checked rows by default" },
    target: { type: "string", value: "COLUMN", help: "which field of the rows (records in JSON) says what was true" },
    for: { type: "string", value: "WHAT", help: "what an accepted one is chosen by: size (the default) or speed" },
    "max-drop": { type: "string", value: "X", help: "how much accuracy, or R squared, may fall (0.01 by default)" },
    "max-flips": { type: "string", value: "X", help: "which part of the labels may be other ones (0.005 by default)" },
  },
  examples: ["slipway optimize churn.slip --outputs label -o churn-label.slip", "slipway optimize images.slip --data rows.json --target digit -o images-int8.slip", "slipway optimize images.slip --data rows.json --for speed -o images-fast.slip"],
  async run(call) {
    const prefer = call.text("for") ?? "size";
    if (prefer !== "size" && prefer !== "speed") throw usageError("bad-argument", `--for ${JSON.stringify(prefer)} is neither size nor speed`);
    const [maxDrop, maxFlips] = [share(call, "max-drop", 0.01), share(call, "max-flips", 0.005)];
    const line = progress();
    line.update("reading ...");
    const { package: source } = await openModel(call.args[0]!);
    const outputs = call.text("outputs")?.split(",").map((name) => name.trim());
    if (outputs !== undefined) selectOutputs(source.signature, outputs);
    const file = call.text("data");
    const target = call.text("target");
    if (target !== undefined && file === undefined) throw usageError("missing-argument", "--target names a field of the rows, and there are none", { hint: "Give --data FILE as well." });
    const data = file === undefined ? {} : withoutTarget(readData(await readText(file), source.signature), target);
    line.update("measuring ...");
    const made = await run(source, { ...data, outputs, maxDrop, maxFlips, prefer }).finally(() => line.done());
    const out = call.text("output") ?? `${source.manifest.name}-optimized.slip`;
    await writeFileWhole(out, writeSlip(made.package));
    const { chosen, table, notes, rows, manyRows, package: { digest } } = made;
    if (call.flag("json")) printJson({ output: out, chosen, digest, rows, manyRows, notes, table: table.map(({ cost, ...m }) => ({ ...m, ...(cost === undefined ? {} : { flips: cost.flips ?? null, metric: cost.metric }) })) });
    else printResult([`${source.manifest.name} ${source.manifest.version}${rows === 0 ? "" : `, judged with ${rows} rows`}`, "", figures(table, manyRows), ...(notes.length > 0 ? ["", ...notes.map((n) => `- ${n}`)] : []), "", `${out}: ${chosen}   ${digest}`].join("\n"));
    return 0;
  },
});

function figures(table: readonly Measured[], manyRows: number): string {
  const ms = (value: number): string => (value === 0 ? "" : `${value.toPrecision(3)} ms`);
  return textTable(["", "model", "one row", manyRows === 0 ? "batch" : `${manyRows} rows`, "metric", "flips", ""], table.map((m) => [
    m.name, m.bytes === 0 ? "" : size(m.bytes), ms(m.oneMs), ms(m.manyMs),
    m.cost === undefined ? "" : `${m.cost.metric.name} ${m.cost.metric.after.toFixed(4)} (${m.cost.metric.before.toFixed(4)})`, m.cost?.flips === undefined ? "" : `${(m.cost.flips * 100).toFixed(2)}%`,
    m.reason === "" ? "" : `${m.accepted ? "accepted" : "refused"}: ${m.reason}`,
  ]));
}

function share(call: Invocation, name: string, missing: number): number {
  const text = call.text(name);
  const value = text === undefined ? missing : Number(text);
  if (!(value >= 0 && value <= 1)) throw usageError("bad-argument", `--${name} ${JSON.stringify(text)} is no part from 0 to 1`);
  return value;
}

function withoutTarget(input: ModelInput, target: string | undefined): { readonly input: ModelInput; readonly truth?: readonly unknown[] } {
  if (target === undefined) return { input };
  if (input.kind !== "records") throw usageError("bad-argument", "--target names a field of records in JSON, and the rows are none", { hint: '[{"x": [...], "digit": 3}, ...]' });
  const truth: unknown[] = [];
  const records = input.records.map((record, row) => {
    const { [target]: value, ...rest } = record as Record<string, unknown>;
    if (value === undefined || value === null) throw usageError("bad-argument", `row ${row + 1} has no ${JSON.stringify(target)}`);
    truth.push(value);
    return rest;
  });
  return { input: { ...input, records }, truth };
}
