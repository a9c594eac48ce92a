// slipway rollout rollback MODEL --reason TEXT

import { rolloutError } from "../../rollout/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { DEFAULT_ALIAS, deskOptions } from "../release/desk.ts";
import { withRollouts } from "./desk.ts";

export const rollback: Command = defineCommand({
  name: "rollout rollback",
  summary: "after a promotion: back to the version that the alias named before",
  usage: "MODEL --reason TEXT [--alias production] [--from N] [--override REASON]",
  arguments: [{ name: "MODEL", help: "whose alias goes back" }],
  options: {
    ...deskOptions,
    reason: { type: "string", value: "TEXT", help: "why; the audit log tells it" },
    from: { type: "string", value: "N", help: "the version that is to be left: refused where the alias names another one by now; the one that it names when this begins by default" },
    override: { type: "string", value: "REASON", help: "an administrator's: past a policy that asks for approvals of the old version too" },
  },
  examples: ['slipway rollout rollback churn --reason "orders fell by half"'],
  run(call) {
    const model = call.args[0]!;
    const override = call.text("override");
    const reason = call.text("reason") ?? override;
    if (reason === undefined) throw rolloutError("rollout-reason", `why is ${model} to go back?`, { hint: `slipway rollout rollback ${model} --reason "orders fell by half"` });
    return withRollouts(call, override === undefined ? "release" : "govern", async (desk) => {
      const alias = call.text("alias") ?? DEFAULT_ALIAS;
      const left = call.count("from", [1, 1_000_000_000]) ?? (await desk.wayBack(model, alias)).from;
      const done = await desk.rollback(model, alias, reason, override, left);
      if (call.flag("json")) printJson(done);
      else printResult(`${done.alias} of ${model} is ${model}:${done.to} again; it was ${model}:${done.from}`);
      return 0;
    });
  },
});
