// What every storage of objects must do, on real ones: MinIO, Azurite, fake-gcs-server.

import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAzurite } from "../../../../../scripts/testing-azurite.ts";
import { startGcs } from "../../../../../scripts/testing-gcs.ts";
import { startMinio } from "../../../../../scripts/testing-minio.ts";
import { goTool } from "../../../../../scripts/testing-tools.ts";
import { AzureClient } from "./azure/azure-client.ts";
import { readAzureConfig } from "./azure/azure-config.ts";
import { AzureStore } from "./azure/azure-store.ts";
import { bucketObjects } from "./bucket-objects.ts";
import { GoogleClient, readGoogleConfig } from "./google/google-client.ts";
import { GoogleStore } from "./google/google-store.ts";
import { fetchObject, getObject, getRange, removeBelow, sizesBelow, type ObjectStore, type Place } from "./object-store.ts";
import { S3Client } from "./s3/s3-client.ts";
import { readS3Config } from "./s3/s3-config.ts";
import { S3Store } from "./s3/s3-store.ts";

const BUCKET = "things";
const folder = mkdtempSync(join(tmpdir(), "slipway-stores-"));
const at = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Started {
  readonly store: ObjectStore;
  stop(): Promise<void>;
}
const STORES: Readonly<Record<string, readonly [string | undefined, (program: string) => Promise<Started>]>> = {
  S3: [goTool("minio"), async (program) => {
    const minio = await startMinio(program, BUCKET);
    return { store: new S3Store(new S3Client(undefined, readS3Config({ AWS_ENDPOINT_URL_S3: minio.endpoint, AWS_ACCESS_KEY_ID: minio.user, AWS_SECRET_ACCESS_KEY: minio.password }, folder))), stop: () => minio.stop() };
  }],
  "Azure's Blob storage": [goTool("azurite"), async (program) => {
    const azurite = await startAzurite(program);
    const form = { host: undefined, form: "az", sas: "" } as const;
    const client = new AzureClient(readAzureConfig(form, { AZURE_STORAGE_CONNECTION_STRING: azurite.connection }));
    await client.send({ method: "PUT", bucket: BUCKET, key: "", shown: BUCKET, query: { restype: "container" }, expect: [201] }, (answer) => void answer.body.resume());
    return { store: new AzureStore(client, form), stop: () => azurite.stop() };
  }],
  "Google's Cloud Storage": [goTool("fake-gcs-server"), async (program) => {
    const gcs = await startGcs(program, BUCKET);
    writeFileSync(at("key.json"), gcs.keyFile);
    return { store: new GoogleStore(new GoogleClient(readGoogleConfig({ CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: gcs.endpoint, GOOGLE_APPLICATION_CREDENTIALS: at("key.json") }, folder))), stop: () => gcs.stop() };
  }],
};

