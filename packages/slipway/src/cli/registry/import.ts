// slipway registry import SOURCE

import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { withRegistry } from "./with-registry.ts";

export const importCommand: Command = defineCommand({
  name: "registry import",
  summary: "take an export in",
  usage: "SOURCE [--digest DIGEST]",
  arguments: [{ name: "SOURCE", help: "the folder or .tar that export wrote" }],
  options: { digest: { type: "string", value: "DIGEST", help: "what export printed, told you another way: refuse any other" } },
  examples: ["slipway registry import backup.tar --digest sha256:..."],
  run: (call) => withRegistry(true, async (registry, actor) => {
    const report = await registry.importFrom(call.args[0]!, { actor, digest: call.text("digest") });
    if (call.flag("json")) printJson(report);
    else {
      printResult([
        report.restored ? `the registry was empty and is now what was exported: ${report.models} models, ${report.versions} versions` : `${report.versions} versions of ${report.models} models are new`,
        ...report.renumbered.map((v) => `${v.model}:${v.from} of the export is ${v.model}:${v.to} here`),
        ...report.skipped.map((a) => `${a.model}@${a.alias} was not set: ${a.why}`),
      ].join("\n"));
    }
    return 0;
  }),
});
