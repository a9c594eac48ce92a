// slipway registry export TARGET [MODEL ...]

import { defineCommand, type Command } from "../command.ts";
import { counted } from "../counted.ts";
import { printJson, printResult } from "../output.ts";
import { size } from "../size.ts";
import { actingOptions, withActing } from "./acting.ts";

export const exportCommand: Command = defineCommand({
  name: "registry export",
  summary: "everything, or some models, to a folder or one file",
  usage: "TARGET [MODEL ...]",
  arguments: [
    { name: "TARGET", help: "a folder that is made, or a file that ends in .tar" },
    { name: "MODEL", help: "only these; everything by default, the audit log included", optional: true, many: true },
  ],
  options: actingOptions,
  examples: ["slipway registry export backup.tar", "slipway registry export for-the-other-site churn credit"],
  run: (call) => withActing(call, "observe", false, async ({ registry }, { actor, allow }) => {
    const [target, ...models] = call.args as [string, ...string[]];
    for (const model of models.length === 0 ? ["*"] : models) allow(model);
    const report = await registry.exportTo(target, { models: models.length === 0 ? undefined : models, actor });
    if (call.flag("json")) printJson({ ...report, target });
    else printResult(`${counted(report.models, "model")}, ${counted(report.versions, "version")} and ${counted(report.attachments, "attachment")} (${size(report.bytes)}) lie in ${target}\nits digest, for --digest of import: ${report.digest}`);
    return 0;
  }),
});
