// A request for people: what was said, and what is missing.

import type { RequestDetails } from "../../approvals/index.ts";
import type { Invocation } from "../command.ts";
import { printJson, printResult } from "../output.ts";

export function printRequest(call: Invocation, request: RequestDetails): void {
  if (call.flag("json")) return printJson(request);
  const { model, version, alias, state, from, verdict } = request;
  const lines = [
    `${model}:${version} as ${alias}${from === null ? "" : `, now ${model}:${from}`}: ${state}${request.closedBy === null ? "" : ` by ${request.closedBy}`}`,
    `request ${request.id} of ${request.requestedBy}${request.comment === "" ? "" : `: ${request.comment}`}`,
    ...request.decisions.map((d) => `  ${d.decision === "approve" ? "approved" : "rejected"} by ${d.person}${d.as === null ? "" : ` for ${d.as}`}, signed by ${d.signedBy === "person" ? "their own key" : "the server"}${d.counts ? "" : " (does not count any more)"}${d.comment === null ? "" : `: ${d.comment}`}`),
    ...request.comments.map((c) => `  ${c.author}: ${c.text}`),
  ];
  if (state === "open") lines.push(...(verdict.met ? [`ready: slipway promote ${model}:${version} --alias ${alias}`] : ["missing:", ...verdict.missing.map((m) => `  ${m.text}`)]), `open until ${request.expiresAt.slice(0, 16).replace("T", " ")} UTC`);
  printResult(lines.join("\n"));
}
