// slipway registry remove VERSION

import { defineCommand, usageError, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { actingOptions, withActing } from "./acting.ts";

export const remove: Command = defineCommand({
  name: "registry remove",
  summary: "remove a version that nothing needs",
  usage: "NAME:VERSION [--why TEXT]",
  arguments: [{ name: "NAME:VERSION", help: "its package is taken from the store; what the registry knows of it stays" }],
  options: { ...actingOptions, why: { type: "string", value: "TEXT", help: "for the audit log" } },
  examples: ["slipway registry remove churn:2 --why 'trained on leaked data'"],
  run: (call) => withActing(call, "govern", false, async ({ registry }, { actor, allow }) => {
    const found = /^(.+):(\d{1,9})$/.exec(call.args[0]!);
    if (found === null) throw usageError("bad-argument", `${JSON.stringify(call.args[0])} is not NAME:VERSION`, { hint: "A version is removed by its number, so that no alias can move in between." });
    const [, model, version] = found as unknown as [string, string, string];
    allow(model);
    await registry.removeVersion(model, Number(version), { actor, why: call.text("why") });
    if (call.flag("json")) printJson({ model, version: Number(version), state: "deleted" });
    else printResult(`${model}:${version} is removed`);
    return 0;
  }),
});
