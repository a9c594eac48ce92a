// slipway audit export

import { exportAudit } from "../../audit/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printNote, printRaw } from "../output.ts";
import { withRegistry } from "../registry/with-registry.ts";
import { writeFileWhole } from "../write-file.ts";
import { serviceOf, sourceOptions } from "./source.ts";

export const exportCommand: Command = defineCommand({
  name: "audit export",
  summary: "the whole log as JSON lines",
  usage: "[-o FILE]",
  arguments: [],
  options: { ...sourceOptions, output: { type: "string", short: "o", value: "FILE", help: "write it to this file; to standard output by default" } },
  examples: ["slipway audit export -o audit.jsonl", "slipway audit export --server https://models.example > audit.jsonl"],
  async run(call) {
    const service = serviceOf(call);
    const file = call.text("output");
    const pieces: string[] = [];
    const take = (piece: string): void => void (file === undefined ? printRaw(piece) : pieces.push(piece));
    if (service === undefined) {
      await withRegistry(false, async (registry) => {
        for await (const line of exportAudit(registry.database)) take(line);
      });
    } else {
      const decoder = new TextDecoder();
      for await (const piece of (await service("/audit/export")).body as unknown as AsyncIterable<Uint8Array>) take(decoder.decode(piece, { stream: true }));
    }
    if (file === undefined) return 0;
    const text = pieces.join("");
    await writeFileWhole(file, new TextEncoder().encode(text));
    const entries = text.split("\n").length - 1;
    if (call.flag("json")) printJson({ file, entries });
    else printNote(`${entries} entries are in ${file}; slipway audit verify ${file} checks them`);
    return 0;
  },
});
