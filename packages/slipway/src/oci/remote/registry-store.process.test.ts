import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestOf } from "../digest.ts";
import { blobStoreContract, collect, writeArtifact } from "../testing-contract.ts";
import { crane, dockerRegistry, htpasswd, openssl, startCraneRegistry, startDockerRegistry, type TestRegistry } from "../testing-registry.ts";
import { RegistryStore } from "./registry-store.ts";

const code = (c: string): object => expect.objectContaining({ code: c });
/** No credentials and settings of whoever runs the tests. */
const home = mkdtempSync(join(tmpdir(), "slipway-home-"));
const env = { HOME: home, PATH: process.env["PATH"] };
const fresh = (): string => `tests/${randomBytes(8).toString("hex")}`;

describe.skipIf(dockerRegistry === undefined)("docker-registry", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry();
  });
  afterAll(() => registry.stop());

  blobStoreContract("a repository of docker-registry", { open: () => RegistryStore.open(registry.host, fresh(), { env, home }), cannotUntag: "oci-unsupported" });

  it("takes large blobs in pieces, and small ones in one", async () => {
    const store = await RegistryStore.open(registry.host, fresh(), { env, home, chunkBytes: 1_000_000 });
    const bytes = new Uint8Array(randomBytes(3_500_000));
    const digest = await store.writeBlob(bytes);
    expect(Buffer.compare(await store.readBlob(digest, { maxBytes: bytes.length, size: bytes.length }), bytes)).toBe(0);
    await store.close();
  });

  it("mounts blobs of another repository of the same host", async () => {
    const [from, to] = [fresh(), fresh()];
    const bytes = new Uint8Array(randomBytes(200_000));
    const first = await RegistryStore.open(registry.host, from, { env, home });
    const second = await RegistryStore.open(registry.host, to, { env, home });
    await first.writeBlob(bytes);
    const before = registry.log().length;
    const digest = await second.writeBlob(bytes, { mountFrom: from });
    expect(await second.statBlob(digest)).toBe(bytes.length);
    expect(registry.log().slice(before)).not.toMatch(/http.request.method=PUT/);
    await second.writeBlob(new Uint8Array(randomBytes(10)), { mountFrom: "tests/nothing" });
  });

  it("lists tags page by page", async () => {
    const store = await RegistryStore.open(registry.host, fresh(), { env, home });
    const { digest } = await writeArtifact(store, [new Uint8Array(randomBytes(5))], { tag: "t000" });
    const names = Array.from({ length: 30 }, (_, i) => `t${String(i).padStart(3, "0")}`);
    for (const name of names.slice(1)) await store.tag(name, digest);
    expect(await collect(store.tags())).toEqual(names);
  });

  it("waits for a registry that is being restarted", async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-kept-"));
    const first = await startDockerRegistry({ folder });
    const store = await RegistryStore.open(first.host, "a/b", { env, home });
    const bytes = new Uint8Array(randomBytes(1000));
    const digest = await store.writeBlob(bytes);
    await first.stop();
    const reading = store.readBlob(digest, { maxBytes: 1000 });
    const again = await startDockerRegistry({ folder, port: Number(first.host.split(":")[1]) });
    expect(Buffer.compare(await reading, bytes)).toBe(0);
    await store.close();
    await again.stop();
    rmSync(folder, { recursive: true });
  });
});

describe.skipIf(crane === undefined)("crane registry", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startCraneRegistry();
  });
  afterAll(() => registry.stop());
  blobStoreContract("a repository of crane's registry", { open: () => RegistryStore.open(registry.host, fresh(), { env, home }), lenient: true });
});

describe.skipIf(dockerRegistry === undefined || htpasswd === undefined || openssl === undefined)("docker-registry with TLS and passwords", () => {
  let registry: TestRegistry;
  const user = { name: "ada", password: "s3cret:with colon" };
  const login = (name: string, password: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), "slipway-auth-")), "auth.json");
    writeFileSync(path, JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from(`${name}:${password}`).toString("base64") } } }));
    return path;
  };
  beforeAll(async () => {
    registry = await startDockerRegistry({ tls: true, user });
  });
  afterAll(() => registry.stop());

  it("is asked with the user's name and password, and its own authority is trusted where it is named", async () => {
    const store = await RegistryStore.open(registry.host, fresh(), { home, env: { ...env, REGISTRY_AUTH_FILE: login(user.name, user.password), SLIPWAY_REGISTRY_CA: registry.ca } });
    const bytes = new Uint8Array(randomBytes(50_000));
    expect(await store.writeBlob(bytes)).toBe(await digestOf(bytes));
    const { digest } = await writeArtifact(store, [bytes], { tag: "v1" });
    expect((await store.readManifest("v1")).digest).toBe(digest);
  });

  it("says what is wrong: no credentials, wrong ones, a certificate that nobody vouches for", async () => {
    const open = (more: object): Promise<RegistryStore> => RegistryStore.open(registry.host, fresh(), { home, env: { ...env, SLIPWAY_REGISTRY_CA: registry.ca, ...more } });
    await expect((await open({})).readManifest("v1")).rejects.toThrow(code("oci-unauthenticated"));
    await expect((await open({ REGISTRY_AUTH_FILE: login("ada", "wrong") })).readManifest("v1")).rejects.toThrow(code("oci-unauthenticated"));
    await expect((await open({ REGISTRY_AUTH_FILE: login(user.name, user.password) })).readManifest("v1")).rejects.toThrow(code("oci-not-found"));
    await expect((await open({ SLIPWAY_REGISTRY_CA: undefined })).readManifest("v1")).rejects.toThrow(code("oci-certificate"));
    await expect(open({ SLIPWAY_REGISTRY_CA: join(home, "nothing.pem") })).rejects.toThrow(code("oci-credentials"));
  });
});
