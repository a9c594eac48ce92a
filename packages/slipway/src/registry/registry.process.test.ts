// Everything that is promised of a registry, on each pair of a database and an OCI store.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAttachment, writeSlip } from "@slipway/core/package";
import { bundleAttachment, generateSigningKey, signDigest } from "@slipway/core/signing";
import { verifyAudit, listAudit } from "../audit/index.ts";
import { Registry, registryError, type AliasChange } from "./index.ts";
import { examplePackage, person } from "../../../../scripts/testing-packages.ts";
import { backends } from "../../../../scripts/testing-backends.ts";

const kim = person("kim");
const robin = person("robin");
const code = async (run: Promise<unknown>): Promise<string> => run.then(() => "none", (error: { code?: string }) => error.code ?? String(error));
const bound = (store: object, name: string | symbol): unknown => {
  const value = Reflect.get(store, name) as unknown;
  return typeof value === "function" ? (value as () => unknown).bind(store) : value;
};

describe.each(backends)("on $name", (backend) => {
  beforeAll(() => backend.start(), 60_000);
  afterAll(() => backend.stop(), 60_000);
  const test = it.skipIf(!backend.there);
  const using = (work: (registry: Registry, again: (options?: object) => Promise<Registry>) => Promise<void>) => async (): Promise<void> => {
    const place = backend.place();
    const opened: Registry[] = [];
    const again = async (options: object = {}): Promise<Registry> => {
      const { database, blobs } = await place.open();
      opened.push(await Registry.open({ database, blobs, ...options }));
      return opened.at(-1)!;
    };
    try {
      await work(await again(), again);
      await verifyAudit(opened[0]!.database);
    } finally {
      for (const registry of opened) await registry.close();
    }
  };

  test("what an attestation calls itself is told up to a length: it stands in the log and in lists", using(async (registry) => {
    const pkg = await examplePackage("churn", 1);
    const { key } = await generateSigningKey();
    const type = `https://example.com/${"x".repeat(100_000)}`;
    const attestation = await makeAttachment({ digest: pkg.digest, size: pkg.blobs.get(pkg.digest)!.length }, { ...bundleAttachment("long"), bytes: await signDigest("", pkg.digest, type, {}, key) });
    await registry.offer({ ...pkg, attachments: [attestation] }, { actor: kim });
    const { attachments } = await registry.details("churn:1");
    expect(attachments).toMatchObject([{ kind: "attestation", summary: { predicateType: type.slice(0, 300) } }]);
    expect(JSON.stringify(await listAudit(registry.database)).length).toBeLessThan(5000);
    expect((await registry.package("churn:1")).attachments[0]!.bytes).toEqual(attestation.bytes);
  }));

  test("a package that is offered by two and removed in between is there for who came last", using(async (registry, again) => {
    const pkg = await examplePackage("churn", 1);
    await registry.offer(pkg, { actor: kim });
    const { blobs } = registry;
    let looks = 0;
    // While the last one looks whether it is stored, another's offer ends and a third one removes the version.
    const slow = new Proxy(blobs, { get: (store, name) => name !== "resolve" ? bound(store, name) : async (reference: string) => {
      const found = await store.resolve(reference);
      if (reference === pkg.digest && looks++ === 0) {
        await registry.offer(pkg, { actor: kim });
        await registry.removeVersion("churn", 1, { actor: kim });
      }
      return found;
    } });
    const last = await again({ blobs: slow });
    expect(await last.offer(pkg, { actor: robin })).toMatchObject({ version: 1, state: "available" });
    expect((await registry.verify()).problems).toEqual([]);
    expect((await registry.package("churn:1")).digest).toBe(pkg.digest);
    expect(looks).toBeGreaterThan(1);
  }));

  test("a package becomes a version, once", using(async (registry) => {
    const pkg = await examplePackage("churn", 1, { description: "Who leaves", authors: ["Ada"] });
    const one = await registry.offer(writeSlip(pkg), { actor: kim, lineage: { trainingData: "s3://data/2026-01", commit: "abc123" } });
    expect(one).toMatchObject({
      model: "churn", version: 1, digest: pkg.digest, packageVersion: "1.1.0", state: "available", createdBy: "kim", description: "Who leaves", authors: ["Ada"], format: "pickle",
      producer: { "scikit-learn": "1.5.2" }, sourceName: "churn.pkl", sourceDigest: `sha256:${"ab".repeat(32)}`, parent: null, trainingData: "s3://data/2026-01", commit: "abc123",
      aliases: [], gate: { state: "none", at: null }, signed: false,
    });
    expect(await registry.offer(pkg, { actor: robin })).toEqual(one);
    const two = await registry.offer(await examplePackage("churn", 2, { lineage: [pkg.digest] }), { actor: robin });
    expect([two.version, two.parent, two.createdBy]).toEqual([2, 1, "robin"]);
    expect((await registry.versions("churn")).map((v) => v.version)).toEqual([2, 1]);
    expect((await registry.versions("churn", { before: 2, limit: 1 })).map((v) => v.version)).toEqual([1]);
    expect(await code(registry.offer(await examplePackage("churn", 3), { actor: kim, lineage: { parent: 9 } }))).toBe("registry-lineage");
    expect((await registry.offer(await examplePackage("churn", 3), { actor: kim, lineage: { parent: 1 } })).parent).toBe(1);
    expect((await listAudit(registry.database)).map((e) => [e.action, e.model, e.version, e.actor])).toEqual([
      ["version.offered", "churn", 1, "kim"], ["version.offered", "churn", 2, "robin"], ["version.offered", "churn", 3, "kim"]]);
  }));

  test("what was pulled is what was offered, by every kind of reference", using(async (registry) => {
    const pkg = await examplePackage("churn", 1);
    await registry.offer(pkg, { actor: kim });
    await registry.setAlias("churn", "production", 1, { actor: kim });
    for (const reference of ["churn", "churn:1", "churn@latest", "churn@production", `churn@${pkg.digest}`]) expect(Buffer.from(await registry.pull(reference)).equals(writeSlip(pkg)), reference).toBe(true);
    for (const [reference, wanted] of [["churn:2", "registry-not-found"], ["other", "registry-not-found"], ["churn@staging", "registry-not-found"], [`churn@sha256:${"0".repeat(64)}`, "registry-not-found"], ["churn:0", "registry-reference"], ["../x", "registry-reference"], ["churn@pro duction", "registry-reference"], ["", "registry-reference"]] as const) {
      expect(await code(registry.version(reference)), reference).toBe(wanted);
    }
    expect((await registry.details("churn")).card).toContain("churn");
    expect((await registry.details("churn")).signature).toMatchObject({ layout: "columns" });
  }));

  test("aliases move by compare-and-swap and remember where they were", using(async (registry) => {
    for (const seed of [1, 2, 3]) await registry.offer(await examplePackage("churn", seed), { actor: kim });
    expect(await registry.setAlias("churn", "production", 1, { actor: kim, expected: null })).toMatchObject({ version: 1, revision: 1, updatedBy: "kim" });
    expect(await code(registry.setAlias("churn", "production", 2, { actor: robin, expected: null }))).toBe("registry-alias-moved");
    expect(await code(registry.setAlias("churn", "production", 2, { actor: robin, expected: 3 }))).toBe("registry-alias-moved");
    expect(await registry.setAlias("churn", "production", 2, { actor: robin, expected: 1 })).toMatchObject({ version: 2, revision: 2 });
    expect(await registry.setAlias("churn", "production", 2, { actor: kim })).toMatchObject({ revision: 2, updatedBy: "robin" });
    expect(await code(registry.setAlias("churn", "production", 9, { actor: kim }))).toBe("registry-not-found");
    for (const alias of ["latest", "3", "", "a b", "x".repeat(65)]) expect(await code(registry.setAlias("churn", alias, 1, { actor: kim })), alias).toBe("registry-alias-name");
    expect(await code(registry.removeAlias("churn", "production", { actor: kim, expected: 1 }))).toBe("registry-alias-moved");
    await registry.removeAlias("churn", "production", { actor: kim });
    expect(await code(registry.removeAlias("churn", "production", { actor: kim }))).toBe("registry-not-found");
    expect(await registry.setAlias("churn", "production", 3, { actor: kim })).toMatchObject({ revision: 4 });
    expect((await registry.aliasHistory("churn", "production")).map((m) => [m.revision, m.previous, m.version, m.by])).toEqual([[4, null, 3, "kim"], [3, 2, null, "kim"], [2, 1, 2, "robin"], [1, null, 1, "kim"]]);
    expect(await registry.model("churn")).toMatchObject({ latest: 3, versions: 3, aliases: { production: 3 } });
    expect((await registry.version("churn:3")).aliases).toEqual(["production"]);
  }));

  test("a guard refuses a move, and nothing of it is kept", using(async (registry, again) => {
    await registry.offer(await examplePackage("churn", 1), { actor: kim });
    const asked: AliasChange[] = [];
    const guarded = await again({ guard: (change: AliasChange) => {
      asked.push(change);
      return change.to === null ? Promise.resolve() : Promise.reject(registryError("registry-in-use", "not yet"));
    } });
    expect(await code(guarded.setAlias("churn", "production", 1, { actor: robin }))).toBe("registry-in-use");
    expect(asked).toMatchObject([{ model: "churn", alias: "production", from: null, to: 1, digest: (await registry.version("churn")).digest, actor: robin }]);
    expect(await registry.aliases("churn")).toEqual([]);
    expect(await registry.aliasHistory("churn", "production")).toEqual([]);
    await registry.setAlias("churn", "production", 1, { actor: kim });
    await guarded.removeAlias("churn", "production", { actor: robin });
    expect((await listAudit(registry.database)).map((e) => e.action)).toEqual(["version.offered", "alias.moved", "alias.removed"]);
  }));

  test("what is attached is found here and in the store, and changes no package", using(async (registry) => {
    const { digest } = await registry.offer(await examplePackage("churn", 1), { actor: kim });
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const red = await registry.attach("churn", 1, { kind: "gate-report", mediaType: "application/vnd.slipway.gate-report.v1+json", bytes: bytes("{}"), summary: { passed: false }, actor: kim });
    expect(await registry.version("churn")).toMatchObject({ gate: { state: "red", at: red.createdAt }, signed: false });
    await registry.attach("churn", 1, { kind: "gate-report", mediaType: "application/vnd.slipway.gate-report.v1+json", bytes: bytes("{ }"), summary: { passed: true }, actor: kim });
    await registry.attach("churn", 1, { kind: "signature", mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", bytes: bytes("sig"), actor: robin });
    await registry.attach("churn", 1, { kind: "card", mediaType: "text/markdown", bytes: bytes("# Änderung"), actor: robin });
    const details = await registry.details("churn");
    expect(details).toMatchObject({ gate: { state: "green" }, signed: true, card: "# Änderung", digest });
    expect(details.attachments.map((a) => [a.kind, a.createdBy])).toEqual([["gate-report", "kim"], ["gate-report", "kim"], ["signature", "robin"], ["card", "robin"]]);
    expect(new TextDecoder().decode(await registry.readAttachment(await registry.attachment(details.attachments[3]!.id)))).toBe("# Änderung");
    const referrers = await registry.blobs.referrers(digest);
    expect(referrers.map((r) => r.digest).sort()).toEqual(details.attachments.map((a) => a.manifestDigest).sort());
    expect((await registry.blobs.referrers(digest, { artifactType: "text/markdown" })).length).toBe(1);
    expect(await code(registry.attach("churn", 2, { kind: "card", mediaType: "text/markdown", bytes: bytes(""), actor: kim }))).toBe("registry-not-found");
    expect(await code(registry.attach("churn", 1, { kind: "card", mediaType: "markdown", bytes: bytes(""), actor: kim }))).toBe("registry-attachment");
    expect(await code(registry.attach("churn", 1, { kind: "note" as "card", mediaType: "text/plain", bytes: bytes(""), actor: kim }))).toBe("registry-attachment");
  }));

  test("a version is removed unless something needs it, and comes back under its number", using(async (registry, again) => {
    const pkg = await examplePackage("churn", 1);
    await registry.offer(pkg, { actor: kim });
    await registry.offer(await examplePackage("churn", 2), { actor: kim });
    await registry.setAlias("churn", "production", 1, { actor: kim });
    expect(await code(registry.removeVersion("churn", 1, { actor: kim }))).toBe("registry-in-use");
    await registry.setAlias("churn", "production", 2, { actor: kim });
    await registry.hold("churn", 1, "rollout r1");
    expect(await code(registry.removeVersion("churn", 1, { actor: kim }))).toBe("registry-in-use");
    await registry.release("churn", 1, "rollout r1");
    const careful = await again({ keepers: [(_tx: unknown, model: string, version: number) => Promise.resolve(`request 7 asks for ${model}:${version}`)] });
    expect(await careful.removeVersion("churn", 1, { actor: kim }).catch((e: Error) => e.message)).toContain("request 7 asks for churn:1");
    await registry.removeVersion("churn", 1, { actor: kim, why: "wrong data" });
    expect(await code(registry.removeVersion("churn", 1, { actor: kim }))).toBe("registry-version-removed");
    expect(await code(registry.pull("churn:1"))).toBe("registry-version-removed");
    expect(await code(registry.setAlias("churn", "staging", 1, { actor: kim }))).toBe("registry-version-removed");
    expect(await code(registry.attach("churn", 1, { kind: "card", mediaType: "text/markdown", bytes: new Uint8Array(1), actor: kim }))).toBe("registry-version-removed");
    expect(await registry.blobs.resolve(pkg.digest)).toBeUndefined();
    expect((await registry.version("churn:1")).state).toBe("deleted");
    expect(await registry.model("churn")).toMatchObject({ latest: 2, versions: 1 });
    expect(await registry.offer(pkg, { actor: robin })).toMatchObject({ version: 1, state: "available", createdBy: "kim" });
    expect(Buffer.from(await registry.pull("churn:1")).equals(writeSlip(pkg))).toBe(true);
    expect((await listAudit(registry.database, { limit: 1000 })).filter((e) => e.version === 1).map((e) => e.action)).toEqual(["version.offered", "alias.moved", "version.removed", "version.restored"]);
  }));

  test("a rule keeps the newest, the young, the named, the way back and the held", using(async (registry) => {
    for (let seed = 1; seed <= 8; seed++) await registry.offer(await examplePackage("churn", seed), { actor: kim });
    await registry.offer(await examplePackage("other", 1), { actor: kim });
    await registry.setAlias("churn", "production", 1, { actor: kim });
    await registry.setAlias("churn", "production", 2, { actor: kim });
    await registry.hold("churn", 3, "rollout r1");
    expect(await code(registry.retain({ keep: 0, actor: kim }))).toBe("registry-policy");
    expect((await registry.retain({ keep: 1, olderThanMs: 3_600_000, actor: kim })).removed).toEqual([]);
    const plan = await registry.retain({ keep: 2, actor: kim, dryRun: true });
    expect(plan.removed.map((r) => r.version)).toEqual([4, 5, 6]);
    expect(plan.kept.map((r) => r.version)).toEqual([1, 2, 3]);
    expect((await registry.versions("churn", { removed: false })).length).toBe(8);
    expect(await registry.retain({ keep: 2, actor: kim })).toEqual(plan);
    expect((await registry.versions("churn", { removed: false })).map((v) => v.version)).toEqual([8, 7, 3, 2, 1]);
    for (const version of [1, 2, 3, 7, 8]) await registry.pull(`churn:${version}`);
  }));

  test("garbage is what no version names, after its time of grace", using(async (registry) => {
    const kept = await examplePackage("churn", 1);
    const broken = await examplePackage("churn", 2);
    const gone = await examplePackage("churn", 3);
    await registry.offer(kept, { actor: kim });
    await registry.offer(gone, { actor: kim });
    // As a process leaves it that is killed before its last transaction.
    await registry.database.query("insert into uploads (digest, model, started_at) values ($1, 'churn', $2)", [broken.digest, new Date().toISOString()]);
    for (const [digest, bytes] of broken.blobs) if (digest !== broken.digest) await registry.blobs.writeBlob(bytes);
    await registry.blobs.writeManifest(broken.blobs.get(broken.digest)!, { tag: "left" });
    await registry.removeVersion("churn", 2, { actor: kim });
    expect((await registry.collectGarbage()).manifests).toBe(0);
    expect(await registry.blobs.resolve(broken.digest)).toBe(broken.digest);
    expect((await registry.collectGarbage({ graceMs: -1000 })).manifests).toBe(1);
    expect(await registry.blobs.resolve(broken.digest)).toBeUndefined();
    expect(await registry.database.query("select * from uploads")).toEqual([]);
    expect(Buffer.from(await registry.pull("churn:1")).equals(writeSlip(kept))).toBe(true);
    expect((await registry.offer(broken, { actor: kim })).version).toBe(3);
    await registry.pull("churn:3");
  }));

  test("models and versions are found by name, description, author, library and digest", using(async (registry) => {
    await registry.offer(await examplePackage("churn", 1, { description: "Who leaves next month", authors: ["Ada Lovelace"] }), { actor: kim });
    await registry.offer(await examplePackage("credit", 1, { source: { file: "c.json", sha256: "12".repeat(32), bytes: 1, format: "xgboost", producer: { xgboost: "3.0.1" }, rootClass: "XGBClassifier" } }), { actor: robin, lineage: { trainingData: "warehouse.loans" } });
    const names = async (text: string): Promise<string[]> => (await registry.models({ text })).map((m) => m.name);
    expect(await names("")).toEqual(["churn", "credit"]);
    expect((await registry.models({ limit: 1 })).map((m) => m.name)).toEqual(["churn"]);
    expect((await registry.models({ after: "churn" })).map((m) => m.name)).toEqual(["credit"]);
    expect(await names("LEAVES month")).toEqual(["churn"]);
    expect(await names("lovelace")).toEqual(["churn"]);
    expect(await names("xgboost")).toEqual(["credit"]);
    expect(await names("robin")).toEqual(["credit"]);
    expect(await names("warehouse.loans")).toEqual(["credit"]);
    expect(await names("scikit-learn 1.5.2")).toEqual(["churn"]);
    for (const text of ["%", "_", "\\", "le%ves", "'"]) expect(await names(text), text).toEqual([]);
    expect((await registry.search(`sha256:${"12".repeat(32)}`)).map((v) => `${v.model}:${v.version}`)).toEqual(["credit:1"]);
    expect((await registry.search((await registry.version("churn")).digest)).map((v) => v.model)).toEqual(["churn"]);
  }));

  test("tags lead other tools to the versions", using(async (registry) => {
    const { digest } = await registry.offer(await examplePackage("churn", 1), { actor: kim });
    expect(await registry.blobs.resolve("churn-v1")).toBe(digest);
    const tags: string[] = [];
    for await (const tag of registry.blobs.tags()) tags.push(tag);
    expect(tags).toEqual([`churn-${digest.slice(7, 23)}`, "churn-v1"]);
  }));
});
