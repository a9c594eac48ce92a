// What every BlobStore must do: run against a layout and against real registry servers.

import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { BlobStore, Descriptor } from "./blob-store.ts";
import { digestOf } from "./digest.ts";
import { MEDIA_TYPE } from "./parse-manifest.ts";

export interface ContractOptions {
  /** A fresh, empty store each time. */
  readonly open: () => Promise<BlobStore>;
  /** A registry that cannot remove single tags or blobs says so: the code of its refusal. */
  readonly cannotUntag?: string;
  readonly cannotRemoveBlob?: string;
  /** A registry that takes manifests without their blobs, keeps the tags of removed manifests, and fails (500) to remove a blob twice. */
  readonly lenient?: boolean;
}

export const EMPTY: Uint8Array = new TextEncoder().encode("{}");
const CODE = (code: string): object => expect.objectContaining({ code });

/** A manifest over these layers, whose blobs are written as well. */
export async function writeArtifact(store: BlobStore, layers: readonly Uint8Array[], options: { tag?: string; subject?: Descriptor; artifactType?: string; annotations?: Record<string, string> } = {}): Promise<Descriptor> {
  await store.writeBlob(EMPTY);
  const described = await Promise.all(layers.map(async (bytes) => ({ mediaType: "application/octet-stream", digest: await store.writeBlob(bytes), size: bytes.length })));
  const { tag, subject, artifactType = "application/vnd.example.thing", annotations } = options;
  const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, artifactType, config: { mediaType: MEDIA_TYPE.empty, digest: await digestOf(EMPTY), size: 2 }, layers: described, ...(subject ? { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } } : {}), ...(annotations ? { annotations } : {}) };
  return store.writeManifest(new TextEncoder().encode(JSON.stringify(manifest)), tag === undefined ? {} : { tag });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export function blobStoreContract(name: string, options: ContractOptions): void {
  describe(name, () => {
    it("gives blobs back as they were, and knows their size", async () => {
      const store = await options.open();
      for (const length of [0, 1, 5_000_000]) {
        const bytes = new Uint8Array(randomBytes(length));
        const digest = await store.writeBlob(bytes);
        expect(digest).toBe(await digestOf(bytes));
        expect(await store.writeBlob(bytes)).toBe(digest);
        expect(await store.statBlob(digest)).toBe(length);
        expect(Buffer.compare(await store.readBlob(digest, { maxBytes: length, size: length }), bytes)).toBe(0);
      }
      await store.close();
    });

    it("refuses a blob that is larger than asked for, of another size, or not there", async () => {
      const store = await options.open();
      const digest = await store.writeBlob(new Uint8Array(randomBytes(1000)));
      await expect(store.readBlob(digest, { maxBytes: 999 })).rejects.toThrow(CODE("oci-too-large"));
      await expect(store.readBlob(digest, { maxBytes: 2000, size: 1001 })).rejects.toThrow(CODE("oci-digest-mismatch"));
      const missing = `sha256:${"0".repeat(64)}`;
      expect(await store.statBlob(missing)).toBeUndefined();
      await expect(store.readBlob(missing, { maxBytes: 10 })).rejects.toThrow(CODE("oci-not-found"));
      await expect(store.readBlob("sha256:../../etc/passwd", { maxBytes: 10 })).rejects.toThrow(CODE("oci-reference"));
      await store.close();
    });

    it("names manifests by tag and digest, and moves tags", async () => {
      const store = await options.open();
      const a = await writeArtifact(store, [new Uint8Array(randomBytes(10))], { tag: "v1" });
      const b = await writeArtifact(store, [new Uint8Array(randomBytes(10))], { tag: "v2" });
      const read = await store.readManifest("v1");
      expect(read).toMatchObject({ digest: a.digest, mediaType: MEDIA_TYPE.manifest });
      expect(await digestOf(read.bytes)).toBe(a.digest);
      expect(await store.resolve("v2")).toBe(b.digest);
      expect(await store.resolve(a.digest)).toBe(a.digest);
      expect(await store.resolve("v3")).toBeUndefined();
      await store.tag("v1", b.digest);
      expect(await store.resolve("v1")).toBe(b.digest);
      expect((await store.readManifest(a.digest)).digest).toBe(a.digest);
      await store.tag("latest", a.digest);
      expect(await collect(store.tags())).toEqual(["latest", "v1", "v2"]);
      await expect(store.readManifest("nothing")).rejects.toThrow(CODE("oci-not-found"));
      await expect(store.tag("x", `sha256:${"0".repeat(64)}`)).rejects.toThrow(CODE("oci-not-found"));
      await expect(store.tag("not/a/tag", a.digest)).rejects.toThrow(CODE("oci-reference"));
      await store.close();
    });

    it("takes no manifest whose blobs are missing, and none that is no manifest", async () => {
      const store = await options.open();
      const write = (manifest: unknown): Promise<Descriptor> => store.writeManifest(new TextEncoder().encode(JSON.stringify(manifest)));
      const config = { mediaType: MEDIA_TYPE.empty, digest: `sha256:${"1".repeat(64)}`, size: 2 };
      if (options.lenient !== true) await expect(write({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [] })).rejects.toThrow(CODE("oci-incomplete"));
      await expect(write({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [], manifests: [] })).rejects.toThrow(CODE("oci-malformed"));
      await expect(write({ schemaVersion: 1 })).rejects.toThrow(CODE("oci-malformed"));
      await expect(write([])).rejects.toThrow(CODE("oci-malformed"));
      await store.close();
    });

    it("lists what refers to a manifest, by type", async () => {
      const store = await options.open();
      const subject = await writeArtifact(store, [new Uint8Array(randomBytes(10))]);
      expect(await store.referrers(subject.digest)).toEqual([]);
      const signature = await writeArtifact(store, [new Uint8Array(randomBytes(11))], { subject, artifactType: "application/vnd.example.signature", annotations: { by: "someone" } });
      const report = await writeArtifact(store, [new Uint8Array(randomBytes(12))], { subject, artifactType: "application/vnd.example.report" });
      await writeArtifact(store, [new Uint8Array(randomBytes(12))], { subject, artifactType: "application/vnd.example.report", annotations: { second: "yes" } });
      const all = await store.referrers(subject.digest);
      expect(all.map((d) => d.digest)).toContain(report.digest);
      expect(all).toHaveLength(3);
      expect(await store.referrers(subject.digest, { artifactType: "application/vnd.example.signature" })).toEqual([
        { mediaType: MEDIA_TYPE.manifest, digest: signature.digest, size: signature.size, artifactType: "application/vnd.example.signature", annotations: { by: "someone" } },
      ]);
      expect(await collect(store.tags())).toEqual([]);
      await store.close();
    });

    it("keeps every referrer that is written at once", async () => {
      const store = await options.open();
      const subject = await writeArtifact(store, [new Uint8Array(randomBytes(10))]);
      const written = await Promise.all(Array.from({ length: 8 }, (_, i) => writeArtifact(store, [new Uint8Array(randomBytes(20 + i))], { subject })));
      expect((await store.referrers(subject.digest)).map((d) => d.digest).sort()).toEqual(written.map((d) => d.digest).sort());
      await store.close();
    });

    it("takes indexes of manifests", async () => {
      const store = await options.open();
      const parts = [await writeArtifact(store, [new Uint8Array(randomBytes(10))]), await writeArtifact(store, [new Uint8Array(randomBytes(11))])];
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: parts };
      const { digest } = await store.writeManifest(new TextEncoder().encode(JSON.stringify(index)), { tag: "all" });
      expect(await store.readManifest("all")).toMatchObject({ digest, mediaType: MEDIA_TYPE.index });
      await store.close();
    });

    it("removes manifests with their tags", async () => {
      const store = await options.open();
      const a = await writeArtifact(store, [new Uint8Array(randomBytes(10))], { tag: "v1" });
      const b = await writeArtifact(store, [new Uint8Array(randomBytes(10))], { tag: "kept" });
      expect(await store.removeManifest(a.digest)).toBe(true);
      if (options.lenient !== true) expect(await store.resolve("v1")).toBeUndefined();
      expect(await store.resolve(a.digest)).toBeUndefined();
      expect(await store.removeManifest(a.digest)).toBe(false);
      expect(await store.resolve("kept")).toBe(b.digest);
      if (options.cannotUntag === undefined) {
        expect(await store.untag("kept")).toBe(true);
        expect(await store.untag("kept")).toBe(false);
        expect(await store.resolve(b.digest)).toBe(b.digest);
      } else await expect(store.untag("kept")).rejects.toThrow(CODE(options.cannotUntag));
      await store.close();
    });

    it("removes blobs", async () => {
      const store = await options.open();
      const digest = await store.writeBlob(new Uint8Array(randomBytes(100)));
      if (options.cannotRemoveBlob !== undefined) return expect(store.removeBlob(digest)).rejects.toThrow(CODE(options.cannotRemoveBlob));
      expect(await store.removeBlob(digest)).toBe(true);
      if (options.lenient !== true) expect(await store.removeBlob(digest)).toBe(false);
      expect(await store.statBlob(digest)).toBeUndefined();
      await store.close();
    });
  });
}
