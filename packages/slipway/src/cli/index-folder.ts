// slipway index FOLDER --model EMBEDDER [-o docs.slip]

import { basename, resolve } from "node:path";
import { nameFromFile, writeSlip } from "@slipway/core/package";
import { openModel } from "../runtime/index.ts";
import { makeIndex, readFolder } from "../retrieval/index.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { size } from "./size.ts";
import { writeFileWhole } from "./write-file.ts";

const SHOWN = 5;

export const indexFolder: Command = defineCommand({
  name: "index",
  summary: "a package that finds passages of a folder of documents",
  usage: "FOLDER --model EMBEDDER [-o docs.slip]",
  arguments: [{ name: "FOLDER", help: "documents: Markdown and plain text, in folders below it too" }],
  options: {
    model: { type: "string", value: "PKG|FILE", help: "the embedder: a model that takes a text and gives a vector" },
    output: { type: "string", short: "o", value: "FILE", help: "where to write the package (NAME.slip by default)" },
    name: { type: "string", value: "NAME", help: "the package's name (the folder's by default)" },
    version: { type: "string", value: "VERSION", help: "a semantic version (the embedder's by default)" },
  },
  examples: ["slipway index documents --model embedder.slip", "slipway index documents --model ./all-MiniLM-L6-v2 --name help -o help.slip"],
  async run(call) {
    const [folder] = call.args;
    const model = call.text("model");
    if (folder === undefined || model === undefined) throw usageError("missing-argument", `index needs ${folder === undefined ? "FOLDER" : "--model EMBEDDER"}`, { hint: `slipway index ${indexFolder.usage}` });
    const { passages, documents, left } = readFolder(folder);
    const { package: embedder } = await openModel(model);
    const name = call.text("name") ?? nameFromFile(basename(resolve(folder)));
    const line = progress();
    const made = await makeIndex(embedder, passages, { name, version: call.text("version"), onProgress: (done) => line.update(`${done} of ${passages.length} passages`) }).finally(() => line.done());
    const output = call.text("output") ?? `${name}.slip`;
    const slip = writeSlip(made);
    await writeFileWhole(output, slip);
    if (left.length > 0) printNote(`note: neither Markdown nor text, and not indexed: ${left.slice(0, SHOWN).join(", ")}${left.length > SHOWN ? `, and ${left.length - SHOWN} more` : ""}`);
    const { digest, manifest } = made;
    if (call.flag("json")) printJson({ output, bytes: slip.length, name, version: manifest.version, digest, documents, passages: passages.length, left });
    else printResult(`indexed ${documents} ${documents === 1 ? "document" : "documents"}, ${passages.length} ${passages.length === 1 ? "passage" : "passages"}\nwrote ${output}   ${size(slip.length)}\n${name} ${manifest.version}   ${digest}\n\nnext: slipway serve ${output}`);
    return 0;
  },
});
