// Webhooks, for administrators.

import { jsonAnswer, type Call, type Route } from "../../server/index.ts";
import type { Delivery, Webhook } from "../../webhooks/index.ts";
import type { ShownDelivery } from "../answers.ts";
import { apiError } from "../errors.ts";
import { actorOf, bodyOf, countOf, everyModel } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { COUNT, FLAG, listOf, OBJECT, route, TEXT, TIME } from "./route.ts";

const WEBHOOK = { id: TEXT, url: TEXT, events: listOf(TEXT), state: { enum: ["active", "disabled"] }, note: TEXT, createdAt: TIME, createdBy: TEXT };

export function webhookRoutes({ webhooks, deliverer }: RegistryServices): Route[] {
  const guarded = (handle: (call: Call) => ReturnType<Route["handle"]>): Route["handle"] => (call) => {
    everyModel(call);
    return handle(call);
  };
  return [
    route("GET", "/webhooks", "govern", { summary: "Where events are sent", answer: { webhooks: listOf(OBJECT) } }, guarded(async () => jsonAnswer({ webhooks: await webhooks.list() } satisfies { webhooks: readonly Webhook[] }))),
    route("POST", "/webhooks", "govern", {
      summary: "Send events from now on to an address: `events` such as alias.moved, request.* or * (all), `models` names or prefixes with *. The secret that signs the calls (Standard Webhooks) is in this answer only",
      body: { url: TEXT, "events?": listOf(TEXT), "models?": listOf(TEXT), "description?": TEXT }, answer: { ...WEBHOOK, secret: TEXT } }, guarded(async (call) => jsonAnswer(await webhooks.create(bodyOf(call), actorOf(call)), 201))),
    route("GET", "/webhooks/{id}", "govern", { summary: "A webhook", answer: WEBHOOK }, guarded(async (call) => jsonAnswer(await webhooks.get(call.params["id"]!)))),
    route("PUT", "/webhooks/{id}", "govern", { summary: "Switch one on that was disabled; `skip` gives up what waits", body: { state: { const: "active" }, "skip?": FLAG }, answer: WEBHOOK }, guarded(async (call) => {
      const { state, skip = false } = bodyOf(call);
      if (state !== "active" || typeof skip !== "boolean") throw apiError("body-invalid", 'the body is {"state": "active"}, with "skip" true or false', { where: "state", hint: "DELETE ends a webhook." });
      return jsonAnswer(await webhooks.activate(call.params["id"]!, actorOf(call), skip));
    })),
    route("DELETE", "/webhooks/{id}", "govern", { summary: "End a webhook, and forget its deliveries" }, guarded(async (call) => {
      await webhooks.remove(call.params["id"]!, actorOf(call));
      return { status: 204, body: null };
    })),
    route("POST", "/webhooks/{id}/secret", "govern", { summary: "A new secret, in this answer only; for a day calls are signed with the one before as well", answer: { ...WEBHOOK, secret: TEXT } }, guarded(async (call) =>
      jsonAnswer(await webhooks.renewSecret(call.params["id"]!, actorOf(call))))),
    route("GET", "/webhooks/{id}/deliveries", "govern", { summary: "What was sent and what came of it, the latest first", query: { before: COUNT, limit: COUNT }, answer: { deliveries: listOf(OBJECT) } }, guarded(async (call) => {
      const webhook = await webhooks.get(call.params["id"]!);
      const deliveries = await webhooks.deliveries(webhook.id, { before: countOf(call, "before"), limit: countOf(call, "limit", 1) });
      return jsonAnswer({ deliveries: deliveries.map((d) => shown(d, webhook)) });
    })),
    route("POST", "/webhooks/{id}/deliveries/{delivery}/retry", "govern", { summary: "Send it again: now, or where it waits with the next round" }, guarded(async (call) => {
      const { id, delivery } = call.params as { id: string; delivery: string };
      const made = await deliverer.redeliver(id, delivery, actorOf(call));
      return jsonAnswer(shown(made, await webhooks.get(id)), made.state === "pending" ? 202 : 200);
    })),
  ];
}

function shown(delivery: Delivery, webhook: Webhook): ShownDelivery {
  const last = delivery.history.at(-1);
  return { ...delivery, status: last?.status ?? null, error: last?.error ?? null, nextAt: delivery.state === "pending" && webhook.state === "active" ? webhook.nextAt : null };
}
