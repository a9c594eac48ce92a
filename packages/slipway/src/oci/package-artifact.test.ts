import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { attach, buildPackage, writeSlip, type ModelPackage } from "@slipway/core/package";
import { exampleManifest, exampleParts } from "../../../core/src/package/testing.ts";
import type { Descriptor } from "./blob-store.ts";
import { LayoutStore } from "./layout/layout-store.ts";
import { pullPackage, pushPackage } from "./package-artifact.ts";
import { MEDIA_TYPE } from "./parse-manifest.ts";
import { writeArtifact } from "./testing-contract.ts";

const code = (c: string): object => expect.objectContaining({ code: c });
const root = mkdtempSync(join(tmpdir(), "slipway-artifact-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let stores = 0;
const fresh = (): Promise<LayoutStore> => LayoutStore.open(join(root, String(stores++)), { create: true });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const example = (name: string): Promise<ModelPackage> => buildPackage(exampleParts({ manifest: exampleManifest({ name }) }));
const index = (manifests: readonly Descriptor[]): Uint8Array => bytes(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }));

it("comes back byte for byte, with its signatures", async () => {
  const store = await fresh();
  let pkg = await example("churn");
  for (const text of ["one", "two"]) pkg = await attach(pkg, { artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json", bytes: bytes(text) });
  await pushPackage(store, pkg, { tag: "1" });
  const back = await pullPackage(store, "1");
  expect(back.attachments).toHaveLength(2);
  expect(Buffer.compare(writeSlip(back), writeSlip(pkg))).toBe(0);
});

it("is read whatever else others attached to it", async () => {
  const store = await fresh();
  const pkg = await example("churn");
  const subject = await pushPackage(store, pkg);
  await writeArtifact(store, [bytes("a"), bytes("b")], { subject });
  await writeArtifact(store, [new Uint8Array((16 << 20) + 1)], { subject });
  await writeArtifact(store, [], { subject });
  expect((await pullPackage(store, pkg.digest)).attachments).toEqual([]);
});

it("is found in an index beside other things, also deeper; not where there are two or none", async () => {
  const store = await fresh();
  const one = await pushPackage(store, await example("one"));
  const two = await pushPackage(store, await example("two"));
  const other = await writeArtifact(store, [bytes("x")]);
  const inner = await store.writeManifest(index([other, one]));
  await store.writeManifest(index([other, inner]), { tag: "nested" });
  expect((await pullPackage(store, "nested")).digest).toBe(one.digest);
  await store.writeManifest(index([one, two]), { tag: "two" });
  await expect(pullPackage(store, "two")).rejects.toThrow(code("oci-reference"));
  await store.writeManifest(index([other]), { tag: "none" });
  await expect(pullPackage(store, "none")).rejects.toThrow(code("oci-not-found"));
  let deep = inner;
  for (let i = 0; i < 6; i++) deep = await store.writeManifest(index([deep]), { tag: "deep" });
  await expect(pullPackage(store, "deep")).rejects.toThrow(code("oci-too-large"));
});

it("is refused where the artifact is something else", async () => {
  const store = await fresh();
  await writeArtifact(store, [bytes("x")], { tag: "x" });
  await expect(pullPackage(store, "x")).rejects.toThrow(code("package-not-a-package"));
});
