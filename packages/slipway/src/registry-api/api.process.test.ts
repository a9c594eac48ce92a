// The registry over HTTP, as several people use it, on each pair of a database and a store.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { generateSigningKey, makeApproval, signStatement } from "@slipway/core/signing";
import { backends } from "../../../../scripts/testing-backends.ts";
import { parseAudit, verifyEntries } from "../audit/index.ts";
import { testPackage } from "../server/models/testing-packages.ts";
import { inject } from "../server/testing.ts";
import { openTestRegistry, personWith, type TestRegistry } from "./testing.ts";

const dana = personWith("dana", ["developer"]);
const anna = personWith("anna", ["reviewer"], ["business"]);
const otto = personWith("otto", ["reviewer"], ["operations"]);
const olga = personWith("olga", ["operator"]);
const root = personWith("root", ["admin"]);
const narrow = personWith("narrow", ["admin"], [], ["other*"]);
const keys = [dana, anna, otto, olga, root, narrow].map((p) => p.record);
const approvals = { production: { approvals: 2, groups: { business: 1 }, author: false, gate: 604_800_000, signed: false, expires: 1_209_600_000, rollback: true } };
const pickle = readFileSync(new URL("../../../../examples/churn/churn.joblib", import.meta.url));

describe.each(backends)("on $name", (backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop());
  const test = it.skipIf(!backend.there);
  let api: TestRegistry;
  beforeEach(async () => {
    if (backend.there) api = await openTestRegistry(await backend.place().open(), keys, { settings: { approvals, webhooks: { allow: ["loopback"], timeout: 1000, disableAfter: 1000 }, gate: { skip: ["budgets"] } }, uploadLimit: 4 * 2 ** 20 });
  }, 60_000);
  afterEach(() => (backend.there ? api.close() : undefined));
  // What takes a process of its own is tried once.
  const once = it.skipIf(!backend.there || backend.database !== "sqlite");
  const offer = async (factor = 1, name = "linear"): Promise<number> =>
    (await api.service.registry.offer(await testPackage({ name, factor, promises: 6 * factor }), { actor: { name: "dana", roles: ["developer"], groups: [], how: "key" } })).version;
  const gate = async (version: number): Promise<{ state: string; report: { passed: boolean } | null }> => {
    expect((await api.ask(dana, "POST", `/models/linear/versions/${version}/gate`)).statusCode).toBe(202);
    await api.service.gate.settled();
    return (await api.ask(dana, "GET", `/models/linear/versions/${version}/gate`)).json() as { state: string; report: { passed: boolean } | null };
  };
  const code = async (...request: Parameters<TestRegistry["ask"]>): Promise<readonly [number, string | undefined]> => {
    const { statusCode, errorCode } = await api.ask(...request);
    return [statusCode, errorCode];
  };

  test("a version is offered, tested, asked for, approved by two, promoted, and all of it is in the log", async () => {
    const offered = await api.ask(dana, "POST", "/models/linear/versions?data=s3%3A%2F%2Fdata&commit=abc", Buffer.from(await testPackage({ factor: 2, promises: 12 })));
    const { version } = offered.json() as { version: number };
    expect((await api.ask(anna, "GET", "/models?text=lin")).json()).toMatchObject({ models: [{ name: "linear", latest: 1, versions: 1, aliases: {} }], next: null });
    const request = (await api.ask(dana, "POST", "/models/linear/requests", { version, alias: "production", comment: "better" })).json() as { id: string };
    expect(await code(olga, "POST", `/requests/${request.id}/promote`, {})).toEqual([403, "policy-unmet"]);
    expect(await code(dana, "POST", `/requests/${request.id}/decisions`, { decision: "approve" })).toEqual([403, "forbidden"]);
    const run = await gate(version);
    expect([run.state, run.report?.passed]).toEqual(["green", true]);
    expect((await api.ask(anna, "POST", `/requests/${request.id}/decisions`, { decision: "approve", as: "business" })).statusCode).toBe(201);
    expect(await code(anna, "POST", `/requests/${request.id}/decisions`, { decision: "approve" })).toEqual([409, "decision-repeated"]);
    await api.ask(otto, "POST", `/requests/${request.id}/comments`, { text: "looks good" });
    await api.ask(otto, "POST", `/requests/${request.id}/decisions`, { decision: "approve", comment: "runs well" });
    const promoted = await api.ask(olga, "POST", `/requests/${request.id}/promote`, {});
    expect(promoted.json()).toMatchObject({ state: "promoted", closedBy: "olga", verdict: { met: true }, decisions: [{ person: "anna", as: "business", signedBy: "server", counts: true }, { person: "otto", as: null }], comments: [{ text: "looks good" }] });
    expect((await api.ask(anna, "GET", "/models/linear")).json()).toMatchObject({ aliases: [{ alias: "production", version: 1, updatedBy: "olga" }], policies: { production: { approvals: 2, groups: { business: 1 } } } });
    const details = (await api.ask(anna, "GET", "/models/linear/versions/1")).json() as { attachments: { kind: string }[] };
    expect(details).toMatchObject({ aliases: ["production"], gate: { state: "green" }, trainingData: "s3://data", commit: "abc", requests: [{ id: request.id, state: "promoted" }], signature: { layout: "matrix" } });
    expect(details.attachments.map((a) => a.kind)).toEqual(["gate-report", "approval", "approval"]);
    const report = await api.ask(anna, "GET", "/models/linear/versions/1/report");
    expect([report.headers["content-type"], report.body.includes("The gate is passed")]).toEqual(["text/html; charset=utf-8", true]);
    const { entries } = (await api.ask(anna, "GET", "/audit?model=linear")).json() as { entries: { action: string; actor: string }[] };
    expect(entries.map((e) => `${e.actor} ${e.action}`)).toEqual([
      "dana version.offered", "dana request.opened", "dana gate.started", "dana attachment.added", "anna request.approved", "anna attachment.added", "otto request.commented", "otto request.approved", "otto attachment.added",
      "olga request.promoted", "olga alias.moved"]);
    const exported = await api.ask(anna, "GET", "/audit/export");
    expect(await verifyEntries(parseAudit(exported.body))).toEqual((await api.ask(anna, "GET", "/audit/verify")).json());
  });

  test("a decision may come as an envelope of the person's own key", async () => {
    await offer();
    const { key } = await generateSigningKey();
    expect((await api.ask(anna, "POST", "/me/keys", { pem: key.publicKey.pem, label: "laptop" })).statusCode).toBe(201);
    expect((await api.ask(anna, "GET", "/me/keys")).json()).toMatchObject({ keys: [{ id: key.publicKey.id, label: "laptop", person: "anna" }] });
    const { id, digest } = (await api.ask(dana, "POST", "/models/linear/requests", { version: 1, alias: "production" })).json() as { id: string; digest: string };
    const envelope = await signStatement(makeApproval(digest, { decision: "approve", request: id, model: "linear", version: 1, alias: "production", person: "anna", group: "business", comment: null, time: new Date().toISOString(), via: null }), [key]);
    expect(await code(otto, "POST", `/requests/${id}/decisions`, { decision: "approve", envelope })).toEqual([403, "envelope-foreign"]);
    expect((await api.ask(anna, "POST", `/requests/${id}/decisions`, { decision: "approve", as: "business", envelope })).json()).toMatchObject({ decisions: [{ signedBy: "person", key: key.publicKey.id }] });
    expect((await api.ask(dana, "GET", "/keys")).json()).toMatchObject({ keys: [{ person: "anna" }] });
    expect((await api.ask(root, "DELETE", `/keys/${key.publicKey.id}`)).statusCode).toBe(204);
    expect((await api.ask(anna, "GET", `/requests/${id}`)).json()).toMatchObject({ decisions: [{ counts: false }] });
  });

  once("a saved model is packed, without running it; what is none, is too large or has another name is refused", async () => {
    const answer = await api.ask(dana, "POST", "/models/churn/versions?file=churn.joblib", pickle);
    expect([answer.statusCode, answer.headers["location"], answer.json()]).toEqual([201, "/api/v1/models/churn/versions/1", expect.objectContaining({ model: "churn", sourceName: "churn.joblib", createdBy: "dana" })]);
    const pulled = await api.ask(dana, "GET", "/models/churn/versions/1/package");
    expect(pulled.rawPayload.length).toBeGreaterThan(1000);
    const { digest } = answer.json() as { digest: string };
    expect(pulled.headers["etag"]).toBe(`"${digest}"`);
    expect((await api.ask(dana, "GET", "/models/churn/versions/1/package", undefined, { headers: { authorization: `Bearer ${dana.key}`, "if-none-match": `"${digest}"` } })).statusCode).toBe(304);
    // The same again is the same version.
    expect((await api.ask(olga, "POST", "/models/churn/versions", pulled.rawPayload)).errorCode).toBe("forbidden");
    expect((await api.ask(root, "POST", "/models/churn/versions", pulled.rawPayload)).json()).toMatchObject({ version: 1, createdBy: "dana" });
    expect(await code(dana, "POST", "/models/other/versions", pulled.rawPayload)).toEqual([409, "offer-misnamed"]);
    expect(await code(dana, "POST", "/models/churn/versions", Buffer.from("no model at all"))).toEqual([400, "format-unknown"]);
    expect(await code(dana, "POST", "/models/churn/versions", Buffer.alloc(5 * 2 ** 20))).toEqual([413, "upload-too-large"]);
    expect(await code(dana, "POST", "/models/churn/versions")).toEqual([400, "upload-empty"]);
    expect(await code(dana, "POST", "/models/churn/versions", pickle, { headers: { authorization: `Bearer ${dana.key}`, "content-encoding": "gzip" } })).toEqual([415, "body-encoding"]);
    expect(await code(dana, "POST", `/models/churn/versions?file=${encodeURIComponent("../../etc/passwd")}`, pickle)).toEqual([201, undefined]);
  });

  once("a gate that finds a fault is red, and cannot be begun twice", async () => {
    expect((await api.ask(dana, "POST", "/models/linear/versions", Buffer.from(await testPackage({ promises: 7 })))).statusCode).toBe(201);
    expect(await code(dana, "GET", "/models/linear/versions/1/report")).toEqual([404, "gate-none"]);
    expect((await api.ask(dana, "GET", "/models/linear/versions/1/gate")).json()).toEqual({ state: "none", at: null, reason: null, report: null });
    const first = api.ask(dana, "POST", "/models/linear/versions/1/gate");
    expect((await first).statusCode).toBe(202);
    expect(await code(dana, "POST", "/models/linear/versions/1/gate")).toEqual([409, "gate-running"]);
    await api.service.gate.settled();
    expect((await api.ask(dana, "GET", "/models/linear/versions/1/gate")).json()).toMatchObject({ state: "red", report: { passed: false } });
    expect((await api.ask(dana, "GET", "/models/linear/versions/1")).json()).toMatchObject({ gate: { state: "red" } });
    const data = `x0,x1,x2,y\n${Array.from({ length: 60 }, (_, i) => `${i},1,2,${i + 8}`).join("\n")}\n`;
    expect((await api.ask(dana, "POST", "/models/linear/versions/1/gate", { data, target: "nothing" })).statusCode).toBe(202);
    await api.service.gate.settled();
    expect((await api.ask(dana, "GET", "/models/linear/versions/1/gate")).json()).toMatchObject({ state: "failed", reason: expect.stringContaining("nothing") });
    expect(await code(dana, "POST", "/models/linear/versions/2/gate")).toEqual([404, "registry-not-found"]);
  });

  test("aliases move by compare and swap, past a policy only for administrators with a reason", async () => {
    await offer(1);
    await offer(2);
    const put = (person: typeof dana, alias: string, body: object) => code(person, "PUT", `/models/linear/aliases/${alias}`, body);
    expect(await put(olga, "staging", { version: 1, expected: null })).toEqual([200, undefined]);
    expect(await put(olga, "staging", { version: 2 })).toEqual([400, "body-invalid"]);
    expect(await put(olga, "staging", { version: 2, expected: null })).toEqual([409, "registry-alias-moved"]);
    expect(await put(olga, "staging", { version: 2, expected: 1 })).toEqual([200, undefined]);
    expect(await put(olga, "production", { version: 2, expected: null })).toEqual([403, "policy-unmet"]);
    expect(await put(olga, "production", { version: 2, expected: null, override: "the shop is down and this mends it" })).toEqual([403, "forbidden"]);
    expect(await put(root, "production", { version: 2, expected: null, override: "" })).toEqual([400, "override-reason"]);
    expect(await put(root, "production", { version: 2, expected: null, override: "the shop is down and this mends it" })).toEqual([200, undefined]);
    expect((await api.ask(anna, "GET", "/models/linear/aliases/staging/history")).json()).toMatchObject({ moves: [{ version: 2, previous: 1 }, { version: 1, previous: null }] });
    expect(await code(olga, "DELETE", "/models/linear/aliases/staging?expected=1")).toEqual([409, "registry-alias-moved"]);
    expect(await code(olga, "DELETE", "/models/linear/aliases/staging?expected=2")).toEqual([204, undefined]);
    expect(await code(olga, "GET", "/models/linear/aliases/staging")).toEqual([404, "alias-unknown"]);
  });

  test("a card is edited by one person after the other", async () => {
    await offer();
    const at = "/models/linear/versions/1/card";
    const { revision } = (await api.ask(anna, "GET", at)).json() as { revision: string };
    const edited = await api.ask(anna, "PUT", at, { text: "# Linear\n\nFor the shop.", expected: revision });
    expect([edited.statusCode, (await api.ask(otto, "GET", at)).json()]).toEqual([200, edited.json()]);
    expect(await code(otto, "PUT", at, { text: "mine", expected: revision })).toEqual([409, "card-changed"]);
    const next = (edited.json() as { revision: string }).revision;
    const race = await Promise.all([anna, otto].map((p) => code(p, "PUT", at, { text: "both", expected: next })));
    expect(race.map(([status]) => status).sort()).toEqual([200, 409]);
  });

  test("keys for some models see those only", async () => {
    await offer();
    await offer(1, "other");
    const { id } = (await api.ask(dana, "POST", "/models/linear/requests", { version: 1, alias: "production" })).json() as { id: string };
    expect((await api.ask(narrow, "GET", "/models")).json()).toMatchObject({ models: [{ name: "other" }] });
    expect(await code(narrow, "GET", `/requests/${id}`)).toEqual([403, "forbidden"]);
    for (const act of ["decisions", "comments", "withdraw", "promote"]) expect(await code(narrow, "POST", `/requests/${id}/${act}`, { decision: "reject", text: "x" }), act).toEqual([403, "forbidden"]);
    expect((await api.ask(narrow, "GET", "/requests")).json()).toEqual({ requests: [], next: null });
    expect(((await api.ask(narrow, "GET", "/audit")).json() as { entries: { model: string }[] }).entries.map((e) => e.model)).toEqual(["other"]);
    for (const path of ["/audit/export", "/webhooks"]) expect(await code(narrow, "GET", path), path).toEqual([403, "forbidden"]);
  });

  it.skipIf(backend.name !== "sqlite and layout")("a decision stands where its envelope cannot be attached, as the store is away", async () => {
    const version = await offer();
    const { id } = (await api.ask(dana, "POST", "/models/linear/requests", { version, alias: "production" })).json() as { id: string };
    rmSync(join(api.service.registry.blobs.location, "blobs"), { recursive: true });
    const decided = await api.ask(anna, "POST", `/requests/${id}/decisions`, { decision: "approve", as: "business" });
    expect([decided.statusCode, (decided.json() as { decisions: object[] }).decisions]).toMatchObject([201, [{ person: "anna", counts: true }]]);
    expect(((await api.ask(dana, "GET", "/audit?order=newest&limit=1")).json() as { entries: { action: string }[] }).entries[0]!.action).toBe("request.approved");
  });

  once("a saved model is checked with the rows that come beside it, and refused where it answers otherwise", async () => {
    const send = async (check: string | Buffer, model: Buffer = pickle): Promise<Awaited<ReturnType<TestRegistry["ask"]>>> => {
      const form = new FormData();
      form.set("check", new File([new Uint8Array(Buffer.from(check))], "../check.csv"));
      form.set("model", new File([new Uint8Array(model)], "churn.joblib"));
      const made = new Response(form);
      return api.ask(dana, "POST", "/models/churn/versions", Buffer.from(await made.arrayBuffer()), { headers: { authorization: `Bearer ${dana.key}`, "content-type": made.headers.get("content-type")! } });
    };
    const check = readFileSync(new URL("../../../../examples/churn/check.csv", import.meta.url), "utf8");
    expect((await send(check)).statusCode).toBe(201);
    expect((await api.service.registry.package("churn:1")).checks).not.toBeNull();
    const refused = await send(check.replaceAll("leaves", "?").replaceAll("stays", "leaves").replaceAll("?", "stays"));
    expect([refused.statusCode, refused.errorCode]).toEqual([422, "check-differs"]);
    expect((await send(Buffer.from([0xff, 0xfe, 0x41]))).errorCode).toBe("check-unwanted");
    expect((await send(check, Buffer.from(await testPackage({ name: "churn" })))).errorCode).toBe("check-unwanted");
    expect((await send(check, Buffer.alloc(0))).errorCode).toBe("upload-empty");
    expect(readdirSync(api.service.folder)).toEqual([]);
  });

  test("keys are made for people and programs, shown once, and end when they are revoked", async () => {
    const made = (await api.ask(root, "POST", "/api-keys", { name: " Eva ", roles: ["reviewer"], groups: ["risk"], models: ["linear*"], expires: "2999-01-01T00:00:00Z" })).json() as { id: string; key: string };
    const eva = { key: made.key, record: root.record };
    const { app } = api.withKeyFile();
    const me = async (): Promise<number> => (await inject(app, { method: "GET", url: "/api/v1/me", headers: { authorization: `Bearer ${eva.key}` } })).statusCode;
    expect(await me()).toBe(200);
    const listed = await api.ask(root, "GET", "/api-keys");
    expect(listed.json()).toMatchObject({ keys: [{ id: made.id, name: "Eva", roles: ["reviewer"], groups: ["risk"], models: ["linear*"], state: "valid" }] });
    expect(listed.body).not.toMatch(/sha256|hash/);
    expect(listed.body).not.toContain(made.key);
    expect(await code(root, "DELETE", `/api-keys/${made.id}`)).toEqual([204, undefined]);
    expect(await code(root, "DELETE", "/api-keys/none")).toEqual([404, "key-unknown"]);
    expect((await api.ask(root, "GET", "/api-keys")).json()).toMatchObject({ keys: [{ state: "revoked" }] });
    expect((await inject(api.withKeyFile().app, { method: "GET", url: "/api/v1/me", headers: { authorization: `Bearer ${eva.key}` } })).statusCode).toBe(401);
    for (const person of [dana, anna, olga, narrow]) for (const method of ["GET", "POST"]) expect(await code(person, method, "/api-keys", method === "GET" ? undefined : { name: "x", roles: ["admin"] })).toEqual([403, "forbidden"]);
    for (const wrong of [{}, { name: "", roles: ["admin"] }, { name: "x", roles: [] }, { name: "x", roles: ["king"] }, { name: "x", roles: ["viewer"], groups: ["a b"] }, { name: "x", roles: ["viewer"], models: ["../x"] }, { name: "x", roles: ["viewer"], expires: "2001-01-01" }]) {
      expect([wrong, ...(await code(root, "POST", "/api-keys", wrong))]).toEqual([wrong, 400, "body-invalid"]);
    }
    const log = JSON.stringify((await api.ask(root, "GET", "/audit?order=newest&limit=2")).json());
    expect(log).toMatch(/"api-key\.revoked".*"api-key\.created"/);
    expect(log).not.toContain(made.key);
  });

  test("the log is read from its end, a page at a time", async () => {
    for (const factor of [1, 2, 3]) await offer(factor);
    const page = async (query: string): Promise<unknown> => ((await api.ask(anna, "GET", `/audit?order=newest&${query}`)).json() as { entries: { version: number }[]; next: number | null });
    expect(await page("limit=2&model=linear")).toMatchObject({ entries: [{ version: 3 }, { version: 2 }], next: 2 });
    expect(await page("limit=2&model=linear&before=2")).toMatchObject({ entries: [{ version: 1 }], next: null });
    expect(await code(anna, "GET", "/audit?order=random")).toEqual([400, "body-invalid"]);
  });

  test("webhooks are registered, told, and their secret is shown once", async () => {
    const made = (await api.ask(root, "POST", "/webhooks", { url: "http://127.0.0.1:9/hook", events: ["version.*"] })).json() as { id: string; secret: string };
    expect(made.secret).toMatch(/^whsec_/);
    expect((await api.ask(root, "GET", "/webhooks")).body).not.toContain(made.secret);
    await offer();
    await api.service.deliverer.tick();
    const { deliveries } = (await api.ask(root, "GET", `/webhooks/${made.id}/deliveries`)).json() as { deliveries: { id: string }[] };
    expect(deliveries).toMatchObject([{ event: "version.offered", state: "pending", status: null, error: expect.stringContaining("webhook-unreachable"), attempts: 1 }]);
    expect((await api.ask(root, "POST", `/webhooks/${made.id}/deliveries/${deliveries[0]!.id}/retry`)).statusCode).toBe(202);
    expect((await api.ask(root, "PUT", `/webhooks/${made.id}`, { state: "active", skip: true })).json()).toMatchObject({ failures: 0 });
    expect(await code(root, "POST", "/webhooks", { url: "http://10.0.0.1/" })).toEqual([403, "webhook-address-refused"]);
    expect(await code(root, "DELETE", `/webhooks/${made.id}`)).toEqual([204, undefined]);
    expect(await code(root, "GET", `/webhooks/${made.id}`)).toEqual([404, "webhook-unknown"]);
  });

  test("who one is, and what cannot be understood", async () => {
    expect((await api.ask(anna, "GET", "/me")).json()).toMatchObject({ name: "anna", roles: ["reviewer"], groups: ["business"], can: expect.arrayContaining(["review"]) });
    await offer();
    for (const [method, path, body, wanted] of [
      ["GET", "/models/linear/versions/one", undefined, "body-invalid"], ["GET", "/models?limit=x", undefined, "body-invalid"], ["GET", "/requests?state=done", undefined, "body-invalid"], ["GET", "/models/none", undefined, "registry-not-found"],
      ["POST", "/models/linear/requests", "{", "body-invalid"], ["POST", "/models/linear/requests", [], "body-invalid"], ["POST", "/models/linear/requests", { version: 1 }, "body-invalid"], ["POST", "/models/linear/requests", { version: -1, alias: "a" }, "body-invalid"],
      ["POST", "/models/linear/requests", { version: 7, alias: "a" }, "request-unknown"], ["GET", "/requests/none", undefined, "request-unknown"], ["GET", "/models/a%00b", undefined, "database-text"], ["GET", "/models?text=a%00b", undefined, "database-text"], ["POST", "/me/keys", { pem: "x" }, "signing-key-malformed"], ["GET", "/nothing", undefined, "route-unknown"],
    ] as const) expect([path, body, (await api.ask(root, method, path, body)).errorCode]).toEqual([path, body, wanted]);
  });
});
