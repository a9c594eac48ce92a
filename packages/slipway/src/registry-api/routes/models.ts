// Models and their aliases.

import { allowModel, authError, jsonAnswer, mayAsk, type Call, type Route } from "../../server/index.ts";
import type { ModelDetail, ModelSummary } from "../answers.ts";
import { apiError } from "../errors.ts";
import { actorOf, bodyOf, countIn, countOf, expectedIn, textOf } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { COUNT, listOf, OBJECT, orNull, route, TEXT, TIME, VERSION } from "./route.ts";

const ALIAS = { model: TEXT, alias: TEXT, version: VERSION, revision: COUNT, updatedAt: TIME, updatedBy: TEXT };

export function modelRoutes({ registry, approvals }: RegistryServices): Route[] {
  return [
    route("GET", "/models", "read", { summary: "Models, by name", query: { text: TEXT, after: TEXT, limit: COUNT }, answer: { models: listOf(OBJECT), next: orNull(TEXT) } }, async (call) => {
      const limit = Math.min(countOf(call, "limit", 1) ?? 100, 500);
      const models = await registry.models({ text: textOf(call, "text"), after: textOf(call, "after"), limit });
      return jsonAnswer({ models: models.filter((m) => mayAsk(call, m.name)), next: models.length === limit ? models.at(-1)!.name : null } satisfies { models: readonly ModelSummary[]; next: string | null });
    }),
    route("GET", "/models/{name}", "read", { summary: "A model, its aliases and what they ask", answer: { name: TEXT, aliases: listOf(OBJECT), policies: OBJECT } }, async (call) => {
      const name = call.params["name"]!;
      const model = await registry.model(name);
      const aliases = await registry.aliases(name);
      const named = new Set([...aliases.map((a) => a.alias), ...approvals.policies.filter((p) => p.name !== "*").map((p) => p.name)]);
      const policies = [...named].flatMap((alias) => {
        const found = approvals.policyFor(name, alias);
        if (found === undefined) return [];
        const { name: _name, ...policy } = found;
        return [[alias, policy] as const];
      });
      return jsonAnswer({ ...model, aliases, policies: Object.fromEntries(policies) } satisfies ModelDetail);
    }),
    route("GET", "/models/{name}/aliases", "read", { summary: "Its aliases", answer: { aliases: listOf(OBJECT) } }, async (call) => {
      await registry.model(call.params["name"]!);
      return jsonAnswer({ aliases: await registry.aliases(call.params["name"]!) });
    }),
    route("GET", "/models/{name}/aliases/{alias}", "read", { summary: "The version that an alias names", answer: ALIAS }, async (call) => {
      const { name, alias } = call.params as { name: string; alias: string };
      await registry.model(name);
      const found = (await registry.aliases(name)).find((a) => a.alias === alias);
      if (found === undefined) throw apiError("alias-unknown", `${name} has no alias ${JSON.stringify(alias.slice(0, 100))}`);
      return jsonAnswer(found);
    }),
    route("PUT", "/models/{name}/aliases/{alias}", "release", {
      summary: "Let an alias name a version, as its policy allows. `expected`: what it names now, null for nothing. `override`: an administrator's reason to pass the policy by",
      body: { version: VERSION, expected: orNull(VERSION), "override?": TEXT }, answer: ALIAS }, async (call) => {
      const { name, alias } = call.params as { name: string; alias: string };
      const body = bodyOf(call);
      const version = countIn(body, "version");
      const move = (): Promise<unknown> => registry.setAlias(name, alias, version, { actor: actorOf(call), expected: expectedIn(body) });
      return jsonAnswer(await overriding(call, approvals, body["override"], move));
    }),
    route("DELETE", "/models/{name}/aliases/{alias}", "release", {
      summary: "Take an alias away that is under no policy. `override`: an administrator's reason to pass a policy by",
      query: { expected: VERSION, override: TEXT } }, async (call) => {
      const { name, alias } = call.params as { name: string; alias: string };
      const body = bodyOf(call);
      const expected = Object.hasOwn(body, "expected") ? expectedIn(body) : countOf(call, "expected", 1);
      const reason = Object.hasOwn(body, "override") ? body["override"] : textOf(call, "override");
      await overriding(call, approvals, reason, () => registry.removeAlias(name, alias, { actor: actorOf(call), expected }));
      return { status: 204, body: null };
    }),
    route("GET", "/models/{name}/aliases/{alias}/history", "read", { summary: "Where an alias has been, the latest first", query: { limit: COUNT }, answer: { moves: listOf(OBJECT) } }, async (call) => {
      const { name, alias } = call.params as { name: string; alias: string };
      allowModel(call, name);
      await registry.model(name);
      return jsonAnswer({ moves: await registry.aliasHistory(name, alias, Math.min(countOf(call, "limit", 1) ?? 100, 1000)) });
    }),
  ];
}

/** Runs a move, past the policy where an administrator says why. @throws forbidden, override-reason */
export function overriding<T>(call: Call, approvals: RegistryServices["approvals"], reason: unknown, move: () => Promise<T>): Promise<T> {
  if (reason === undefined || reason === null) return move();
  if (call.principal?.actions.has("govern") !== true) throw authError("forbidden", "only an administrator moves an alias past its policy", { hint: "Leave out `override`, or ask somebody with the role admin." });
  return approvals.override(reason, move);
}
