// slipway rollout status MODEL|ID

import { defineCommand, type Command } from "../command.ts";
import { findRollout, rolloutOptions, withRollouts } from "./desk.ts";
import { printRollout } from "./show.ts";

export const status: Command = defineCommand({
  name: "rollout status",
  summary: "how far a rollout is, what the signals say and what it waits for",
  usage: "MODEL|ID",
  arguments: [{ name: "MODEL|ID", help: "the latest rollout of a model, or one by its id" }],
  options: rolloutOptions,
  examples: ["slipway rollout status churn", "slipway rollout status churn --json"],
  run: (call) => withRollouts(call, "read", async (desk) => {
    printRollout(call, await findRollout(desk, call.args[0]!));
    return 0;
  }),
});
