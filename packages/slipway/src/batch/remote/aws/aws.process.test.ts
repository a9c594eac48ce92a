// Who asks Amazon: the token service played by moto, the container's endpoint and the machine's metadata service by servers
// that answer as their documentation says, and refuse as it says.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { motoIsThere, startMoto } from "../../../../../../scripts/testing-moto.ts";
import { S3Client } from "../s3/s3-client.ts";
import { readS3Config } from "../s3/s3-config.ts";
import { CredentialChain, type Credentials } from "./credentials.ts";
import { containerProvider } from "./container.ts";
import type { Environment } from "./profile-files.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-aws-"));
const at = (name: string): string => join(folder, name);
const servers: Server[] = [];
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
/** Without files, and without a machine that answers. */
const alone = { AWS_SHARED_CREDENTIALS_FILE: at("none"), AWS_CONFIG_FILE: at("none"), AWS_EC2_METADATA_DISABLED: "true" };
const find = (env: Environment, machine?: boolean): Promise<Credentials | undefined> => readS3Config({ ...alone, ...env }, folder, machine).credentials.get();
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, "");

let moto: Awaited<ReturnType<typeof startMoto>> | undefined;
beforeAll(async () => {
  mkdirSync(at("tokens"));
  if (motoIsThere) moto = await startMoto();
}, 60_000);
afterAll(async () => {
  await moto?.stop();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!motoIsThere)("roles by the token service", () => {
  const arn = "arn:aws:iam::123456789012:role/scorer";
  it("are taken on for the token of a file, and ask S3 then", async () => {
    writeFileSync(at("tokens/identity"), "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzY29yZXIifQ.c2ln\n");
    const env = { ...alone, AWS_WEB_IDENTITY_TOKEN_FILE: at("tokens/identity"), AWS_ROLE_ARN: arn, AWS_ROLE_SESSION_NAME: "nightly", AWS_ENDPOINT_URL: moto!.url, AWS_REGION: "eu-central-1" };
    const config = readS3Config(env, folder);
    const found = await config.credentials.get();
    expect(found).toMatchObject({ accessKeyId: expect.stringMatching(/^ASIA/) as string, sessionToken: expect.any(String) as string });
    expect(found!.endsMs! - Date.now()).toBeGreaterThan(3_000_000);
    // The same until they end.
    expect(await config.credentials.get()).toBe(found);
    const client = new S3Client(undefined, config);
    await client.send({ method: "PUT", bucket: "by-role", key: "", body: Buffer.from("<CreateBucketConfiguration><LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>"), expect: [200] }, (a) => void a.body.resume());
    await client.send({ method: "PUT", bucket: "by-role", key: "a b.csv", body: Buffer.from("x\n"), expect: [200] }, (a) => void a.body.resume());
    expect(await client.send({ method: "GET", bucket: "by-role", key: "a b.csv", expect: [200] }, async (a) => Buffer.concat(await a.body.toArray() as Buffer[]).toString())).toBe("x\n");
    client.close();
  });
  it("come from a profile: by the keys of another one, by its own, by the environment; two in a row", async () => {
    writeFileSync(at("credentials"), "[base]\naws_access_key_id = AKIABASE0000\naws_secret_access_key = s\n[own]\naws_access_key_id = AKIAOWN00000\naws_secret_access_key = s\n");
    writeFileSync(at("config"), `[profile one]\nrole_arn = ${arn}\nsource_profile = base\nexternal_id = x-1\nduration_seconds = 900\n[profile two]\nrole_arn = ${arn}2\nsource_profile = one\n[profile own]\nrole_arn = ${arn}\nsource_profile = own\n[profile environment]\nrole_arn = ${arn}\ncredential_source = Environment\n[profile token]\nrole_arn = ${arn}\nweb_identity_token_file = ${at("tokens/identity")}\n[profile loop]\nrole_arn = ${arn}\nsource_profile = pool\n[profile pool]\nrole_arn = ${arn}\nsource_profile = loop\n[profile device]\nrole_arn = ${arn}\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n[profile nobody]\nrole_arn = ${arn}\n`);
    const env = { AWS_SHARED_CREDENTIALS_FILE: at("credentials"), AWS_CONFIG_FILE: at("config"), AWS_ENDPOINT_URL_STS: moto!.url };
    for (const name of ["one", "two", "own", "token"]) expect(await find({ ...env, AWS_PROFILE: name }), name).toMatchObject({ accessKeyId: expect.stringMatching(/^ASIA/) as string, endsMs: expect.any(Number) as number });
    expect((await find({ ...env, AWS_PROFILE: "one" }))!.endsMs! - Date.now()).toBeLessThan(901_000);
    for (const [name, says] of [["loop", "without an end"], ["device", "somebody's device"], ["nobody", "nobody who may take it on"], ["environment", "nobody who may take it on"]] as const) await expect(find({ ...env, AWS_PROFILE: name }), name).rejects.toMatchObject({ code: "batch-source-denied", message: expect.stringContaining(says) as string });
  });
  it("are refused with the service's own word, and no token is told", async () => {
    const sts = await serve((request, response) => {
      request.resume().on("end", () => response.writeHead(403, { "content-type": "text/xml" }).end("<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized: secret-token</Message></Error></ErrorResponse>"));
    });
    writeFileSync(at("tokens/other"), "secret-token");
    const denied: unknown = await find({ AWS_WEB_IDENTITY_TOKEN_FILE: at("tokens/other"), AWS_ROLE_ARN: arn, AWS_ENDPOINT_URL_STS: sts }).catch((error: unknown) => error);
    expect(denied).toMatchObject({ code: "batch-source-denied", message: expect.stringContaining("AccessDenied") as string });
    expect(JSON.stringify(denied) + String((denied as Error).message)).not.toContain("secret-token");
    await expect(find({ AWS_WEB_IDENTITY_TOKEN_FILE: at("tokens/gone"), AWS_ROLE_ARN: arn })).rejects.toMatchObject({ code: "batch-source-denied", message: expect.stringContaining("ENOENT") as string });
    await expect(find({ AWS_WEB_IDENTITY_TOKEN_FILE: at("tokens/other"), AWS_ROLE_ARN: "scorer" })).rejects.toMatchObject({ code: "batch-source-denied", message: expect.stringContaining("no role's name") as string });
  });
});

describe("the role of a container", () => {
  it("is given for the token of a file, which is read anew, and found anew before it ends", async () => {
    let given = 0;
    let broken = false;
    const url = await serve((request, response) => {
      if (broken) return void response.writeHead(500).end("{}");
      if (request.headers.authorization !== `token-${given + 1}`) return void response.writeHead(401).end(JSON.stringify({ code: "AccessDeniedException", message: "no" }));
      given++;
      response.end(JSON.stringify({ AccessKeyId: `ASIA000${given}`, SecretAccessKey: "s", Token: `t${given}`, Expiration: new Date(now + 3_600_000).toISOString() }));
    });
    let now = Date.parse("2026-11-01T00:00:00Z");
    const token = (n: number): void => writeFileSync(at("tokens/container"), `token-${n}\n`);
    token(1);
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: at("tokens/container"), AWS_CONTAINER_AUTHORIZATION_TOKEN: "not this one" };
    const chain = new CredentialChain([containerProvider(env)], () => now);
    const all = await Promise.all([chain.get(), chain.get(), chain.get()]);
    expect([all.map((c) => c!.sessionToken), given]).toEqual([["t1", "t1", "t1"], 1]);
    now += 54 * 60_000;
    expect((await chain.get())!.sessionToken).toBe("t1");
    // Four minutes before their end; where there are no others yet, these go on as long as they last.
    now += 2 * 60_000;
    broken = true;
    expect((await chain.get())!.sessionToken).toBe("t1");
    broken = false;
    token(2);
    now += 60_000;
    expect((await chain.get())!.sessionToken).toBe("t2");
    now += 3_600_000;
    await expect(chain.get()).rejects.toMatchObject({ code: "batch-source-denied", message: expect.stringContaining("AccessDeniedException") as string });
  });
  it("is asked for again after a minute, not with each request, where nobody is there who gave some before", async () => {
    let [now, asked, away] = [Date.parse("2026-11-01T00:00:00Z"), 0, false];
    const chain = new CredentialChain([async () => (asked++, away ? undefined : { accessKeyId: `ASIA000${asked}`, secretAccessKey: "s", endsMs: now + 3_600_000 })], () => now);
    await chain.get();
    now += 56 * 60_000;
    away = true;
    for (let i = 0; i < 3; i++) expect(await chain.get()).toMatchObject({ accessKeyId: "ASIA0001" });
    expect(asked).toBe(2);
    now += 60_000;
    away = false;
    expect([await chain.get(), asked]).toMatchObject([{ accessKeyId: "ASIA0003" }, 3]);
  });
  it("is asked of no stranger, and what is no answer is told", async () => {
    for (const uri of ["http://example.org/x", "http://169.254.169.254/x", "http://127.0.0.1.example.org/", "ftp://127.0.0.1/", "http://user@127.0.0.1/", "nonsense"]) await expect(find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri }), uri).rejects.toMatchObject({ code: "batch-source-denied", message: expect.stringContaining("not asked for credentials") as string });
    await expect(find({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "@example.org/x" })).rejects.toMatchObject({ code: expect.stringMatching(/^batch-source-/) as string });
    for (const body of ["", "[]", "{\"AccessKeyId\":1}", JSON.stringify({ AccessKeyId: "ASIA0001", SecretAccessKey: "s", Token: "t", Expiration: "soon" })]) {
      const url = await serve((_, response) => void response.end(body));
      await expect(find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url }), body).rejects.toMatchObject({ code: "batch-source-denied" });
    }
    const endless = await serve((_, response) => void response.end("x".repeat(2 ** 20)));
    await expect(find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: endless })).rejects.toMatchObject({ code: "batch-source-unavailable" });
    writeFileSync(at("tokens/lines"), "a\nx-evil: 1\n");
    await expect(find({ AWS_CONTAINER_CREDENTIALS_FULL_URI: endless, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: at("tokens/lines") })).rejects.toMatchObject({ code: "batch-source-denied", message: expect.stringContaining("several lines") as string });
  });
});

