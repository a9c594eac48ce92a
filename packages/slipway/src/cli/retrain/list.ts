// slipway retrain list [MODEL]

import { defineCommand, type Command } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { retrainOptions, withRetrains } from "./desk.ts";
import { listText } from "./text.ts";

export const list: Command = defineCommand({
  name: "retrain list",
  summary: "trainings, the latest first, and why a trigger begins none",
  usage: "[MODEL]",
  arguments: [{ name: "MODEL", help: "of one model only", optional: true }],
  options: retrainOptions,
  examples: ["slipway retrain list", "slipway retrain list churn --json"],
  run: (call) => withRetrains(call, "read", async (desk) => {
    const found = await desk.list(call.args[0]);
    if (call.flag("json")) printJson(found);
    else if (found.retrains.length === 0 && found.models.length === 0) printNote("nothing was trained yet, and no model is set up for it: `retrain` of slipway.config.yaml says how");
    else printResult(listText(found));
    return 0;
  }),
});
