// slipway registry show VERSION

import type { VersionDetails } from "../../registry/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { size } from "../size.ts";
import { textTable } from "../table.ts";
import { minute, withRegistry } from "./with-registry.ts";

export const show: Command = defineCommand({
  name: "registry show",
  summary: "a version: where it comes from, what is attached to it",
  usage: "VERSION [--card]",
  arguments: [{ name: "VERSION", help: "NAME (the newest), NAME:3, NAME@production or NAME@sha256:DIGEST" }],
  options: { card: { type: "boolean", help: "the model card" } },
  examples: ["slipway registry show churn@production", "slipway registry show churn:3 --card"],
  run: (call) => withRegistry(false, async (registry) => {
    const details = await registry.details(call.args[0]!);
    if (call.flag("json")) printJson(details);
    else printResult(call.flag("card") ? details.card : shown(details));
    return 0;
  }),
});

function shown(v: VersionDetails): string {
  const facts: [string, string | null][] = [
    ["digest", v.digest], ["package", `${v.packageVersion}, ${size(v.size)}`], ["description", v.description || null], ["authors", v.authors.join(", ") || null],
    ["aliases", v.aliases.join(", ") || null], ["offered", `${minute(v.createdAt)} UTC by ${v.createdBy}`], ["imported", v.imported === null ? null : `${minute(v.imported.at)} UTC by ${v.imported.by}, from another registry`], ["from", `${v.sourceName} (${v.format}, ${v.rootClass})`],
    ["source", v.sourceDigest], ["libraries", Object.entries(v.producer).map(([k, n]) => `${k} ${n}`).join(", ") || null], ["parent", v.parent === null ? null : `${v.model}:${v.parent}`],
    ["data", v.trainingData], ["commit", v.commit], ["gate", v.gate.at === null ? null : `${v.gate.state}, ${minute(v.gate.at)} UTC`], ["signed", v.signed ? "yes" : "no"],
  ];
  const attached = v.attachments.length === 0 ? "" : `\n\n${textTable(["attached", "when (UTC)", "by", "size", "media type"], v.attachments.map((a) => [a.kind, minute(a.createdAt), a.createdBy, size(a.size), a.mediaType]))}`;
  return `${v.model}:${v.version}${v.state === "deleted" ? " (removed: its package is gone)" : ""}\n\n${facts.filter(([, text]) => text !== null).map(([name, text]) => `  ${name.padEnd(12)}${text}`).join("\n")}${attached}`;
}
