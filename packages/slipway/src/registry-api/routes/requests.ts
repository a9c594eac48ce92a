// Requests for a release: asking, deciding, commenting, promoting.

import { allowModel, jsonAnswer, mayAsk, type Call, type Route } from "../../server/index.ts";
import { approvalError, type ReleaseRequest, type RequestDetails, type RequestState } from "../../approvals/index.ts";
import { decide } from "../decide.ts";
import { apiError } from "../errors.ts";
import { actorOf, bodyOf, countIn, countOf, expectedIn, optionalTextIn, textIn, textOf } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { overriding } from "./models.ts";
import { COUNT, listOf, OBJECT, orNull, route, TEXT, TIME, VERSION } from "./route.ts";

const STATES: readonly RequestState[] = ["open", "promoted", "rejected", "withdrawn", "expired", "overridden"];
const REQUEST = { id: TEXT, model: TEXT, version: VERSION, digest: TEXT, alias: TEXT, state: { enum: STATES }, requestedBy: TEXT, comment: TEXT, from: orNull(VERSION), createdAt: TIME, expiresAt: TIME, closedAt: orNull(TIME), closedBy: orNull(TEXT) };
const DETAILS = { ...REQUEST, policy: orNull(OBJECT), verdict: OBJECT, decisions: listOf(OBJECT), comments: listOf(OBJECT) };

export function requestRoutes({ registry, approvals, onError }: RegistryServices): Route[] {
  const find = async (call: Call): Promise<RequestDetails> => {
    const request = await approvals.get(call.params["id"]!);
    allowModel(call, request.model);
    return request;
  };
  return [
    route("POST", "/models/{name}/requests", "offer", { summary: "Ask that an alias name a version", body: { version: VERSION, alias: TEXT, "comment?": TEXT }, answer: REQUEST }, async (call) => {
      const body = bodyOf(call);
      const model = call.params["name"]!;
      await registry.model(model);
      return jsonAnswer(await approvals.open({ model, version: countIn(body, "version"), alias: textIn(body, "alias"), comment: optionalTextIn(body, "comment") ?? "", actor: actorOf(call) }), 201);
    }),
    route("GET", "/requests", "read", { summary: "Requests, the latest first", query: { state: { enum: STATES }, model: TEXT, after: TEXT, limit: COUNT }, answer: { requests: listOf(OBJECT), next: orNull(TEXT) } }, async (call) => {
      const state = textOf(call, "state");
      if (state !== undefined && !STATES.includes(state as RequestState)) throw apiError("body-invalid", `state is ${JSON.stringify(state.slice(0, 100))}`, { where: "?state", hint: `One of ${STATES.join(", ")}.` });
      const limit = Math.min(countOf(call, "limit", 1) ?? 50, 200);
      const requests = await approvals.list({ state: state as RequestState | undefined, model: textOf(call, "model"), after: textOf(call, "after"), limit });
      return jsonAnswer({ requests: requests.filter((r) => mayAsk(call, r.model)), next: requests.length === limit ? requests.at(-1)!.id : null } satisfies { requests: readonly ReleaseRequest[]; next: string | null });
    }),
    route("GET", "/requests/{id}", "read", { summary: "A request with what was decided and said, and what is missing", answer: DETAILS }, async (call) => jsonAnswer((await find(call)) satisfies RequestDetails)),
    route("POST", "/requests/{id}/decisions", "review", {
      summary: "Approve or reject. `as`: the group that one speaks for; `envelope`: the decision as a DSSE envelope signed by one's own key, else the server signs",
      body: { decision: { enum: ["approve", "reject"] }, "as?": orNull(TEXT), "comment?": orNull(TEXT), "envelope?": OBJECT }, answer: DETAILS }, async (call) => {
      const body = bodyOf(call);
      const { decision, envelope } = body;
      if (decision !== "approve" && decision !== "reject") throw apiError("body-invalid", 'decision is "approve" or "reject"', { where: "decision" });
      const { id } = await find(call);
      const details = await decide({ registry, approvals, onError }, id, {
        decision, as: optionalTextIn(body, "as"), comment: optionalTextIn(body, "comment"), actor: actorOf(call), credential: call.principal!.id, ...(envelope === undefined || envelope === null ? {} : { envelope }) });
      return jsonAnswer(details, 201);
    }),
    route("POST", "/requests/{id}/comments", "comment", { summary: "Say something", body: { text: TEXT }, answer: { id: TEXT, author: TEXT, text: TEXT, time: TIME } }, async (call) => {
      const { id } = await find(call);
      return jsonAnswer(await approvals.comment(id, bodyOf(call)["text"], actorOf(call)), 201);
    }),
    route("POST", "/requests/{id}/withdraw", "offer", { summary: "Take a request back: who opened it, or an administrator", answer: REQUEST }, async (call) => {
      const { id } = await find(call);
      return jsonAnswer(await approvals.withdraw(id, actorOf(call)));
    }),
    route("POST", "/requests/{id}/promote", "release", {
      summary: "Let the alias name the version, if the policy is met. `expected`: the version that the alias names now, that of the request's time where it is left out. `override`: an administrator's reason to pass the policy by",
      body: { "expected?": orNull(VERSION), "override?": TEXT }, answer: DETAILS }, async (call) => {
      const request = await find(call);
      const body = bodyOf(call);
      if (request.state !== "open") throw approvalError("request-closed", `the request is ${request.state}`, { hint: "Open a new one." });
      const actor = actorOf(call);
      const expected = Object.hasOwn(body, "expected") ? expectedIn(body) : request.from;
      await overriding(call, approvals, body["override"], () => registry.setAlias(request.model, request.alias, request.version, { actor, expected }));
      return jsonAnswer(await approvals.get(request.id));
    }),
  ];
}
