// Every route of the table, times every role, times no, bad, expired, revoked and good credentials: made from the table,
// so that a new route cannot be forgotten.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage } from "../../runtime/index.ts";
import { columnsModel, matrixModel } from "../../runtime/testing.ts";
import { createServer, type App } from "../index.ts";
import { inject } from "../testing.ts";
import { makeKey } from "./key-file.ts";
import { ROLE_NAMES, ROLES, type Role } from "./principal.ts";

const HOUR = 3_600_000;
const made = Object.fromEntries(ROLE_NAMES.map((role) => [role, makeKey({ name: role, roles: [role] })])) as Record<Role, ReturnType<typeof makeKey>>;
const expired = makeKey({ name: "old", roles: ["admin"], expires: new Date(Date.now() - HOUR).toISOString() });
const revoked = makeKey({ name: "gone", roles: ["admin"] });
const onlyLinear = makeKey({ name: "linear only", roles: ["admin"], models: ["lin*"] });
const keys = [...Object.values(made).map((m) => m.record), expired.record, { ...revoked.record, revoked: new Date().toISOString() }, onlyLinear.record];

let app: App;
beforeAll(async () => {
  app = createServer({ models: await Promise.all([columnsModel(), matrixModel()].map((s) => loadModelPackage(s))), options: { auth: { keys: { keys } } } });
});
afterAll(() => app.context.models.close());

/** A request for every route, with parameters that lead to the first model. */
function requests(): { readonly method: string; readonly path: string; readonly action: string; readonly url: string }[] {
  const values: Readonly<Record<string, string>> = { name: "loan", version: "1.2.0", file: "try.css" };
  const seen = new Set<string>();
  return app.table.routes.flatMap(({ method, path, action }) => {
    const key = `${method} ${path}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ method, path, action, url: path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "x") }];
  });
}
async function ask(request: { readonly method: string; readonly url: string }, credential?: string, adminPort = true): Promise<{ status: number; code: string | undefined }> {
  const answer = await inject(app, { ...request, adminPort, headers: credential === undefined ? {} : { authorization: `Bearer ${credential}` }, ...(request.method === "GET" ? {} : { payload: "{}" }) });
  return { status: answer.statusCode, code: answer.errorCode };
}
const REFUSALS = ["credentials-missing", "credentials-refused", "credentials-expired", "forbidden", "admin-closed"];

describe("every route", () => {
  it("says which action it is, and the table is not empty", () => {
    expect(requests().length).toBeGreaterThan(15);
    for (const route of requests()) expect(["open", "read", "predict", "observe", "feedback", "operate", "admin"]).toContain(route.action);
  });
  it("is closed without credentials and with bad, expired and revoked ones, unless it is open", async () => {
    for (const route of requests()) {
      const label = `${route.method} ${route.path}`;
      const outcomes = await Promise.all([undefined, `${made.admin.key.slice(0, -1)}!`, made.admin.key.replace(/.$/, (c) => (c === "A" ? "B" : "A")), "nonsense", expired.key, revoked.key].map((credential) => ask(route, credential)));
      if (route.action === "open") {
        for (const { code } of outcomes) expect(REFUSALS, label).not.toContain(code);
        continue;
      }
      expect(outcomes.map((o) => [o.status, o.code]), label).toEqual([
        [401, "credentials-missing"], [401, "credentials-refused"], [401, "credentials-refused"], [401, "credentials-refused"], [401, "credentials-expired"], [401, "credentials-refused"]]);
    }
  });
  it("is open to the roles that allow its action, and to no other", async () => {
    for (const route of requests()) {
      for (const role of ROLE_NAMES) {
        const { status, code } = await ask(route, made[role].key);
        const allowed = route.action === "open" || ROLES[role].includes(route.action as "read");
        const label = `${route.method} ${route.path} as ${role}`;
        if (allowed) expect(REFUSALS, label).not.toContain(code);
        else expect([status, code], label).toEqual([403, "forbidden"]);
      }
    }
  });
  it("takes acts of administration on the port of administration only", async () => {
    for (const route of requests().filter((r) => r.action === "operate" || r.action === "admin")) {
      expect(await ask(route, made.admin.key, false), route.path).toMatchObject({ status: 403, code: "admin-closed" });
    }
  });
  it("keeps keys to their models", async () => {
    for (const route of requests().filter((r) => r.path.includes("{name}") && r.action !== "open")) {
      expect(await ask(route, onlyLinear.key), route.path).toMatchObject({ status: 403, code: "forbidden" });
      expect((await ask({ ...route, url: route.url.replace("loan", "linear") }, onlyLinear.key)).code, route.path).not.toBe("forbidden");
    }
    // The first model, which has no name in the address.
    expect(await ask({ method: "POST", url: "/predict" }, onlyLinear.key)).toMatchObject({ status: 403, code: "forbidden" });
  });
});

describe("without any credentials configured", () => {
  it("everyone may ask and nobody may administrate", async () => {
    const open = createServer({ models: app.context.models.all });
    for (const route of requests()) {
      const answer = await inject(open, { ...route, adminPort: true, ...(route.method === "GET" ? {} : { payload: "{}" }) });
      const administrative = route.action === "operate" || route.action === "admin";
      if (administrative) expect(answer.errorCode, route.path).toBe("credentials-missing");
      else expect(REFUSALS, route.path).not.toContain(answer.errorCode);
    }
  });
});
