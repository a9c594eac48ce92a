// slipway rollout pause|resume|advance|promote|abort MODEL|ID

import { defineCommand, type Command } from "../command.ts";
import { findRollout, rolloutOptions, withRollouts, type Act } from "./desk.ts";
import { printRollout } from "./show.ts";

export const pause: Command = command("pause", "nothing goes forward until it is resumed; what is bad is aborted all the same");
export const resume: Command = command("resume", "go on; the time of the step begins anew");
export const advance: Command = command("advance", "on to the next stage without its verdict");
export const promote: Command = command("promote", "to the end without further verdicts, as the alias's policy allows");
export const abort: Command = command("abort", "everything back to the old version at once");

function command(act: Act, summary: string): Command {
  return defineCommand({
    name: `rollout ${act}`,
    summary,
    usage: `MODEL|ID${act === "abort" ? " [--reason TEXT]" : ""}`,
    arguments: [{ name: "MODEL|ID", help: "the latest rollout of a model, or one by its id" }],
    options: { ...rolloutOptions, ...(act === "abort" ? { reason: { type: "string" as const, value: "TEXT", help: "kept with the rollout" } } : {}) },
    examples: [`slipway rollout ${act} churn`],
    run: (call) => withRollouts(call, "release", async (desk) => {
      const { id } = await findRollout(desk, call.args[0]!);
      printRollout(call, await desk.act(id, act, act === "abort" ? call.text("reason") : undefined));
      return 0;
    }),
  });
}
