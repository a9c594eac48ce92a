// Who asks, and the public keys by which decisions are verified.

import { addPersonKey, allKeys, keysOfPerson, removePersonKey } from "../../approvals/index.ts";
import { jsonAnswer, type Route } from "../../server/index.ts";
import type { Me, PersonKey } from "../answers.ts";
import { actorOf, bodyOf, everyModel } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { listOf, OBJECT, route, TEXT, TIME } from "./route.ts";

const KEY = { id: TEXT, person: TEXT, label: TEXT, pem: TEXT, createdAt: TIME };
const KEYS = { keys: listOf(OBJECT) };

export function meRoutes({ approvals }: RegistryServices): Route[] {
  const { database } = approvals;
  return [
    route("GET", "/me", "read", { summary: "Who asks, and what they may do", answer: { name: TEXT, roles: listOf(TEXT), groups: listOf(TEXT), can: listOf(TEXT) } }, (call) => {
      const { person, roles, groups, actions, models } = call.principal!;
      return jsonAnswer({ name: person, roles, groups, can: [...actions], ...(models === undefined ? {} : { models }) } satisfies Me);
    }),
    route("GET", "/me/keys", "comment", { summary: "One's public keys", answer: KEYS }, async (call) => jsonAnswer({ keys: await keysOfPerson(database, actorOf(call).name) } satisfies { keys: readonly PersonKey[] })),
    route("POST", "/me/keys", "review", { summary: "Register a public key (PEM; P-256, P-384 or P-521): what it signs is signed by this person", body: { pem: TEXT, "label?": TEXT }, answer: KEY }, async (call) => {
      const { pem, label } = bodyOf(call);
      return jsonAnswer(await addPersonKey(database, actorOf(call), pem, label), 201);
    }),
    route("DELETE", "/me/keys/{id}", "review", { summary: "Take a key away: what it signed counts no longer in open requests" }, async (call) => {
      await removePersonKey(database, actorOf(call), call.params["id"]!);
      return { status: 204, body: null };
    }),
    route("GET", "/keys", "read", { summary: "Every public key that may have signed a decision, servers' and removed ones included", answer: KEYS }, async () => jsonAnswer({ keys: await allKeys(database) })),
    route("DELETE", "/keys/{id}", "govern", { summary: "Take anybody's key away, also a server's that others may have read" }, async (call) => {
      everyModel(call);
      await removePersonKey(database, actorOf(call), call.params["id"]!, true);
      return { status: 204, body: null };
    }),
  ];
}
