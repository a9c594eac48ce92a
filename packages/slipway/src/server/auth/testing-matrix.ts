// Every route of a table, times every role, times no, bad, expired, revoked and good credentials: made from the table, so
// that a new route cannot be forgotten.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { App } from "../app.ts";
import type { Action, Route } from "../http/routing-table.ts";
import { inject } from "../testing.ts";
import { makeKey, type KeyRecord } from "./key-file.ts";
import { ROLE_NAMES, ROLES, type Role } from "./principal.ts";

const HOUR = 3_600_000;
const made = Object.fromEntries(ROLE_NAMES.map((role) => [role, makeKey({ name: role, roles: [role] })])) as Record<Role, ReturnType<typeof makeKey>>;
const expired = makeKey({ name: "old", roles: ["admin"], expires: new Date(Date.now() - HOUR).toISOString() });
const revoked = makeKey({ name: "gone", roles: ["admin"] });
const onlyLinear = makeKey({ name: "linear only", roles: ["admin"], models: ["lin*"] });
const keys = [...Object.values(made).map((m) => m.record), expired.record, { ...revoked.record, revoked: new Date().toISOString() }, onlyLinear.record];

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}
/** By which headers protocols tell their requests apart where they share an address. */
const VARIANTS: readonly Readonly<Record<string, string>>[] = [{}, { accept: "text/html" }, { "content-type": "application/json" }, { "content-type": "text/csv" }, { "x-amzn-sagemaker-target-model": "loan" }];

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly action: Action | undefined;
  readonly path: string;
  readonly route: Route | undefined;
}
export const REFUSALS: readonly string[] = ["credentials-missing", "credentials-refused", "credentials-expired", "forbidden", "admin-closed"];

/** A table to try: of an application that takes these keys, and serves the models `loan` and `linear`. */
export interface MatrixSubject {
  readonly app: App;
  close(): Promise<void>;
}
/** What stands for the parameters of addresses, leading to the first model. */
const PARAMETERS: Readonly<Record<string, string>> = { name: "loan", version: "1.2.0", file: "try.css" };

/** Requests for every address of a table. */
export function requestsOf(app: App, isOurs: (route: Route) => boolean = () => true): readonly Asked[] {
  const routes = app.table.routes.filter(isOurs);
  const addresses = new Map(routes.map((r) => [`${r.method} ${r.path}`, { ...r, shared: routes.filter((o) => o.method === r.method && o.path === r.path).length > 1 }]));
  return [...addresses.values()].flatMap(({ method, path, shared }) => (shared ? VARIANTS : VARIANTS.slice(0, 1)).map((headers) => ({ method, headers, url: path.replace(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? "x") })));
}
/** @param open a new one for every test: whoever may changes what is there */
export function describeEveryRoute(name: string, open: (keys: readonly KeyRecord[]) => Promise<MatrixSubject>, isOurs: (route: Route) => boolean = () => true): void {
  let app: App;
  let subject: MatrixSubject;
  const requests = (): readonly Asked[] => requestsOf(app, isOurs);
  async function ask(request: Asked, credential?: string, adminPort = true): Promise<Outcome> {
    const answer = await inject(app, { ...request, adminPort, headers: { ...request.headers, ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }) }, ...(request.method === "GET" ? {} : { payload: "{}" }) });
    return { status: answer.statusCode, code: answer.errorCode, action: answer.route?.action, path: answer.route?.path ?? "", route: answer.route };
  }

  describe(name, () => {
    beforeEach(async () => {
      subject = await open(keys);
      ({ app } = subject);
    });
    afterEach(() => subject.close());
    it("is reached by these requests, so that none is forgotten", async () => {
      const reached = new Set((await Promise.all(requests().map((r) => ask(r)))).map((o) => o.route));
      const ours = app.table.routes.filter(isOurs);
      expect(ours.length).toBeGreaterThan(15);
      expect(ours.filter((r) => !reached.has(r)).map((r) => `${r.method} ${r.path}`)).toEqual([]);
    });
    it("is closed without credentials and with bad, expired and revoked ones, unless it is open", async () => {
      for (const request of requests()) {
        const label = `${request.method} ${request.url}`;
        const outcomes = await Promise.all([undefined, `${made.admin.key.slice(0, -1)}!`, made.admin.key.replace(/.$/, (c) => (c === "A" ? "B" : "A")), "nonsense", expired.key, revoked.key].map((credential) => ask(request, credential)));
        if (outcomes[0]!.action === "open") {
          for (const { code } of outcomes) expect(REFUSALS, label).not.toContain(code);
          continue;
        }
        expect(outcomes.map((o) => [o.status, o.code]), label).toEqual([
          [401, "credentials-missing"], [401, "credentials-refused"], [401, "credentials-refused"], [401, "credentials-refused"], [401, "credentials-expired"], [401, "credentials-refused"]]);
      }
    });
    it("is open to the roles that allow its action, and to no other", async () => {
      for (const request of requests()) {
        for (const role of ROLE_NAMES) {
          const { status, code, action } = await ask(request, made[role].key);
          const allowed = action === "open" || ROLES[role].includes(action!);
          const label = `${request.method} ${request.url} as ${role}`;
          if (allowed) expect(REFUSALS, label).not.toContain(code);
          else expect([status, code], label).toEqual([403, "forbidden"]);
        }
      }
    });
    it("takes acts of administration on the port of administration only", async () => {
      for (const request of requests()) {
        const outcome = await ask(request, made.admin.key, false);
        if (outcome.action === "operate" || outcome.action === "admin") expect(outcome, request.url).toMatchObject({ status: 403, code: "admin-closed" });
      }
    });
    it("keeps keys to their models", async () => {
      for (const request of requests()) {
        const outcome = await ask(request, onlyLinear.key);
        if (outcome.action === "open" || !outcome.path.includes("{name}")) continue;
        expect(outcome, request.url).toMatchObject({ status: 403, code: "forbidden" });
        expect((await ask({ ...request, url: request.url.replace("loan", "linear") }, onlyLinear.key)).code, request.url).not.toBe("forbidden");
      }
    });
  });
}
