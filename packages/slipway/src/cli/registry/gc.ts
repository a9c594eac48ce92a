// slipway registry gc

import { defineCommand, usageError, type Command } from "../command.ts";
import { counted } from "../counted.ts";
import { printJson, printResult } from "../output.ts";
import { size } from "../size.ts";
import { actingOptions, withActing } from "./acting.ts";
import { span } from "./with-registry.ts";

export const gc: Command = defineCommand({
  name: "registry gc",
  summary: "remove old versions by a rule, and what no version names",
  usage: "[--keep N [--older-than TIME] [--model NAME] [--dry-run]] [--grace TIME]",
  arguments: [],
  options: {
    ...actingOptions,
    keep: { type: "string", value: "N", help: "remove versions beyond a model's newest N; without it only garbage is taken" },
    "older-than": { type: "string", value: "TIME", help: "of those, only what was offered so long ago: 30d" },
    model: { type: "string", value: "NAME", help: "only of this model" },
    "dry-run": { type: "boolean", help: "only tell" },
    grace: { type: "string", value: "TIME", help: "leave what was begun within this time (24h by default)" },
  },
  examples: ["slipway registry gc", "slipway registry gc --keep 10 --older-than 30d --dry-run"],
  run: (call) => withActing(call, "govern", false, async ({ registry }, { actor, allow }) => {
    allow(call.text("model") ?? "*");
    const keep = call.count("keep", [1, 1_000_000]);
    const dryRun = call.flag("dry-run");
    for (const name of ["older-than", "model"]) if (keep === undefined && call.text(name) !== undefined) throw usageError("missing-argument", `--${name} is for --keep`, { hint: "Say how many versions are kept: --keep 10." });
    if (keep === undefined && dryRun) throw usageError("missing-argument", "--dry-run is for --keep", { hint: "Say how many versions are kept: --keep 10." });
    const graceMs = span("grace", call.text("grace"));
    const retained = keep === undefined ? undefined : await registry.retain({ keep, olderThanMs: span("older-than", call.text("older-than")), model: call.text("model"), actor, dryRun });
    const garbage = dryRun ? undefined : await registry.collectGarbage(graceMs === undefined ? {} : { graceMs });
    if (call.flag("json")) printJson({ ...retained, garbage: garbage ?? null, dryRun });
    else {
      const lines = [
        ...(retained?.removed ?? []).map((v) => `${v.model}:${v.version} ${dryRun ? "would be removed" : "is removed"}`),
        ...(retained?.kept ?? []).map((v) => `${v.model}:${v.version} stays: ${v.why}`),
        ...(garbage === undefined ? [] : [`${counted(garbage.manifests, "manifest")} and ${counted(garbage.blobs, "blob")} (${size(garbage.bytes)}) of garbage taken`]),
      ];
      printResult(lines.join("\n") || "nothing would be removed");
    }
    return 0;
  }),
});
