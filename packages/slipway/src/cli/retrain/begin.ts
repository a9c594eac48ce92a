// slipway retrain begin MODEL

import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { retrainOptions, withRetrains } from "./desk.ts";
import { followed } from "./follow.ts";
import { beginsText } from "./text.ts";

export const begin: Command = defineCommand({
  name: "retrain begin",
  summary: "train a model now, whatever its triggers and its cooldown say",
  usage: "MODEL [--follow]",
  arguments: [{ name: "MODEL", help: "as under `retrain` of the configuration" }],
  options: { ...retrainOptions, follow: { type: "boolean", help: "look on until it has ended" } },
  examples: ["slipway retrain begin churn --follow"],
  run: (call) => withRetrains(call, "release", async (desk) => {
    const begun = await desk.begin(call.args[0]!);
    if (call.flag("follow")) return followed(call, desk, begun.id);
    if (call.flag("json")) printJson(begun);
    else printResult(`${beginsText(begun)}\ntraining ${begun.id}: slipway retrain follow ${begun.model}`);
    return 0;
  }),
});
