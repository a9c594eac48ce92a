// slipway retrain cancel MODEL|ID, slipway retrain hand-in MODEL|ID VERSION

import { defineCommand, usageError, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { findRetrain, retrainOptions, withRetrains } from "./desk.ts";
import { retrainText } from "./text.ts";

const argument = { name: "MODEL|ID", help: "the latest training of a model, or one by its id" };

export const cancel: Command = defineCommand({
  name: "retrain cancel",
  summary: "end a training; a rollout that it began goes on",
  usage: "MODEL|ID",
  arguments: [argument],
  options: retrainOptions,
  examples: ["slipway retrain cancel churn"],
  run: (call) => withRetrains(call, "release", async (desk) => {
    const { id } = await findRetrain(desk, call.args[0]!);
    await desk.cancel(id);
    const found = await desk.get(id);
    if (call.flag("json")) printJson(found);
    else printResult(retrainText(found));
    return 0;
  }),
});

export const handIn: Command = defineCommand({
  name: "retrain hand-in",
  summary: "the version that an outside service trained: it goes to the gate, and from there its way",
  usage: "MODEL|ID VERSION",
  arguments: [argument, { name: "VERSION", help: "its number in the registry, where it was offered before" }],
  options: retrainOptions,
  examples: ["slipway retrain hand-in churn 4"],
  run: (call) => withRetrains(call, "offer", async (desk) => {
    const given = call.args[1]!;
    if (!/^[1-9]\d{0,8}$/.test(given)) throw usageError("bad-argument", `${JSON.stringify(given.slice(0, 50))} is no version's number`, { hint: "Offer it first (slipway registry push), and give the number that it got." });
    const { id } = await findRetrain(desk, call.args[0]!);
    await desk.handIn(id, Number(given));
    const found = await desk.get(id);
    if (call.flag("json")) printJson(found);
    else printResult(retrainText(found));
    return 0;
  }),
});
