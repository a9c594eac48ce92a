// cosign itself, offline and with keys, against docker-registry: it verifies what we push, we verify what it signs.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAttachment, readSlip, type ModelPackage } from "@slipway/core/package";
import { attest, generateSigningKey, readSigningKey, readVerificationKey, TEST_RESULT, verifiedAttestations, verifyPackage, writePrivateKey, type SigningKey } from "@slipway/core/signing";
import { goTool } from "../../../../scripts/testing-tools.ts";
import { RegistryStore, writeAttachments } from "../oci/index.ts";
import { dockerRegistry, startDockerRegistry, type TestRegistry } from "../oci/testing-registry.ts";
import { loadPackage } from "../registry/index.ts";
import { testPackage } from "../server/models/testing-packages.ts";
import { signArtifact } from "./index.ts";

const cosign = goTool("cosign");
const folder = mkdtempSync(join(tmpdir(), "slipway-cosign-"));
const path = (name: string): string => join(folder, name);
let registry: TestRegistry;
let key: SigningKey;
let stranger: SigningKey;

const env = { ...process.env, COSIGN_PASSWORD: "", HOME: folder, TUF_ROOT: join(folder, "tuf") };
const run = (...args: string[]): string => execFileSync(cosign!, args, { cwd: folder, encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"] });
const says = (...args: string[]): boolean => {
  const { status, stderr } = spawnSync(cosign!, args, { cwd: folder, env, encoding: "utf8" });
  if (process.env["DEBUG_COSIGN"]) console.log(args.join(" "), status, stderr);
  return status === 0;
};
const offline = ["--allow-insecure-registry", "--allow-http-registry"];
/** No transparency log, no authorities: the key alone is believed. */
const TRUSTED_ROOT = { mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1", tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] };
const bundle = ["--new-bundle-format"];
const ignoreLog = ["--insecure-ignore-tlog=true", "--trusted-root", "trusted-root.json", ...offline];

/** A package in a repository of its own. */
async function pushed(name: string, factor: number): Promise<{ store: RegistryStore; pkg: ModelPackage; reference: string }> {
  const pkg = await readSlip(await testPackage({ factor }));
  const store = await RegistryStore.open(registry.host, `tests/${name}`, { env: { HOME: folder }, home: folder });
  for (const [digest, bytes] of pkg.blobs) if (digest !== pkg.digest) await store.writeBlob(bytes);
  await store.writeManifest(pkg.blobs.get(pkg.digest)!, { tag: "1" });
  return { store, pkg, reference: `${registry.host}/tests/${name}@${pkg.digest}` };
}

describe.skipIf(cosign === undefined || dockerRegistry === undefined)("with cosign (scripts/testing-tools.sh cosign; apt-get install docker-registry)", () => {
  beforeAll(async () => {
    registry = await startDockerRegistry();
    const made = await generateSigningKey();
    key = made.key;
    stranger = (await generateSigningKey()).key;
    writeFileSync(path("key.pem"), await writePrivateKey(made.pkcs8));
    writeFileSync(path("pub.pem"), key.publicKey.pem);
    writeFileSync(path("trusted-root.json"), JSON.stringify(TRUSTED_ROOT));
    writeFileSync(path("stranger.pem"), stranger.publicKey.pem);
  });
  afterAll(async () => {
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("cosign verify takes what we push: by the tag of the older form, and by the bundle", async () => {
    const { store, pkg, reference } = await pushed("ours", 1);
    expect(says("verify", "--key", "pub.pem", ...ignoreLog, reference)).toBe(false);
    await signArtifact(store, `${registry.host}/tests/ours`, pkg, key);
    // Signing once more, by somebody else, leaves the first signature.
    await signArtifact(store, `${registry.host}/tests/ours`, pkg, stranger);
    for (const form of [[], bundle]) {
      expect(says("verify", "--key", "pub.pem", ...form, ...ignoreLog, reference), `verify ${form.join()}`).toBe(true);
      expect(says("verify", "--key", "stranger.pem", ...form, ...ignoreLog, reference)).toBe(true);
      writeFileSync(path("other.pem"), (await generateSigningKey()).key.publicKey.pem);
      expect(says("verify", "--key", "other.pem", ...form, ...ignoreLog, reference)).toBe(false);
    }
    const read = await loadPackage(store, pkg.digest, "1");
    expect((await verifyPackage(read, [key.publicKey])).key.id).toBe(key.publicKey.id);
    await store.close();
  });

  it("we verify what cosign signs, in both forms, with a key of its own making", async () => {
    run("generate-key-pair");
    const theirs = await readVerificationKey(readFileSync(path("cosign.pub"), "utf8"));
    for (const [name, form] of [["tag", []], ["bundle", ["--new-bundle-format"]]] as const) {
      const { store, pkg, reference } = await pushed(`theirs-${name}`, 2);
      run("sign", "--key", "cosign.key", "--tlog-upload=false", "--yes", ...form, ...offline, reference);
      const read = await loadPackage(store, pkg.digest, "1");
      expect(await verifyPackage(read, [theirs]), name).toMatchObject({ form: "cosign", key: { id: theirs.id } });
      await expect(verifyPackage(read, [key.publicKey])).rejects.toMatchObject({ code: "signature-invalid" });
      // The same signatures do not hold for another package.
      const other = await readSlip(await testPackage({ factor: 3 }));
      const moved = await Promise.all(read.attachments.map((a) => makeAttachment({ digest: other.digest, size: other.blobs.get(other.digest)!.length }, a)));
      await expect(verifyPackage({ ...other, attachments: moved }, [theirs])).rejects.toMatchObject({ code: "statement-mismatch" });
      await store.close();
    }
  });

  it("a key of ours signs with cosign when it is imported, and cosign's attestation is read", async () => {
    run("import-key-pair", "--key", "key.pem", "--output-key-prefix", "imported");
    const { store, pkg, reference } = await pushed("imported", 4);
    run("sign", "--key", "imported.key", "--tlog-upload=false", "--yes", ...offline, reference);
    writeFileSync(path("predicate.json"), JSON.stringify({ result: "PASSED", configuration: [], passedTests: ["parity"], warnedTests: [], failedTests: [] }));
    run("attest", "--key", "imported.key", "--type", TEST_RESULT, "--predicate", "predicate.json", "--tlog-upload=false", "--yes", "--new-bundle-format", ...offline, reference);
    const read = await loadPackage(store, pkg.digest, "1");
    expect((await verifyPackage(read, [key.publicKey])).key.id).toBe(key.publicKey.id);
    expect((await verifiedAttestations(read, [key.publicKey], TEST_RESULT)).map((a) => a.statement.predicate)).toMatchObject([{ result: "PASSED" }]);
    await store.close();
  });

  it("cosign verify-attestation takes our report of the gate", async () => {
    const { store, pkg, reference } = await pushed("attested", 5);
    const attested = await attest(pkg, TEST_RESULT, { result: "PASSED", configuration: [], passedTests: ["parity"], warnedTests: [], failedTests: [] }, key);
    await writeAttachments(store, attested.attachments);
    const verify = (pub: string): string[] => ["verify-attestation", "--key", pub, "--type", TEST_RESULT, ...bundle, ...ignoreLog, reference];
    const out = run(...verify("pub.pem"));
    const { payload } = JSON.parse(out.trim().split("\n")[0]!) as { payload: string };
    expect(JSON.parse(Buffer.from(payload, "base64").toString())).toMatchObject({ predicateType: TEST_RESULT, predicate: { passedTests: ["parity"] } });
    expect(says(...verify("stranger.pem"))).toBe(false);
    // A stranger's statement beside ours is not among those that are believed.
    const both = await attest(attested, TEST_RESULT, { result: "FAILED" }, stranger);
    expect((await verifiedAttestations(both, [key.publicKey])).map((a) => a.statement.predicate)).toMatchObject([{ result: "PASSED" }]);
    await store.close();
  });

  it("Ed25519: cosign verifies what we push, in both forms, and our report of the gate", async () => {
    const made = await generateSigningKey("Ed25519");
    writeFileSync(path("ed.pem"), await writePrivateKey(made.pkcs8));
    writeFileSync(path("ed.pub"), made.key.publicKey.pem);
    const ours = await pushed("ed-ours", 7);
    await signArtifact(ours.store, `${registry.host}/tests/ed-ours`, ours.pkg, made.key);
    for (const form of [[], bundle]) {
      expect(says("verify", "--key", "ed.pub", ...form, ...ignoreLog, ours.reference), `verify ${form.join()}`).toBe(true);
      expect(says("verify", "--key", "pub.pem", ...form, ...ignoreLog, ours.reference)).toBe(false);
    }
    expect((await verifyPackage(await loadPackage(ours.store, ours.pkg.digest, "1"), [made.key.publicKey])).key.id).toBe(made.key.publicKey.id);
    const attested = await attest(ours.pkg, TEST_RESULT, { result: "PASSED", configuration: [], passedTests: ["parity"], warnedTests: [], failedTests: [] }, made.key);
    await writeAttachments(ours.store, attested.attachments);
    const verify = (pub: string): string[] => ["verify-attestation", "--key", pub, "--type", TEST_RESULT, ...bundle, ...ignoreLog, ours.reference];
    expect([says(...verify("ed.pub")), says(...verify("pub.pem"))]).toEqual([true, false]);
    await ours.store.close();
  });

  it("Ed25519: what cosign signs with such a key is prehashed, which neither we nor its own verify take", async () => {
    writeFileSync(path("ed2.pem"), await writePrivateKey((await generateSigningKey("Ed25519")).pkcs8));
    run("import-key-pair", "--key", "ed2.pem", "--output-key-prefix", "ed2");
    const { store, pkg, reference } = await pushed("ed-theirs", 8);
    run("sign", "--key", "ed2.key", "--tlog-upload=false", "--yes", ...offline, reference);
    expect(says("verify", "--key", "ed2.pub", ...ignoreLog, reference)).toBe(false);
    await expect(verifyPackage(await loadPackage(store, pkg.digest, "1"), [await readVerificationKey(readFileSync(path("ed2.pub"), "utf8"))])).rejects.toMatchObject({ code: "signature-invalid" });
    await store.close();
  });

  it("keys on P-384: cosign is told the hash", async () => {
    const made = await generateSigningKey("P-384");
    writeFileSync(path("p384.pem"), made.key.publicKey.pem);
    const { store, pkg, reference } = await pushed("p384", 6);
    await signArtifact(store, `${registry.host}/tests/p384`, pkg, await readSigningKey(await writePrivateKey(made.pkcs8)));
    expect(says("verify", "--key", "p384.pem", "--signature-digest-algorithm", "sha384", ...ignoreLog, reference)).toBe(true);
    expect((await verifyPackage(await loadPackage(store, pkg.digest, "1"), [made.key.publicKey])).key.id).toBe(made.key.publicKey.id);
    await store.close();
  });
});
