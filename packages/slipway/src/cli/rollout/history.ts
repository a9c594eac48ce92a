// slipway rollout history [MODEL|ID]

import { stageName } from "../../rollout/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { minute } from "../registry/with-registry.ts";
import { textTable } from "../table.ts";
import { rolloutOptions, withRollouts } from "./desk.ts";

export const history: Command = defineCommand({
  name: "rollout history",
  summary: "the rollouts of a model, or what happened in one",
  usage: "[MODEL|ID]",
  arguments: [{ name: "MODEL|ID", help: "a model, or one rollout by its id; all models by default", optional: true }],
  options: rolloutOptions,
  examples: ["slipway rollout history churn", "slipway rollout history 0190f5c1-7b2e-7000-8000-000000000000"],
  run: (call) => withRollouts(call, "read", async (desk) => {
    const [what] = call.args;
    if (what !== undefined && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(what)) {
      const { events, stages } = await desk.get(what);
      if (call.flag("json")) printJson({ events });
      else printResult(textTable(["when (UTC)", "stage", "by", "what"], events.map((e) => [e.at.slice(0, 19).replace("T", " "), stageName(stages, e.stage), e.actor, e.text])));
      return 0;
    }
    const rollouts = await desk.list(what);
    if (call.flag("json")) printJson({ rollouts });
    else if (rollouts.length === 0) printNote(`there was no rollout${what === undefined ? "" : ` of ${what}`} yet`);
    else printResult(textTable(["rollout", "version", "alias", "state", "begun (UTC)", "by", "why"], rollouts.map((r) => [r.id, `${r.model}:${r.candidate}`, r.alias, r.endedBy === null ? r.state : `${r.state} by ${r.endedBy}`, minute(r.createdAt), r.createdBy, r.reason])));
    return 0;
  }),
});
