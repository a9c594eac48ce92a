import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { digestOf } from "../digest.ts";
import { blobStoreContract, collect, writeArtifact } from "../testing-contract.ts";
import { LayoutStore } from "./layout-store.ts";

const folders: string[] = [];
async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "slipway-layout-"));
  folders.push(made);
  return made;
}
afterAll(() => Promise.all(folders.map((f) => rm(f, { recursive: true, force: true }))));
const code = (c: string): object => expect.objectContaining({ code: c });

blobStoreContract("a layout", { open: async () => LayoutStore.open(await folder(), { create: true }) });

describe("a layout folder", () => {
  it("is a folder that holds a layout, or is made one when asked to", async () => {
    const at = await folder();
    await expect(LayoutStore.open(at)).rejects.toThrow(code("oci-layout"));
    await LayoutStore.open(join(at, "new", "one"), { create: true });
    const again = await LayoutStore.open(join(at, "new", "one"));
    expect(await collect(again.tags())).toEqual([]);
    expect((await readdir(again.location)).sort()).toEqual([".slipway", "blobs", "index.json", "oci-layout"]);
  });

  it("refuses other versions, damaged indexes, links and folders in place of files", async () => {
    for (const [file, text] of [["oci-layout", '{"imageLayoutVersion":"2.0.0"}'], ["oci-layout", "{"], ["index.json", "[]"], ["index.json", '{"schemaVersion":2,"manifests":{}}'], ["index.json", '{"schemaVersion":2}']] as const) {
      const at = await folder();
      await LayoutStore.open(at, { create: true });
      await writeFile(join(at, file), text);
      await expect(LayoutStore.open(at)).rejects.toThrow(code("oci-layout"));
    }
    const at = await folder();
    const store = await LayoutStore.open(at, { create: true });
    const bytes = new Uint8Array(randomBytes(64));
    const digest = await digestOf(bytes);
    await writeFile(join(at, "elsewhere"), bytes);
    await symlink(join(at, "elsewhere"), join(at, "blobs", digest.replace(":", "/")));
    await expect(store.readBlob(digest, { maxBytes: 64 })).rejects.toThrow(code("oci-layout"));
    const other = `sha256:${"a".repeat(64)}`;
    await mkdir(join(at, "blobs", other.replace(":", "/")));
    await expect(store.readBlob(other, { maxBytes: 64 })).rejects.toThrow(code("oci-layout"));
  });

  it("hands out no blob that was changed on disk", async () => {
    const at = await folder();
    const store = await LayoutStore.open(at, { create: true });
    const { digest } = await writeArtifact(store, [new Uint8Array(randomBytes(64))], { tag: "v1" });
    const path = join(at, "blobs", digest.replace(":", "/"));
    const bytes = await readFile(path);
    bytes[20]! ^= 1;
    await writeFile(path, bytes);
    await expect(store.readManifest("v1")).rejects.toThrow(code("oci-digest-mismatch"));
  });

  it("collects blobs that nothing names, once they are old enough, and leaves every other", async () => {
    const at = await folder();
    const store = await LayoutStore.open(at, { create: true });
    const kept = await writeArtifact(store, [new Uint8Array(randomBytes(100))], { tag: "v1" });
    const gone = await writeArtifact(store, [new Uint8Array(randomBytes(200))]);
    const young = await store.writeBlob(new Uint8Array(randomBytes(300)));
    await store.removeManifest(gone.digest);
    for (const name of await readdir(join(at, "blobs", "sha256"))) if (!young.endsWith(name)) await utimes(join(at, "blobs", "sha256", name), 1000, 1000);
    await mkdir(join(at, ".slipway", "tmp"), { recursive: true });
    await writeFile(join(at, ".slipway", "tmp", "left.tmp"), "half");
    await utimes(join(at, ".slipway", "tmp", "left.tmp"), 1000, 1000);
    expect(await store.collectGarbage({ graceMs: 60_000 })).toMatchObject({ blobs: 2 });
    expect(await store.statBlob(young)).toBe(300);
    expect((await store.readManifest(kept.digest)).digest).toBe(kept.digest);
    expect(await readdir(join(at, ".slipway", "tmp"))).toEqual([]);
    expect(await store.collectGarbage({ graceMs: 0 })).toMatchObject({ blobs: 1 });
  });

  it("collects nothing while a manifest cannot be read", async () => {
    const at = await folder();
    const store = await LayoutStore.open(at, { create: true });
    const { digest } = await writeArtifact(store, [new Uint8Array(randomBytes(100))]);
    await writeFile(join(at, "blobs", digest.replace(":", "/")), "{}");
    await expect(store.collectGarbage({ graceMs: 0 })).rejects.toThrow(code("oci-digest-mismatch"));
    expect(await readdir(join(at, "blobs", "sha256"))).toHaveLength(3);
  });

  it("keeps what other tools wrote into its index", async () => {
    const at = await folder();
    const store = await LayoutStore.open(at, { create: true });
    const { digest } = await writeArtifact(store, [new Uint8Array(randomBytes(9))], { tag: "v1" });
    const index = JSON.parse(await readFile(join(at, "index.json"), "utf8")) as { manifests: Record<string, unknown>[]; annotations?: object };
    index.annotations = { theirs: "yes" };
    index.manifests[0]!["platform"] = { os: "linux", architecture: "amd64" };
    delete (index.manifests[0]!["annotations"] as Record<string, string>)["slipway.subject"];
    await writeFile(join(at, "index.json"), JSON.stringify(index));
    await store.tag("v2", digest);
    const after = JSON.parse(await readFile(join(at, "index.json"), "utf8")) as typeof index;
    expect(after.annotations).toEqual({ theirs: "yes" });
    expect(after.manifests).toHaveLength(2);
    expect(after.manifests[1]).toMatchObject({ platform: { os: "linux" }, annotations: { "org.opencontainers.image.ref.name": "v2" } });
    expect(await store.referrers(digest)).toEqual([]);
  });
});
