import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { attach, buildPackage, makeAttachment, packageFiles, readSlip, sha256, writeLayout, writeSlip, type ModelPackage } from "../package/index.ts";
import { exampleManifest, exampleParts } from "../package/testing.ts";
import { writeTar } from "../formats/index.ts";
import { generateSigningKey, MODEL_SIGNATURE_ATTACHMENT, packageSignatures, readModelSignature, signPackage, verifyPackage, type SigningKey } from "./index.ts";

let pkg: ModelPackage;
let signed: ModelPackage;
let key: SigningKey;
let stranger: SigningKey;
beforeAll(async () => {
  pkg = await buildPackage(exampleParts());
  [key, stranger] = await Promise.all([generateSigningKey(), generateSigningKey()].map(async (made) => (await made).key)) as [SigningKey, SigningKey];
  signed = await signPackage(pkg, key);
});

/** The package as another one would be with the same signature attached: what a forger can do. */
async function withSignature(other: ModelPackage): Promise<ModelPackage> {
  return readSlip(writeSlip(await attach(other, { ...MODEL_SIGNATURE_ATTACHMENT, bytes: packageSignatures(signed)[0]!.bytes })));
}

/** The package with its OCI manifest rewritten; digests fit again. */
async function withManifest(change: (manifest: { layers: { digest: string; size: number; annotations: Record<string, string> }[] }) => void, more: readonly Uint8Array[] = []): Promise<ModelPackage> {
  const manifest = JSON.parse(new TextDecoder().decode(pkg.blobs.get(pkg.digest))) as Parameters<typeof change>[0];
  change(manifest);
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  const digest = `sha256:${await sha256(bytes)}`;
  const blobs = new Map([...pkg.blobs].filter(([d]) => d !== pkg.digest));
  for (const b of more) blobs.set(`sha256:${await sha256(b)}`, b);
  return { ...pkg, digest, blobs: blobs.set(digest, bytes) };
}

describe("signed packages", () => {
  it("keep their digest, carry the signature in the file, and verify with the signer's key", async () => {
    const read = await readSlip(writeSlip(signed));
    expect(read.digest).toBe(pkg.digest);
    expect(read).toEqual(signed);
    const found = await verifyPackage(read, [stranger.publicKey, key.publicKey]);
    expect(found.key.id).toBe(key.publicKey.id);
    expect([...found.files].sort()).toEqual(packageFiles(pkg).map((f) => f.path).sort());
    expect(writeSlip({ ...read, attachments: [] })).toEqual(writeSlip(pkg));
  });

  it("fail without a signature, and with a stranger's only", async () => {
    await expect(verifyPackage(pkg, [key.publicKey])).rejects.toMatchObject({ code: "signature-missing" });
    await expect(verifyPackage(signed, [stranger.publicKey])).rejects.toMatchObject({ code: "signature-invalid" });
    await expect(verifyPackage(signed, [])).rejects.toMatchObject({ code: "signature-invalid" });
    const both = await signPackage(signed, stranger);
    expect((await verifyPackage(both, [key.publicKey])).key.id).toBe(key.publicKey.id);
    expect((await verifyPackage(both, [stranger.publicKey])).key.id).toBe(stranger.publicKey.id);
  });

  it("fail when anything in them is another, missing, more, or under another name", async () => {
    const differs = { code: "signed-files-differ" };
    const model = await buildPackage(exampleParts({ model: new Uint8Array(2000) }));
    await expect(verifyPackage(await withSignature(model), [key.publicKey])).rejects.toMatchObject(differs);
    const renamed = await buildPackage(exampleParts({ manifest: exampleManifest({ version: "9.9.9" }) }));
    await expect(verifyPackage(await withSignature(renamed), [key.publicKey])).rejects.toMatchObject(differs);
    const without = await buildPackage(exampleParts({ checks: null }));
    await expect(verifyPackage(await withSignature(without), [key.publicKey])).rejects.toMatchObject({ ...differs, data: { missing: ["checks.json"], added: [], changed: [] } });

    const extra = new TextEncoder().encode("more");
    const layer = async (annotations: Record<string, string>) => ({ mediaType: "application/x", digest: `sha256:${await sha256(extra)}`, size: extra.length, annotations });
    const named = await layer({ "org.cncf.model.filepath": "more.bin" });
    await expect(verifyPackage(await withSignature(await withManifest((m) => m.layers.push(named), [extra])), [key.publicKey])).rejects.toMatchObject({ ...differs, data: { added: ["more.bin"] } });
    const nameless = await layer({});
    await expect(verifyPackage(await withSignature(await withManifest((m) => m.layers.push(nameless), [extra])), [key.publicKey])).rejects.toMatchObject(differs);
    const swapped = await withManifest((m) => {
      const [card, sbom] = m.layers.filter((l) => /^(?:card|sbom)/.test(l.annotations["org.cncf.model.filepath"]!));
      [card!.annotations, sbom!.annotations] = [sbom!.annotations, card!.annotations];
    });
    await expect(verifyPackage(swapped, [key.publicKey], packageSignatures(signed)[0]!.bytes)).rejects.toMatchObject({ ...differs, data: { changed: ["card.md", "sbom.cdx.json"], added: [], missing: [] } });
  });

  it("a signature of files that the signer left out does not hold for a package that has them", async () => {
    const { filesOfPackage, signModel } = await import("./index.ts");
    const partial = await signModel(filesOfPackage(pkg), key, { ignored: ["card.md"] });
    await expect(verifyPackage(pkg, [key.publicKey], partial)).rejects.toMatchObject({ code: "signed-files-differ", data: { added: ["card.md"] } });
  });

  it("attachments that name another package are not its own, and a damaged one is refused", async () => {
    const other = await makeAttachment({ digest: `sha256:${"ab".repeat(32)}`, size: 10 }, { artifactType: "application/x", bytes: new Uint8Array(3) });
    expect((await readSlip(writeSlip({ ...pkg, attachments: [other] }))).attachments).toEqual([]);
    const [entry] = [...writeLayout(signed)].filter((e) => e.bytes === packageSignatures(signed)[0]!.bytes);
    const damaged = writeTar([...writeLayout(signed)].map((e) => (e.path === entry!.path ? { path: e.path, bytes: e.bytes.map((b, i) => (i === 5 ? b ^ 1 : b)) } : e)));
    await expect(readSlip(damaged)).rejects.toMatchObject({ code: "package-corrupt" });
  });

  it("any damage to a signature is a coded error", async () => {
    const bundle = JSON.parse(new TextDecoder().decode(packageSignatures(signed)[0]!.bytes)) as object;
    await fc.assert(fc.asyncProperty(fc.constantFrom("mediaType", "dsseEnvelope"), fc.jsonValue(), async (field, value) => {
      await expect(readModelSignature(new TextEncoder().encode(JSON.stringify({ ...bundle, [field]: value })), [key.publicKey])).rejects.toBeInstanceOf(SlipwayError);
    }), { numRuns: 100 });
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await expect(readModelSignature(bytes, [key.publicKey])).rejects.toBeInstanceOf(SlipwayError);
    }), { numRuns: 100 });
  });
});
