// slipway registry verify

import { registryError, type VerifyReport } from "../../registry/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { counted } from "../counted.ts";
import { printJson, printResult, progress } from "../output.ts";
import { size } from "../size.ts";
import { minute, withRegistry } from "./with-registry.ts";

export const verify: Command = defineCommand({
  name: "registry verify",
  summary: "whether tables, packages and audit log are whole and fit together",
  usage: "[--head HASH]",
  arguments: [],
  options: { head: { type: "string", value: "HASH", help: "a hash that must be in the audit log: what an earlier verify printed and you kept elsewhere" } },
  examples: ["slipway registry verify", "slipway registry verify --json"],
  run: (call) => withRegistry(false, async (registry) => {
    const line = progress();
    const report = await registry.verify({ head: call.text("head"), onVersion: (where) => line.update(`${where} ...`) }).finally(() => line.done());
    if (call.flag("json")) printJson({ whole: report.problems.length === 0, ...report });
    else if (report.problems.length === 0) {
      printResult(`whole: ${counted(report.models, "model")}, ${counted(report.versions, "version")}, ${counted(report.attachments, "attachment")} (${size(report.bytes)} hashed), ${counted(report.audit!.entries, "entry", "entries")} of the audit log\nhead of the audit log: ${report.audit!.head}${waiting(report)}`);
    } else {
      printResult(`${report.problems.map((p) => `${p.where}: ${p.message}`).join("\n")}${waiting(report)}`);
      throw registryError("registry-damaged", counted(report.problems.length, "problem"), { where: report.problems[0]!.where, hint: "Offer the package again where its blobs are damaged; compare the rest with an export or a copy from before." });
    }
    return report.problems.length === 0 ? 0 : 1;
  }),
});

/** What an artifact store that was away has still to get. */
function waiting(report: VerifyReport): string {
  return report.waiting.map((w) => `\nwaiting to be attached to ${w.model}:${w.version}: ${w.kind} ${w.id}, since ${minute(w.since)} UTC${w.attempts === 0 ? "" : `, ${counted(w.attempts, "attempt")}, the last: ${w.error}`}`).join("");
}
