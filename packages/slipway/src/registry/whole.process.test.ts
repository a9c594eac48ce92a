// Verifying, exporting and importing, embedded and as a team has it: what is whole is said to be, and what
// was changed behind the registry's back is found.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSlip, writeSlip } from "@slipway/core/package";
import { backends, type Place } from "../../../../scripts/testing-backends.ts";
import { examplePackage, person } from "../../../../scripts/testing-packages.ts";
import { listAudit } from "../audit/index.ts";
import { Registry } from "./index.ts";

const kim = person("kim");
const robin = person("robin");
const folder = mkdtempSync(join(tmpdir(), "slipway-whole-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const target = (end = ""): string => join(folder, `export-${count++}${end}`);
const code = async (run: Promise<unknown>): Promise<string> => run.then(() => "none", (error: { code?: string }) => error.code ?? String(error));

async function fill(registry: Registry): Promise<void> {
  for (const seed of [1, 2, 3]) await registry.offer(await examplePackage("churn", seed), { actor: kim, lineage: { trainingData: `s3://${seed}`, ...(seed > 1 ? { parent: seed - 1 } : {}) } });
  await registry.offer(await examplePackage("credit", 1), { actor: robin });
  await registry.attach("churn", 3, { kind: "gate-report", mediaType: "application/json", bytes: new TextEncoder().encode("{}"), summary: { passed: true }, actor: kim });
  await registry.setAlias("churn", "production", 1, { actor: kim });
  await registry.setAlias("churn", "production", 3, { actor: robin });
  await registry.setAlias("credit", "staging", 1, { actor: robin });
  await registry.setAlias("credit", "old", 1, { actor: robin });
  await registry.removeAlias("credit", "old", { actor: robin });
  await registry.removeVersion("churn", 2, { actor: kim });
}
async function everything(registry: Registry): Promise<unknown> {
  const models = await registry.models();
  return {
    models, versions: await Promise.all(models.map((m) => registry.versions(m.name))), audit: await listAudit(registry.database, { limit: 1000 }),
    history: await registry.aliasHistory("churn", "production"), details: await registry.details("churn@production"),
  };
}

describe.each([backends[0]!, backends[3]!])("on $name", (backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop(), 60_000);
  const test = it.skipIf(!backend.there);
  const opened: Registry[] = [];
  const open = async (place: Place = backend.place()): Promise<Registry> => {
    opened.push(await Registry.open(await place.open()));
    return opened.at(-1)!;
  };
  const using = (work: (registry: Registry, place: Place) => Promise<void>) => async (): Promise<void> => {
    try {
      const place = backend.place();
      const registry = await open(place);
      await fill(registry);
      await work(registry, place);
    } finally {
      for (const one of opened.splice(0)) await one.close();
    }
  };

  test("a whole registry is verified", using(async (registry) => {
    const report = await registry.verify();
    expect(report).toMatchObject({ models: 2, versions: 3, attachments: 1, problems: [], audit: { entries: 11 } });
    expect(report.bytes).toBeGreaterThan(9000);
    expect((await registry.verify({ head: "00" })).problems).toHaveLength(1);
  }));

  // What is compared are tables; once is enough.
  it.skipIf(backend !== backends[0]).each([
    ["an alias that was moved", "update aliases set version = 1 where model = 'churn'", "churn@production"],
    ["an alias that was removed", "delete from aliases where model = 'churn'", "churn@production"],
    ["an alias that names what is gone", "update aliases set version = 2 where model = 'churn'", "churn@production"],
    ["an alias that nobody set", "insert into aliases (model, alias, version, revision, updated_at, updated_by) values ('credit', 'production', 1, 1, 'x', 'x')", "credit@production"],
    ["a version with another digest", `update versions set digest = 'sha256:${"0".repeat(64)}' where model = 'credit'`, "credit:1"],
    ["a version with another source", `update versions set source_digest = 'sha256:${"0".repeat(64)}' where model = 'credit'`, "credit:1"],
    ["a version that came back", "update versions set state = 'available' where model = 'churn' and version = 2", "churn:2"],
    ["an attachment that is gone", "delete from attachments", "churn:3, attachment"],
    ["an attachment of another version", "update attachments set version = 1", "churn:1, attachment"],
  ])("%s behind the audit log's back is found", (_, sql, where) => using(async (registry) => {
    await registry.database.query(sql);
    const { problems, audit } = await registry.verify();
    expect(audit).not.toBeNull();
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((p) => p.where.startsWith(where)), JSON.stringify(problems)).toBe(true);
  })());

  test("a blob that is gone is found, and offering the package again heals it", using(async (registry) => {
    const pkg = await examplePackage("credit", 1);
    await registry.blobs.removeManifest(pkg.digest);
    expect((await registry.verify()).problems.map((p) => p.where)).toEqual(["credit:1"]);
    await registry.offer(pkg, { actor: kim });
    expect((await registry.verify()).problems).toEqual([]);
  }));

  test.each(["", ".tar"])("an export (%s) into an empty registry is the same registry", (end) => using(async (registry) => {
    const to = target(end);
    const report = await registry.exportTo(to, { actor: robin });
    expect(report).toMatchObject({ models: 2, versions: 3, attachments: 1 });
    expect(await code(registry.exportTo(to, { actor: robin }))).toBe("registry-export-exists");
    const other = await open();
    expect(await code(other.importFrom(to, { actor: robin, digest: `sha256:${"0".repeat(64)}` }))).toBe("registry-export");
    expect(await other.importFrom(to, { actor: robin, digest: report.digest })).toEqual({ restored: true, models: 2, versions: 4, attachments: 1, renumbered: [], aliases: 2, skipped: [], companions: {}, history: 0, left: [] });
    const [before, after] = [await everything(registry), await everything(other)] as [{ audit: unknown[]; versions: object[][] }, { audit: unknown[]; versions: object[][] }];
    expect(after.audit.slice(0, -1)).toEqual(before.audit);
    expect(after.audit.at(-1)).toMatchObject({ action: "registry.restored", actor: "robin", detail: { export: report.digest } });
    // Of a version that was removed only the row's main facts travel.
    const plain = (all: typeof before): object => ({ ...all, audit: [], versions: all.versions.map((list) => list.filter((v) => (v as { state: string }).state === "available")) });
    expect(plain(after)).toEqual(plain(before));
    expect(Buffer.from(await other.pull("churn@production")).equals(Buffer.from(await registry.pull("churn@production")))).toBe(true);
    expect((await other.verify()).problems).toEqual([]);
    expect(await code(other.pull("churn:2"))).toBe("registry-version-removed");
    // The same again finds everything there.
    expect(await other.importFrom(to, { actor: robin })).toMatchObject({ restored: false, versions: 0, attachments: 0, renumbered: [], skipped: [] });
  })());

  test("some models into a registry that has others: numbers that are taken change, aliases that are set stay", using(async (registry) => {
    const to = target(".tar");
    await registry.exportTo(to, { models: ["churn"], actor: kim });
    expect(await code(registry.exportTo(target(), { models: ["nothing"], actor: kim }))).toBe("registry-not-found");
    const other = await open();
    const mine = await other.offer(await examplePackage("churn", 9), { actor: robin });
    await other.setAlias("churn", "production", mine.version, { actor: robin });
    const report = await other.importFrom(to, { actor: robin });
    expect(report).toMatchObject({ restored: false, models: 1, versions: 2, attachments: 1, aliases: 0, renumbered: [{ model: "churn", from: 1, to: 2 }], skipped: [{ model: "churn", alias: "production" }] });
    expect((await other.versions("churn")).map((v) => [v.version, v.digest, v.createdBy, v.gate.state])).toEqual([
      [3, (await registry.version("churn:3")).digest, "kim", "green"], [2, (await registry.version("churn:1")).digest, "kim", "none"], [1, mine.digest, "robin", "none"]]);
    expect((await other.versions("churn")).map((v) => v.imported?.by)).toEqual(["robin", "robin", undefined]);
    expect((await listAudit(other.database)).find((e) => e.action === "version.imported")).toMatchObject({ version: 2, actor: "robin", detail: { origin: { version: 1, createdBy: "kim" } } });
    expect((await other.verify()).problems).toEqual([]);
  }));

  test("an export that was changed is refused, and nothing of it is kept", using(async (registry) => {
    const good = target();
    await registry.exportTo(good, { actor: kim });
    const { digest } = await registry.version("credit:1");
    const model = (await examplePackage("credit", 1)).blobs;
    const blob = [...model.keys()].find((d) => d !== digest)!;
    const changes: [string, (at: string) => void, string][] = [
      ["a blob", (at) => writeFileSync(join(at, "blobs", blob.replace(":", "/")), "changed"), "registry-export"],
      ["a missing blob", (at) => rmSync(join(at, "blobs", blob.replace(":", "/"))), "registry-export"],
      ["the audit log", (at) => writeFileSync(join(at, "audit.jsonl"), readFileSync(join(at, "audit.jsonl"), "utf8").replace("kim", "kit")), "audit-broken"],
      ["the audit log's end", (at) => writeFileSync(join(at, "audit.jsonl"), readFileSync(join(at, "audit.jsonl"), "utf8").split("\n").slice(0, -3).join("\n")), "registry-export"],
      ["an alias", (at) => writeFileSync(join(at, "registry.json"), readFileSync(join(at, "registry.json"), "utf8").replace(/"alias": "production",\s+"version": 3/, '"alias": "production", "version": 1')), "registry-export"],
      ["a digest", (at) => writeFileSync(join(at, "registry.json"), readFileSync(join(at, "registry.json"), "utf8").replaceAll(digest, `sha256:${"1".repeat(64)}`)), "registry-export"],
      ["the tables", (at) => writeFileSync(join(at, "registry.json"), "{}"), "registry-export"],
    ];
    for (const [name, change, wanted] of changes) {
      const bad = target();
      cpSync(good, bad, { recursive: true });
      change(bad);
      const other = await open();
      expect(await code(other.importFrom(bad, { actor: kim })), name).toBe(wanted);
      expect(await other.models(), name).toEqual([]);
    }
    const tar = target(".tar");
    await registry.exportTo(tar, { actor: kim });
    const bytes = readFileSync(tar);
    const other = await open();
    for (const end of [100, 5000, bytes.length - 4000]) {
      writeFileSync(`${tar}.cut`, bytes.subarray(0, end));
      expect(await code(other.importFrom(`${tar}.cut`, { actor: kim })), `${end}`).not.toBe("none");
    }
    expect(await other.models()).toEqual([]);
  }));

  test("what was taken out is a package", using(async (registry) => {
    expect((await readSlip(await registry.pull("credit"))).digest).toBe((await registry.version("credit")).digest);
    expect(writeSlip(await registry.package("credit")).length).toBeGreaterThan(3000);
  }));
});

