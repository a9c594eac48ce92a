// slipway convert FILE -o model.onnx

import { importModel } from "@slipway/core/convert";
import { readModelBytes } from "../runtime/index.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { size } from "./inspect.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { signatureTable } from "./signature-table.ts";
import { writeFileWhole } from "./write-file.ts";

export const convert: Command = defineCommand({
  name: "convert",
  summary: "only the compiled ONNX",
  usage: "FILE -o model.onnx",
  arguments: [{ name: "FILE", help: "a saved model" }],
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "where to write the ONNX model" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
  },
  examples: ["slipway convert model.joblib -o model.onnx", "slipway convert bundle.pkl --entry model -o model.onnx --json"],
  async run(call) {
    const output = call.text("output");
    if (output === undefined) throw usageError("missing-argument", "convert needs a place to write to", { hint: "slipway convert FILE -o model.onnx" });
    const entry = call.text("entry");
    const { compiled } = importModel(await readModelBytes(call.args[0]!), entry === undefined ? {} : { entry });
    await writeFileWhole(output, compiled.model);
    const warnings = [...compiled.warnings];
    if (compiled.signature.columns.some((c) => c.normalize?.some((n) => n.startsWith("strip_accents")))) {
      warnings.push("accents are stripped by Slipway's runtime before the graph sees a text; other runtimes have to do it themselves");
    }
    if (call.flag("json")) printJson({ output, bytes: compiled.model.length, signature: compiled.signature, warnings });
    else {
      for (const w of warnings) printNote(`note: ${w}`);
      printResult(`wrote ${output} (${size(compiled.model.length)})\n${signatureTable(compiled.signature)}`);
    }
    return 0;
  },
});
