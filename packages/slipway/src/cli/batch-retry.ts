// slipway batch retry ERRORS.jsonl --model PKG --out FILE

import { parseProfile, writeSlip } from "@slipway/core/package";
import { placeOutput, retryBatch, type RetrySummary } from "../batch/index.ts";
import { availableCpus, openModel } from "../runtime/index.ts";
import { count, describeOutput, duration, progressLine } from "./batch-report.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { engineOf, engineOption } from "./engine-option.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { requireSignatureOption, trustedSigners } from "./trusted-option.ts";

export const batchRetry: Command = defineCommand({
  name: "batch retry",
  summary: "the rows that a run set aside, tried again",
  usage: "ERRORS.jsonl --model PKG --out FILE",
  arguments: [{ name: "ERRORS.jsonl", help: "what the run wrote beside its output: OUTPUT.errors.jsonl, with texts mended or as it is" }],
  options: {
    model: { type: "string", value: "PKG|FILE", package: true, help: "the run's model, or one that takes the rows and gives the same columns" },
    out: { type: "string", value: "PATH", help: "a file that ends in .csv, .tsv, .jsonl or .parquet, for the rows that are good now; those that are not go to PATH.errors.jsonl" },
    record: { type: "string", value: "FILE", help: "the run's record (OUTPUT.run.json), where it is not beside the rows" },
    to: { type: "string", value: "FORMAT", help: "what the output is, where its name does not say: csv, tsv, jsonl, parquet" },
    overwrite: { type: "boolean", help: "replace an output that is there" },
    threads: { type: "string", value: "N", help: "threads that score; by default the processors that this process may use" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; may be repeated, in order" },
    engine: engineOption,
    "require-signature": requireSignatureOption,
  },
  examples: ["slipway batch retry scores.csv.errors.jsonl --model churn.slip --out more.csv", "slipway batch retry scores/errors.jsonl --model churn@production --out scores/part-retry.parquet"],
  async run(call) {
    const [model, out] = [call.text("model"), call.text("out")];
    if (model === undefined) throw usageError("missing-argument", "batch retry needs --model", { hint: "slipway batch retry ERRORS.jsonl --model PKG --out FILE" });
    if (out === undefined) throw usageError("missing-argument", "batch retry needs --out", { hint: "slipway batch retry ERRORS.jsonl --model PKG --out FILE" });
    const output = placeOutput(out, call.text("to"));
    const entry = call.text("entry");
    const opened = await openModel(model, { preprocess: call.texts("preprocess"), trusted: await trustedSigners(call.texts("require-signature")), ...(entry === undefined ? {} : { entry }) });
    for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
    const { manifest, digest, profile } = opened.package;
    const line = progress();
    const began = performance.now();
    let summary: RetrySummary;
    try {
      summary = await retryBatch({
        rows: call.args[0]!, record: call.text("record"), output, overwrite: call.flag("overwrite"), engine: engineOf(call), threads: call.count("threads", [1, 256]) ?? availableCpus(), shardBytes: 2 ** 22,
        package: { bytes: writeSlip(opened.package), digest, name: manifest.name, version: manifest.version, profile: parseProfile(profile) },
        onProgress: (p) => line.update(progressLine(p, (performance.now() - began) / 1000)),
      });
    } finally {
      line.done();
    }
    if (call.flag("json")) printJson(summary);
    else {
      const { scored, rows, seconds, bad, errors, outputs } = summary;
      printResult([`${count(scored)} of ${count(rows)} rows are good now (${duration(seconds)}) -> ${summary.output}`, ...(bad === 0 ? [] : [`${count(bad)} still cannot be scored: ${errors}`]), "", ...outputs.flatMap(describeOutput)].join("\n"));
    }
    return 0;
  },
});
