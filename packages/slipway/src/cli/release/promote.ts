// slipway promote MODEL:VERSION --alias production

import { defineCommand, usageError, type Command } from "../command.ts";
import { deskOptions, subjectOf, withDesk } from "./desk.ts";
import { printRequest } from "./show.ts";

export const promote: Command = defineCommand({
  name: "promote",
  summary: "let the alias name a version that was asked for, where its policy is met",
  usage: "MODEL:VERSION [--alias production] [--expect N]",
  arguments: [{ name: "MODEL:VERSION", help: "what was asked for" }],
  options: {
    ...deskOptions,
    expect: { type: "string", value: "N", help: "only where the alias names version N now, or nothing (none); what it named when the request was opened by default" },
    override: { type: "string", value: "REASON", help: "an administrator's: past the policy, for an emergency. The audit log tells it with the reason and all that was missing" },
  },
  examples: ["slipway promote churn:3", "slipway promote churn:3 --expect 2 --server https://models.example", "slipway promote churn:3 --override 'the shop is down, agreed with Anna by telephone'"],
  run: (call) => withDesk(call, call.text("override") === undefined ? "release" : "govern", async (desk) => {
    const expect = call.text("expect");
    const expected = expect === undefined ? undefined : expect === "none" ? null : call.count("expect", [1, 1_000_000_000])!;
    const request = await desk.find(subjectOf(call));
    if (request.state !== "open") {
      printRequest(call, request);
      throw usageError("bad-argument", `the request is ${request.state} already`, { hint: "Nothing is open to promote. slipway request opens a new one." });
    }
    printRequest(call, await desk.promote(request, expected, call.text("override")));
    return 0;
  }),
});
