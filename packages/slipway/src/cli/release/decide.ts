// slipway approve MODEL:VERSION, slipway reject MODEL:VERSION

import { makeApproval, signStatement } from "@slipway/core/signing";
import type { RequestDetails } from "../../approvals/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "../command.ts";
import { passwordOption, signingKeyOf } from "../signing-key.ts";
import { deskOptions, subjectOf, withDesk, type GivenDecision, type ReleaseDesk } from "./desk.ts";
import { printRequest } from "./show.ts";

export const approve: Command = decision("approve", "approve a release that was asked for");
export const reject: Command = decision("reject", "reject a release that was asked for, which ends the request");

function decision(what: "approve" | "reject", summary: string): Command {
  return defineCommand({
    name: what, summary,
    usage: "MODEL:VERSION [--alias production] [--as GROUP] [--comment TEXT] [--key KEY]",
    arguments: [{ name: "MODEL:VERSION", help: "what was asked for" }],
    options: {
      ...deskOptions,
      as: { type: "string", value: "GROUP", help: "the group that you speak for, one of your key's" },
      comment: { type: "string", value: "TEXT", help: "why" },
      key: { type: "string", value: "FILE", help: "sign with your own private key (PEM) what is decided over the package's digest; otherwise the registry's own key signs that you said so" },
      "register-key": { type: "boolean", help: "with --key: make its public half known as yours first" },
      "password-file": passwordOption,
    },
    examples: [`slipway ${what} churn:3 --as business`, `slipway ${what} churn:3 --key anna.key --register-key`, `slipway ${what} churn:3 --server https://models.example --comment 'see the report'`],
    run: (call) => withDesk(call, "review", async (desk) => {
      const request = await desk.find(subjectOf(call));
      if (request.state !== "open") {
        printRequest(call, request);
        throw usageError("bad-argument", `the request is ${request.state} already`, { hint: "Nothing is open to decide. slipway request opens a new one." });
      }
      const given: GivenDecision = { decision: what, as: call.text("as") ?? null, comment: call.text("comment") ?? null };
      printRequest(call, await desk.decide(request.id, { ...given, ...(await signed(call, desk, request, given)) }));
      return 0;
    }),
  });
}

async function signed(call: Invocation, desk: ReleaseDesk, request: RequestDetails, { decision: what, as, comment }: GivenDecision): Promise<{ envelope?: object }> {
  const path = call.text("key");
  if (path === undefined) {
    if (call.flag("register-key")) throw usageError("missing-argument", "--register-key needs --key");
    return {};
  }
  const key = await signingKeyOf(call, path);
  if (call.flag("register-key")) await desk.register(key.publicKey.pem);
  const { id, model, version, alias, digest } = request;
  return { envelope: await signStatement(makeApproval(digest, { decision: what, request: id, model, version, alias, person: await desk.person(), group: as, comment, time: new Date().toISOString(), via: null }), [key]) };
}
