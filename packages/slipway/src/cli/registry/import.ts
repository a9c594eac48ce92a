// slipway registry import SOURCE

import type { Actor } from "../../audit/index.ts";
import { approvalsCompanion } from "../../approvals/index.ts";
import { webhooksCompanion } from "../../webhooks/index.ts";
import { openRegistry, type Registry } from "../../registry/index.ts";
import { defineCommand, type Command, type Invocation } from "../command.ts";
import { counted } from "../counted.ts";
import { printJson, printResult } from "../output.ts";
import { actingOptions, actingPerson, withActing } from "./acting.ts";

export const importCommand: Command = defineCommand({
  name: "registry import",
  summary: "take an export in",
  usage: "SOURCE [--digest DIGEST]",
  arguments: [{ name: "SOURCE", help: "the folder or .tar that export wrote" }],
  options: { ...actingOptions, digest: { type: "string", value: "DIGEST", help: "what export printed, told you another way: refuse any other" } },
  examples: ["slipway registry import backup.tar --digest sha256:..."],
  async run(call) {
    const { actor, allow } = actingPerson(call, "govern");
    // It may bring any model.
    allow("*");
    // Into an empty registry the export comes as it is, and nothing, not even a server's key, may be written before it.
    const plain = await openRegistry({ companions: [approvalsCompanion, webhooksCompanion] });
    try {
      if (await plain.isEmpty()) return await take(plain, actor, call);
    } finally {
      await plain.close();
    }
    return withActing(call, "govern", true, ({ registry }) => take(registry, actor, call));
  },
});

const RESTORED: Readonly<Record<string, string>> = { webhooks: ", switched off: switch on those that this registry is to call" };
const MERGED: Readonly<Record<string, string>> = { ...RESTORED, approvals: "; what was decided elsewhere counts for no alias here" };

async function take(registry: Registry, actor: Actor, call: Invocation): Promise<number> {
  const report = await registry.importFrom(call.args[0]!, { actor, digest: call.text("digest") });
  if (call.flag("json")) printJson(report);
  else {
    printResult([
      report.restored ? `the registry was empty and is now what was exported: ${counted(report.models, "model")}, ${counted(report.versions, "version")}` : `new: ${counted(report.versions, "version")} of the export's ${counted(report.models, "model")}`,
      ...report.renumbered.map((v) => `${v.model}:${v.from} of the export is ${v.model}:${v.to} here`),
      ...Object.entries(report.companions).filter(([, rows]) => rows > 0).map(([name, rows]) => `${name}: ${counted(rows, "row")} came along${(report.restored ? RESTORED : MERGED)[name] ?? ""}`),
      ...(report.history === 0 ? [] : [`${counted(report.history, "entry", "entries")} of the other audit log came along: slipway audit list --imported`]),
      ...report.left.map((what) => `left behind: ${what}`),
      ...report.skipped.map((a) => `${a.model}@${a.alias} was not set: ${a.why}`),
    ].join("\n"));
  }
  return 0;
}
