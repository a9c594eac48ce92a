// Bearer tokens as docker-registry itself judges them: a token server of our own signs what it grants.

import { X509Certificate, createPrivateKey, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeArtifact } from "../testing-contract.ts";
import { dockerRegistry, makeCertificates, openssl, startDockerRegistry, type TestRegistry } from "../testing-registry.ts";
import { RegistryStore } from "./registry-store.ts";

const code = (c: string): object => expect.objectContaining({ code: c });
const home = mkdtempSync(join(tmpdir(), "slipway-token-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe.skipIf(dockerRegistry === undefined || openssl === undefined)("docker-registry with a token server", () => {
  let registry: TestRegistry;
  let server: Server;
  const granted: { scopes: string[]; user: string | undefined }[] = [];

  beforeAll(async () => {
    const { cert, key } = makeCertificates(home);
    const pem = readFileSync(cert, "utf8");
    const x5c = [new X509Certificate(pem).raw.toString("base64")];
    const signer = createPrivateKey(readFileSync(key));
    server = createServer((request, response) => void (async () => {
      const url = new URL(request.url!, "http://x");
      const user = /^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1];
      const name = user === undefined ? undefined : Buffer.from(user, "base64").toString();
      const scopes = url.searchParams.getAll("scope");
      granted.push({ scopes, user: name });
      if (name !== undefined && name !== "ada:secret") return response.writeHead(401).end();
      // Everyone may pull, ada may all.
      const access = scopes.map((scope) => {
        const [type, repository, actions] = scope.split(":") as [string, string, string];
        return { type, name: repository, actions: actions.split(",").filter((a) => name !== undefined || a === "pull") };
      });
      const token = await new SignJWT({ access }).setProtectedHeader({ alg: "ES256", typ: "JWT", x5c }).setIssuer("tests").setSubject(name ?? "").setAudience(url.searchParams.get("service")!).setIssuedAt().setNotBefore("-10s").setExpirationTime("5m").setJti(randomBytes(8).toString("hex")).sign(signer);
      return response.end(JSON.stringify({ token, expires_in: 300 }));
    })());
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    registry = await startDockerRegistry({ token: { realm, service: "registry.tests", issuer: "tests", certificate: pem } });
  });
  afterAll(async () => {
    server.close();
    await registry.stop();
  });

  const open = (repository: string, who?: string): Promise<RegistryStore> => {
    const path = join(home, `${randomBytes(4).toString("hex")}.json`);
    writeFileSync(path, JSON.stringify(who === undefined ? {} : { auths: { [registry.host]: { auth: Buffer.from(who).toString("base64") } } }));
    return RegistryStore.open(registry.host, repository, { home, env: { REGISTRY_AUTH_FILE: path } });
  };

  it("lets ada push, nobody pull, nobody push, and a wrong password nothing", async () => {
    const bytes = new Uint8Array(randomBytes(10_000));
    const ada = await open("team/model", "ada:secret");
    const { digest } = await writeArtifact(ada, [bytes], { tag: "v1" });
    const nobody = await open("team/model");
    expect((await nobody.readManifest("v1")).digest).toBe(digest);
    await expect(writeArtifact(nobody, [new Uint8Array(randomBytes(10))])).rejects.toThrow(code("oci-unauthenticated"));
    await expect((await open("team/model", "ada:wrong")).readManifest("v1")).rejects.toThrow(code("oci-unauthenticated"));
  });

  it("mounts from another repository with a token for both", async () => {
    const bytes = new Uint8Array(randomBytes(10_000));
    await (await open("team/from", "ada:secret")).writeBlob(bytes);
    const to = await open("team/to", "ada:secret");
    const before = registry.log().length;
    const digest = await to.writeBlob(bytes, { mountFrom: "team/from" });
    expect(await to.statBlob(digest)).toBe(bytes.length);
    expect(registry.log().slice(before)).not.toMatch(/http\.request\.method=PUT/);
    expect(granted.some((g) => g.scopes.includes("repository:team/from:pull") && g.scopes.includes("repository:team/to:pull,push"))).toBe(true);
  });

  it("asks for one token for many requests", async () => {
    const store = await open("team/model", "ada:secret");
    const before = granted.length;
    for (let i = 0; i < 5; i++) await store.resolve("v1");
    expect(granted.length - before).toBe(1);
  });
});