describe("the role of a machine", () => {
  const asked: string[] = [];
  let role: string | undefined = "scorer";
  const metadata = (): Promise<string> => serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "PUT" && request.url === "/latest/api/token") return void (request.headers["x-aws-ec2-metadata-token-ttl-seconds"] === undefined ? response.writeHead(400).end() : response.end("AQAE-token=="));
    if (request.headers["x-aws-ec2-metadata-token"] !== "AQAE-token==") return void response.writeHead(401).end();
    if (role === undefined) return void response.writeHead(404).end();
    if (request.url === "/latest/meta-data/iam/security-credentials/") return void response.end(`${role}\n`);
    if (request.url === `/latest/meta-data/iam/security-credentials/${role}`) return void response.end(JSON.stringify({ Code: "Success", LastUpdated: inAnHour(), Type: "AWS-HMAC", AccessKeyId: "ASIAMACHINE1", SecretAccessKey: "s", Token: "m", Expiration: inAnHour() }));
    response.writeHead(404).end();
  });
  it("is asked for with a token, where nobody else gives credentials and nobody says that it is not to be asked", async () => {
    const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: await metadata(), AWS_EC2_METADATA_DISABLED: "" };
    expect(await find(env)).toMatchObject({ accessKeyId: "ASIAMACHINE1", sessionToken: "m" });
    expect(asked).toEqual(["PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/", "GET /latest/meta-data/iam/security-credentials/scorer"]);
    asked.length = 0;
    expect(await find({ ...env, AWS_EC2_METADATA_DISABLED: "TRUE" })).toBeUndefined();
    expect(await find(env, false)).toBeUndefined();
    expect(await find({ ...env, AWS_ACCESS_KEY_ID: "AKIA0000", AWS_SECRET_ACCESS_KEY: "s" })).toMatchObject({ accessKeyId: "AKIA0000" });
    expect(asked).toEqual([]);
    role = undefined;
    expect(await find(env)).toBeUndefined();
    role = "../other";
    await expect(find(env)).rejects.toMatchObject({ code: "batch-source-unavailable" });
    // Version 1 would answer without a token; what gives none is no such service.
    expect(await find({ ...env, AWS_EC2_METADATA_SERVICE_ENDPOINT: await serve((request, response) => void (request.method === "PUT" ? response.writeHead(403).end() : response.end("scorer"))) })).toBeUndefined();
    expect(await find({ ...env, AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" })).toBeUndefined();
  });
});

