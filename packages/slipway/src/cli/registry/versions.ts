// slipway registry versions MODEL

import type { Version } from "../../registry/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { size } from "../size.ts";
import { textTable } from "../table.ts";
import { minute, shortDigest, withRegistry } from "./with-registry.ts";

export const versions: Command = defineCommand({
  name: "registry versions",
  summary: "a model's versions",
  usage: "MODEL",
  arguments: [{ name: "MODEL", help: "its name" }],
  options: {
    limit: { type: "string", value: "N", help: "at most so many, the newest first (200 by default)" },
    before: { type: "string", value: "N", help: "the next page: versions below this number" },
    removed: { type: "boolean", help: "also those that were removed" },
  },
  examples: ["slipway registry versions churn"],
  run: (call) => withRegistry(false, async (registry) => {
    const found = await registry.versions(call.args[0]!, { limit: call.count("limit", [1, 1000]), before: call.count("before", [1, 1_000_000_000]), removed: call.flag("removed") });
    if (call.flag("json")) printJson({ versions: found });
    else if (found.length === 0) printNote("no version is left; --removed shows what there was");
    else printResult(versionTable(found));
    return 0;
  }),
});

export function versionTable(found: readonly Version[]): string {
  return textTable(["version", "aliases", "gate", "signed", "offered (UTC)", "by", "size", "from", "digest"], found.map((v) => [
    `${v.model}:${v.version}${v.state === "deleted" ? " (removed)" : ""}`, v.aliases.join(" ") || "-", v.gate.state === "none" ? "-" : v.gate.state, v.signed ? "yes" : "-", minute(v.createdAt), v.createdBy,
    size(v.size), v.sourceName, shortDigest(v.digest)]));
}