describe.each(Object.entries(STORES))("%s", (name, [program, start]) => {
  let started: Started;
  let store: ObjectStore;
  const place = (key: string): Place => ({ bucket: BUCKET, key });
  const text = async (key: string): Promise<string | undefined> => {
    const found = await getObject(store, place(key), 2 ** 28);
    return found === undefined ? undefined : Buffer.from(found.bytes).toString("utf8");
  };
  const etag = async (key: string): Promise<string> => (await store.head(place(key)))!.etag;
  beforeAll(async () => {
    if (program === undefined) return;
    started = await start(program);
    store = started.store;
  }, 60_000);
  afterAll(() => started?.stop());

  it.skipIf(program === undefined)("keeps objects under names of any kind, with what is said of them, and lists them page by page", async () => {
    const names = ["list/a b+c&ä?.csv", "list/b's (1) 100%.csv", "list/deep/c#d.csv", "list/e=f~!.csv"];
    for (const name of names) expect(await store.put(place(name), Buffer.from(name), { meta: { "slipway-run": `of ${names.indexOf(name)}` } })).toBe(true);
    for (const name of names) {
      expect(await text(name), name).toBe(name);
      const head = (await store.head(place(name)))!;
      expect([head.bytes, head.meta("slipway-run"), head.meta("slipway-nothing")]).toEqual([Buffer.byteLength(name), `of ${names.indexOf(name)}`, undefined]);
    }
    for (const page of [1, 3, 1000]) {
      const objects = await bucketObjects(store, place("list/"), () => true, page);
      expect(objects.map((o) => [o.shown, o.bytes])).toEqual(names.map((n) => [store.address(place(n)), Buffer.byteLength(n)]));
      // What a listing says of a version is what a reading says.
      for (const object of objects) expect(object.version).toBe(await etag(names.find((n) => store.address(place(n)) === object.shown)!));
    }
    expect((await bucketObjects(store, place("list/**/*[d'f]*.csv"), () => true)).map((o) => o.shown)).toHaveLength(3);
    expect(await sizesBelow(store, place("nothing/"))).toEqual(new Map());
    await removeBelow(store, place("list/"));
    expect(await sizesBelow(store, place("list/"))).toEqual(new Map());
  });
  it.skipIf(program === undefined)("tells what is not there from what may not be had", async () => {
    expect([await text("none"), await store.head(place("none"))]).toEqual([undefined, undefined]);
    await store.remove(place("none"));
    await expect(getRange(store, place("none"), 0, 5)).rejects.toMatchObject({ code: "batch-input-missing" });
    await expect(store.copy(place("none"), place("copied"))).rejects.toMatchObject({ code: "batch-input-missing" });
    await expect(sizesBelow(store, { bucket: "nobodys", key: "" })).rejects.toMatchObject({ code: "batch-input-missing" });
    await expect(store.put({ bucket: "nobodys", key: "a" }, Buffer.from("x"))).rejects.toMatchObject({ code: "batch-input-missing" });
  });
  it.skipIf(program === undefined)("gives ranges of the version that is asked for, and of no other", async () => {
    await store.put(place("range"), Buffer.from("0123456789"));
    const before = await etag("range");
    expect([await getRange(store, place("range"), 2, 5), await getRange(store, place("range"), 9, 10, before)].map((b) => Buffer.from(b).toString())).toEqual(["234", "9"]);
    const [object] = await bucketObjects(store, place("range"), () => true);
    await store.put(place("range"), Buffer.from("abcdefghij"));
    await expect(getRange(store, place("range"), 2, 5, before)).rejects.toMatchObject({ code: "batch-source-changed" });
    expect(await etag("range")).not.toBe(before);
    expect(await object!.ask([0, 0], async (answer) => (answer.body.resume(), answer.status))).toBe(206);
    await expect(getRange(store, place("range"), 20, 25)).rejects.toMatchObject({ code: "batch-source-changed" });
  });
  it.skipIf(program === undefined)("puts and removes on conditions", async () => {
    const key = "conditions/one";
    expect(await store.put(place(key), Buffer.from("first"), { condition: { nothing: true } })).toBe(true);
    const first = await etag(key);
    expect([await store.put(place(key), Buffer.from("second"), { condition: { nothing: true } }), await text(key)]).toEqual([false, "first"]);
    expect(await store.put(place(key), Buffer.from("third"), { condition: { etag: first } })).toBe(true);
    expect([await store.put(place(key), Buffer.from("fourth"), { condition: { etag: first } }), await text(key)]).toEqual([false, "third"]);
    // MinIO takes no notice of it where something is removed.
    if (name !== "S3") await store.remove(place(key), { etag: first });
    expect(await text(key)).toBe("third");
    await store.remove(place(key), { etag: await etag(key) });
    expect(await text(key)).toBeUndefined();
    expect(await store.put(place(key), Buffer.from("fifth"), { condition: { etag: first } })).toBe(false);
    // Of many that put at once one does.
    const all = await Promise.all(Array.from({ length: 8 }, (_, i) => store.put(place("conditions/many"), Buffer.from(String(i)), { condition: { nothing: true } })));
    expect(all.filter(Boolean)).toHaveLength(1);
    expect(await text("conditions/many")).toBe(String(all.indexOf(true)));
  });
  it.skipIf(program === undefined)("takes files of any size, and copies with what is said of them", async () => {
    for (const size of [0, 5, (20 << 20) + 7]) {
      const bytes = randomBytes(size);
      writeFileSync(at("file"), bytes);
      await store.putFile(place("files/one"), at("file"), { "slipway-run": String(size) });
      await store.copy(place("files/one"), place("files/two"));
      const head = (await store.head(place("files/two")))!;
      expect([head.bytes, head.meta("slipway-run")]).toEqual([size, String(size)]);
      await fetchObject(store, place("files/two"), size, at("back"));
      expect(createHash("sha256").update(readFileSync(at("back"))).digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  }, 60_000);
  it.skipIf(program === undefined)("shows an upload with its last request, where it was not revoked and nothing else came to stand there", async () => {
    const [one, stage] = [place("uploads/one"), place("uploads/run/end-")];
    const begin = async (name: string): Promise<Awaited<ReturnType<ObjectStore["begin"]>>> => {
      writeFileSync(at(name), `what ${name} says`);
      const upload = await store.begin(one, stage, { "slipway-run": name });
      await upload.send(at(name));
      return upload;
    };
    const [first, second] = [await begin("first"), await begin("second")];
    expect(await store.head(one)).toBeUndefined();
    expect(await first.complete({ nothing: true })).toBe("there");
    const tag = await etag("uploads/one");
    // Asked again, as after an answer that was lost.
    expect(await first.complete({ nothing: true })).toBe("there");
    expect([await second.complete({ nothing: true }), await text("uploads/one"), await etag("uploads/one")]).toEqual(["taken", "what first says", tag]);
    await store.revoke(one, stage);
    expect([await second.complete({ etag: tag }), await second.complete(), await etag("uploads/one")]).toEqual(["gone", "gone", tag]);
    const third = await begin("third");
    expect(await third.complete({ etag: tag })).toBe("there");
    expect([await text("uploads/one"), (await store.head(one))!.meta("slipway-run")]).toEqual(["what third says", "third"]);
    const fourth = await begin("fourth");
    await fourth.abort();
    expect([await fourth.complete(), await text("uploads/one")]).toEqual(["gone", "what third says"]);
  });
});