it("credentials that S3 calls ended are found anew within a request, those that never end are not", async () => {
  let given = 0;
  const container = await serve((_, response) => void response.end(JSON.stringify({ AccessKeyId: `ASIA000${++given}`, SecretAccessKey: "s", Token: `t${given}`, Expiration: inAnHour() })));
  const s3 = await serve((request, response) => void (request.headers["x-amz-security-token"] === "t2" ? response.end("whole") : response.writeHead(400).end("<Error><Code>ExpiredToken</Code><Message>m</Message></Error>")));
  const get = (env: Environment): Promise<string> => new S3Client({ attempts: 3, firstMs: 1, longestMs: 5 }, readS3Config({ ...alone, AWS_ENDPOINT_URL_S3: s3, ...env }, folder)).send({ method: "GET", bucket: "bucket", key: "k", expect: [200] }, async (a) => Buffer.concat(await a.body.toArray() as Buffer[]).toString());
  expect([await get({ AWS_CONTAINER_CREDENTIALS_FULL_URI: container }), given]).toEqual(["whole", 2]);
  await expect(get({ AWS_ACCESS_KEY_ID: "AKIA0000", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "old" })).rejects.toMatchObject({ code: "batch-source-unavailable", message: expect.stringContaining("ExpiredToken") as string });
});
