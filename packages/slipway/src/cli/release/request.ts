// slipway request MODEL:VERSION --alias production

import { defineCommand, type Command } from "../command.ts";
import { deskOptions, subjectOf, withDesk } from "./desk.ts";
import { printRequest } from "./show.ts";

export const request: Command = defineCommand({
  name: "request",
  summary: "ask that an alias name a version, for others to approve",
  usage: "MODEL:VERSION [--alias production] [--comment TEXT]",
  arguments: [{ name: "MODEL:VERSION", help: "what is to be released" }],
  options: { ...deskOptions, comment: { type: "string", value: "TEXT", help: "why" }, show: { type: "boolean", help: "only show the request that there is" } },
  examples: ["slipway request churn:3 --comment 'better recall on new customers'", "slipway request churn:3 --show", "slipway request churn:3 --alias staging --server https://models.example"],
  run: (call) => withDesk(call, call.flag("show") ? "read" : "offer", async (desk) => {
    const subject = subjectOf(call);
    printRequest(call, call.flag("show") ? await desk.find(subject) : await desk.ask(subject, call.text("comment") ?? ""));
    return 0;
  }),
});