describe("SQLite and a layout", () => {
  const backend = backends[0]!;
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop(), 60_000);
  it("bytes of a blob that were changed on the disk are found, and never pulled", async () => {
    const place = backend.place();
    const registry = await Registry.open(await place.open());
    await fill(registry);
    const pkg = await examplePackage("credit", 1);
    for (const digest of pkg.blobs.keys()) {
      const path = join(place.store, "blobs", digest.replace(":", "/"));
      const good = readFileSync(path);
      const bad = Buffer.from(good);
      bad[bad.length >> 1]! ^= 1;
      writeFileSync(path, bad);
      expect((await registry.verify()).problems.map((p) => p.where), digest).toContain("credit:1");
      expect(await code(registry.pull("credit:1")), digest).not.toBe("none");
      writeFileSync(path, good);
    }
    expect((await registry.verify()).problems).toEqual([]);
    await registry.close();
    const raw = new DatabaseSync(place.databaseUrl.slice("sqlite:".length));
    raw.exec("drop trigger audit_no_update; update audit set actor = 'robin' where seq = 2");
    raw.close();
    const again = await Registry.open(await place.open());
    // The entry, and the author that it told.
    expect(await again.verify()).toMatchObject({ audit: null, problems: [{ where: "audit entry 2" }, { where: "churn:2" }] });
    await again.close();
  });
});
