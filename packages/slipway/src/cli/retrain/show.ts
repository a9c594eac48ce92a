// slipway retrain show MODEL|ID

import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { findRetrain, retrainOptions, withRetrains } from "./desk.ts";
import { retrainText } from "./text.ts";

export const show: Command = defineCommand({
  name: "retrain show",
  summary: "one training: its cause with the evidence, its stages, what the program printed last",
  usage: "MODEL|ID",
  arguments: [{ name: "MODEL|ID", help: "the latest training of a model, or one by its id" }],
  options: retrainOptions,
  examples: ["slipway retrain show churn"],
  run: (call) => withRetrains(call, "read", async (desk) => {
    const found = await findRetrain(desk, call.args[0]!);
    if (call.flag("json")) printJson(found);
    else printResult(retrainText(found));
    return 0;
  }),
});
