// Rollouts: starting them, looking at them, and what people do to them.

import { allowModel, jsonAnswer, mayAsk, type Call, type Route } from "../../server/index.ts";
import type { Rollout, RolloutDetails } from "../answers.ts";
import { overriding } from "./models.ts";
import { actorOf, bodyOf, countIn, countOf, optionalTextIn, textIn, textOf } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { COUNT, listOf, OBJECT, orNull, route, TEXT, TIME, VERSION } from "./route.ts";

const ROLLOUT = {
  id: TEXT, model: TEXT, alias: TEXT, baseline: VERSION, candidate: VERSION, plan: OBJECT, stages: listOf(OBJECT), comment: TEXT, state: { enum: ["running", "paused", "promoted", "aborted", "rolled-back"] }, stage: COUNT, stageSince: TIME, revision: COUNT,
  verdict: { enum: ["promote", "hold", "abort"] }, findings: listOf(OBJECT), createdAt: TIME, createdBy: TEXT, endedAt: orNull(TIME), endedBy: orNull(TEXT), reason: TEXT,
};
const DETAILS = { ...ROLLOUT, leader: orNull(TEXT), replicas: listOf(OBJECT), events: listOf(OBJECT), samples: listOf(OBJECT) };

const WAY_BACK = { model: TEXT, alias: TEXT, from: VERSION, to: VERSION };

export function rolloutRoutes({ registry, rollouts, approvals }: RegistryServices): Route[] {
  const idOf = async (call: Call): Promise<string> => {
    const { id, model } = await rollouts.get(call.params["id"]!);
    allowModel(call, model);
    return id;
  };
  const act = (name: string, summary: string, run: (id: string, call: Call) => Promise<Rollout>, body?: Parameters<typeof route>[3]["body"]): Route =>
    route("POST", `/rollouts/{id}/${name}`, "release", { summary, answer: ROLLOUT, ...(body === undefined ? {} : { body }) }, async (call) => jsonAnswer(await run(await idOf(call), call)));
  return [
    route("POST", "/models/{name}/rollouts", "release", {
      summary: "Let a version take over an alias step by step, judged beside the one that it names now. `plan`: settings of this rollout alone, as under `rollout` of the configuration",
      body: { version: VERSION, alias: TEXT, "plan?": OBJECT, "comment?": TEXT }, answer: ROLLOUT }, async (call) => {
      const body = bodyOf(call);
      const model = call.params["name"]!;
      await registry.model(model);
      return jsonAnswer(await rollouts.start({ model, version: countIn(body, "version"), alias: textIn(body, "alias"), plan: body["plan"] ?? {}, comment: optionalTextIn(body, "comment") ?? "", actor: actorOf(call) }), 201);
    }),
    route("GET", "/rollouts", "read", { summary: "Rollouts, the latest first", query: { model: TEXT, limit: COUNT }, answer: { rollouts: listOf(OBJECT) } }, async (call) => {
      const found = await rollouts.list({ model: textOf(call, "model"), limit: countOf(call, "limit", 1) });
      return jsonAnswer({ rollouts: found.filter((r) => mayAsk(call, r.model)) } satisfies { rollouts: readonly Rollout[] });
    }),
    route("GET", "/rollouts/{id}", "read", { summary: "A rollout with its replicas, what happened, and how it stood over time", answer: DETAILS }, async (call) => jsonAnswer((await rollouts.get(await idOf(call))) satisfies RolloutDetails)),
    route("GET", "/models/{name}/rollback", "read", { summary: "Which version an alias would be put back to", query: { alias: TEXT }, answer: WAY_BACK }, async (call) => {
      const model = call.params["name"]!;
      await registry.model(model);
      return jsonAnswer(await rollouts.wayBack(model, textOf(call, "alias") ?? "production"));
    }),
    route("POST", "/models/{name}/rollback", "release", {
      summary: "Put an alias back to the version that it named before the one in use, as its policy allows. `expected`: the version that it names now, so that nobody's move is undone unseen. `override`: an administrator's reason to pass the policy by",
      body: { "alias?": TEXT, reason: TEXT, "expected?": VERSION, "override?": TEXT }, answer: { ...WAY_BACK, rollout: orNull(TEXT) } }, async (call) => {
      const body = bodyOf(call);
      const model = call.params["name"]!;
      await registry.model(model);
      const reason = optionalTextIn(body, "reason") ?? optionalTextIn(body, "override") ?? "";
      return jsonAnswer(await overriding(call, approvals, body["override"], () => rollouts.rollback({ model, alias: optionalTextIn(body, "alias") ?? "production", reason, expected: Object.hasOwn(body, "expected") ? countIn(body, "expected") : undefined, actor: actorOf(call) })));
    }),
    act("pause", "Nothing goes forward until it is resumed; what is bad is aborted all the same", (id, call) => rollouts.pause(id, actorOf(call))),
    act("resume", "Go on; the time of the step begins anew", (id, call) => rollouts.resume(id, actorOf(call))),
    act("advance", "On to the next stage without its verdict", (id, call) => rollouts.advance(id, actorOf(call))),
    act("promote", "To the end without further verdicts, as the alias's policy allows", (id, call) => rollouts.promote(id, actorOf(call))),
    act("abort", "Everything goes back to the old version at once", (id, call) => rollouts.abort(id, actorOf(call), optionalTextIn(bodyOf(call), "reason") ?? undefined), { "reason?": TEXT }),
  ];
}
