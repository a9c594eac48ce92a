// Trainings of models: what began them, how far they are, and a version that was trained elsewhere.

import { allowModel, jsonAnswer, mayAsk, type Call, type Route } from "../../server/index.ts";
import type { RetrainList, ShownRetrain } from "../answers.ts";
import { actorOf, bodyOf, countIn, countOf, textOf } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { listOf, OBJECT, orNull, route, TEXT, TIME, VERSION, COUNT } from "./route.ts";

const RETRAIN = {
  id: TEXT, model: TEXT, alias: TEXT, cause: TEXT, evidence: OBJECT, state: { enum: ["training", "waiting", "gate", "approval", "rollout", "promoted", "aborted", "failed", "unchanged", "cancelled"] }, reason: TEXT,
  parent: orNull(VERSION), version: orNull(VERSION), request: orNull(TEXT), rollout: orNull(TEXT), output: TEXT, createdAt: TIME, createdBy: TEXT, endedAt: orNull(TIME),
};
const DETAILS = { ...RETRAIN, events: listOf(OBJECT), gate: { enum: ["none", "running", "green", "red", "failed"] } };

export function retrainRoutes({ retrains, retrainer, registry, gate }: RegistryServices): Route[] {
  const idOf = async (call: Call): Promise<string> => {
    const { id, model } = await retrains.get(call.params["id"]!);
    allowModel(call, model);
    return id;
  };
  return [
    route("POST", "/models/{name}/retrains", "release", { summary: "Train a model anew now, as `retrain` of the configuration says", answer: RETRAIN }, async (call) => {
      await registry.model(call.params["name"]!);
      return jsonAnswer(await retrainer.begin(call.params["name"]!, actorOf(call)), 201);
    }),
    route("GET", "/retrains", "read", { summary: "Trainings, the latest first, and how each model is trained: its triggers, until when it rests, and a trigger that is held back", query: { model: TEXT, limit: COUNT }, answer: { retrains: listOf(OBJECT), models: listOf(OBJECT) } }, async (call) => {
      const model = textOf(call, "model");
      const found = await retrains.list({ model, limit: countOf(call, "limit", 1) });
      const models = (await retrainer.setups()).filter((s) => (model === undefined || s.model === model) && mayAsk(call, s.model));
      return jsonAnswer({ retrains: found.filter((r) => mayAsk(call, r.model)), models } satisfies RetrainList);
    }),
    route("GET", "/retrains/{id}", "read", { summary: "A training: its cause with the evidence, its stages, what the program printed last", answer: DETAILS }, async (call) => {
      const found = await retrains.details(await idOf(call));
      return jsonAnswer({ ...found, gate: found.version === null ? "none" : (await gate.get(found.model, found.version)).state } satisfies ShownRetrain);
    }),
    route("POST", "/retrains/{id}/version", "offer", { summary: "Hand in the version that an outside service trained and offered", body: { version: VERSION }, answer: RETRAIN }, async (call) => jsonAnswer(await retrains.handIn(await idOf(call), countIn(bodyOf(call), "version"), actorOf(call)))),
    route("POST", "/retrains/{id}/cancel", "release", { summary: "End a training; a rollout that it began goes on", answer: RETRAIN }, async (call) => jsonAnswer(await retrains.cancel(await idOf(call), actorOf(call)))),
  ];
}
