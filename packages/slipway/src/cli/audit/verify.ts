// slipway audit verify [FILE]

import { parseAudit, verifyAudit, verifyEntries, type AuditProof } from "../../audit/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { readText } from "../read-text.ts";
import { withRegistry } from "../registry/with-registry.ts";
import { serviceOf, sourceOptions } from "./source.ts";

export const verify: Command = defineCommand({
  name: "audit verify",
  summary: "whether no entry was changed, removed or put in between",
  usage: "[FILE] [--head HASH]",
  arguments: [{ name: "FILE", help: "what slipway audit export wrote; the registry's own log by default. A service's log is fetched and checked here", optional: true }],
  options: { ...sourceOptions, head: { type: "string", value: "HASH", help: "a hash that must be in it: what an earlier verify printed and you kept elsewhere; shows that nothing was cut off the end" } },
  examples: ["slipway audit verify", "slipway audit verify audit.jsonl --head 3f9a...", "slipway audit verify --server https://models.example"],
  async run(call) {
    const [file] = call.args;
    const head = call.text("head");
    const service = file === undefined ? serviceOf(call) : undefined;
    const proof: AuditProof = file !== undefined ? await verifyEntries(parseAudit(await readText(file)), { head })
      : service !== undefined ? await verifyEntries(parseAudit(await (await service("/audit/export")).text()), { head })
      : await withRegistry(false, (registry) => verifyAudit(registry.database, { head }));
    if (call.flag("json")) printJson({ whole: true, ...proof });
    else printResult(`whole: ${proof.entries} entries\nhead: ${proof.head}`);
    return 0;
  },
});
