// slipway convert FILE -o model.onnx

import { compileGraph, isTensorModel, numpyOf, readSource } from "@slipway/core/convert";
import { asBucketing, signatureToJson } from "@slipway/core/package";
import { assertInert } from "@slipway/core/pickle";
import { locateModel, readModelBytes } from "../runtime/index.ts";
import { importFile } from "../runtime/import-file.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { inputFile } from "./input-file.ts";
import { size } from "./size.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { signatureTable } from "./signature-table.ts";
import { writeFileWhole } from "./write-file.ts";

export const convert: Command = defineCommand({
  name: "convert",
  summary: "only the compiled ONNX",
  usage: "FILE -o model.onnx [--inputs inputs.json]   or   --stdio",
  arguments: [{ name: "FILE", help: "a saved model", optional: true }],
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "where to write the ONNX model" },
    inputs: { type: "string", value: "FILE", help: 'names, element types and shapes of the graph inputs: [{"name": "X", "elem": "float32", "shape": [null, 4]}]' },
    stdio: { type: "boolean", help: "answer many requests: one JSON object a line on standard input, one a line on standard output" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; FILE#ENTRY or #ENTRY where a file holds several; may be repeated, in order" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
  },
  examples: ["slipway convert model.joblib -o model.onnx", "slipway convert bundle.pkl --entry model -o model.onnx --json", "slipway convert model.pkl -o model.onnx --inputs inputs.json"],
  async run(call) {
    if (call.flag("stdio")) {
      const { answerRequests } = await import("./convert-worker.ts");
      await answerRequests(process.stdin, printResult);
      return 0;
    }
    if (call.args[0] === undefined) throw usageError("missing-argument", "convert needs FILE", { hint: "slipway convert FILE -o model.onnx" });
    const { path, entry = call.text("entry") } = locateModel(call.args[0]);
    const preprocess = call.texts("preprocess");
    const output = call.text("output");
    if (output === undefined) throw usageError("missing-argument", "convert needs a place to write to", { hint: "slipway convert FILE -o model.onnx" });
    const inputs = call.text("inputs");
    if (inputs !== undefined && preprocess.length > 0) throw usageError("bad-argument", "--inputs and --preprocess do not go together", { hint: "Leave --inputs out: the columns are those of the first transformer." });
    const bytes = await readModelBytes(path);
    if (inputs !== undefined && !isTensorModel(bytes)) {
      const source = readSource(bytes);
      assertInert(source.pickle);
      const graph = compileGraph(source.pickle.value, { inputs: await inputFile(inputs), numpy: numpyOf(source.pickle), ...(entry === undefined ? {} : { entry }) });
      await writeFileWhole(output, graph.model);
      const tensors = { inputs: graph.inputs, outputs: graph.outputs };
      if (call.flag("json")) printJson({ output, bytes: graph.model.length, ...tensors, notes: graph.warnings });
      else {
        for (const w of graph.warnings) printNote(`note: ${w}`);
        const lines = Object.entries(tensors).flatMap(([side, infos]) => [side, ...infos.map((i) => `  ${i.name}  ${i.type} [${(i.shape ?? []).map((d) => d ?? "?").join(", ")}]`)]);
        printResult(`wrote ${output} (${size(graph.model.length)})\n${lines.join("\n")}`);
      }
      return 0;
    }
    const { imported: { compiled }, text } = await importFile(path, bytes, { preprocess, ...(inputs === undefined ? {} : { inputs: await inputFile(inputs) }), ...(entry === undefined ? {} : { entry }) });
    if (text !== undefined) throw usageError("bad-argument", "what turns texts into the network's input is in no ONNX file: a model of texts is packed, not converted", { hint: `slipway pack ${JSON.stringify(path)}` });
    await writeFileWhole(output, compiled.model);
    const warnings = [...compiled.warnings];
    if (compiled.signature.columns.some((c) => c.normalize?.some((n) => n.startsWith("strip_accents")))) {
      warnings.push("accents are stripped by Slipway's runtime before the graph sees a text; other runtimes have to do it themselves");
    }
    if (compiled.signature.columns.some((c) => c.normalize?.some((n) => n === "catboost_hash" || asBucketing(n) !== undefined))) {
      warnings.push("Slipway's runtime turns categories into hashes before the graph sees them; other runtimes have to do it themselves");
    }
    if (call.flag("json")) printJson({ output, bytes: compiled.model.length, signature: signatureToJson(compiled.signature), notes: warnings });
    else {
      for (const w of warnings) printNote(`note: ${w}`);
      printResult(`wrote ${output} (${size(compiled.model.length)})\n${signatureTable(compiled.signature)}`);
    }
    return 0;
  },
});
