// Objects in Azure's Blob storage (Azurite) and in Google's Cloud Storage (fake-gcs-server) as input and as output.

import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startAzurite, type TestAzurite } from "../../../../scripts/testing-azurite.ts";
import { startGcs, type TestGcs } from "../../../../scripts/testing-gcs.ts";
import { goTool } from "../../../../scripts/testing-tools.ts";
import { openDuckDB, sqlText } from "./input/duckdb.ts";
import { AzureClient } from "./remote/azure/azure-client.ts";
import { parseAzure, readAzureConfig } from "./remote/azure/azure-config.ts";
import { isBucketAddress, openBucket } from "./remote/bucket-address.ts";
import { GoogleClient, readGoogleConfig } from "./remote/google/google-client.ts";
import { GoogleStore } from "./remote/google/google-store.ts";
import { getObject, sizesBelow, type ObjectStore } from "./remote/object-store.ts";
import { placeOutput } from "./run/output-place.ts";
import { BIN } from "./distributed/testing.ts";
import { expectedCsv, loanCsv, loanPackage, loanRows, TestRuns } from "./testing-run.ts";

const BUCKET = "tables";
const QUICK = { attempts: 3, firstMs: 1, longestMs: 5 };
let runs: TestRuns;
beforeAll(async () => {
  runs = new TestRuns(await loanPackage());
  process.chdir(runs.folder);
  const pkg = runs.options("in.csv", "out.csv").package;
  writeFileSync(runs.at("loan.slip"), pkg.bytes);
}, 60_000);
afterAll(() => {
  process.chdir(import.meta.dirname);
  vi.unstubAllEnvs();
  runs.remove();
});

interface Cloud {
  /** Of all that is in the bucket. */
  readonly address: string;
  /** Variables of who may, and one more by which nobody may. */
  readonly env: Readonly<Record<string, string>>;
  readonly wrong: readonly [string, string];
  stop(): Promise<void>;
}
async function startAzure(program: string): Promise<Cloud> {
  const azurite = await startAzurite(program);
  const client = new AzureClient(readAzureConfig({ host: undefined, sas: "" }, { AZURE_STORAGE_CONNECTION_STRING: azurite.connection }));
  await client.send({ method: "PUT", bucket: BUCKET, key: "", shown: BUCKET, query: { restype: "container" }, expect: [201] }, (answer) => void answer.body.resume());
  return { address: `az://${BUCKET}/`, env: { AZURE_STORAGE_CONNECTION_STRING: azurite.connection }, wrong: ["AZURE_STORAGE_CONNECTION_STRING", azurite.connection.replace(azurite.key, Buffer.from("another-secret").toString("base64"))], stop: () => azurite.stop() };
}
async function startGoogle(program: string): Promise<Cloud> {
  const gcs = await startGcs(program, BUCKET);
  writeFileSync(runs.at("key.json"), gcs.keyFile);
  return { address: `gs://${BUCKET}/`, env: { CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${gcs.endpoint}/storage/v1/`, GOOGLE_APPLICATION_CREDENTIALS: runs.at("key.json") }, wrong: ["GOOGLE_OAUTH_ACCESS_TOKEN", "another-secret"], stop: () => gcs.stop() };
}
const azurite = goTool("azurite");
const fakeGcs = goTool("fake-gcs-server");

describe.each([["Azure's Blob storage", azurite, startAzure], ["Google's Cloud Storage", fakeGcs, startGoogle]] as const)("%s", (_name, program, start) => {
  let cloud: Cloud;
  let store: ObjectStore;
  const rows = loanRows(3000);
  const put = (key: string, body: string | Uint8Array): Promise<boolean> => store.put({ bucket: BUCKET, key }, Buffer.from(body as string));
  const get = async (key: string): Promise<string | undefined> => {
    const found = await getObject(store, { bucket: BUCKET, key }, 2 ** 28);
    return found === undefined ? undefined : Buffer.from(found.bytes).toString("utf8");
  };
  const keys = async (prefix: string): Promise<string[]> => [...(await sizesBelow(store, { bucket: BUCKET, key: prefix })).keys()];
  beforeAll(async () => {
    if (program === undefined) return;
    cloud = await start(program);
    for (const [name, value] of Object.entries(cloud.env)) vi.stubEnv(name, value);
    ({ store } = await openBucket(cloud.address));
  }, 240_000);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await cloud?.stop();
  });

  it.skipIf(program === undefined)("gives objects by key, by pattern and by prefix, packed ones and Parquet", async () => {
    await put("in/a b+c&ä.csv", loanCsv(rows.slice(0, 1000)));
    await put("in/b.csv.gz", gzipSync(loanCsv(rows.slice(1000))));
    await put("in/_left-out.csv", "x\n");
    await put("in/deep/c.txt", "not a table");
    for (const input of ["in/", "in/*[b-c]*.{csv,csv.gz}"]) {
      expect(await runs.run(`${cloud.address}${input}`, "out.csv", { overwrite: true }), input).toMatchObject({ rows: 3000, bad: 0 });
      expect(runs.text("out.csv")).toBe(expectedCsv(rows));
    }
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: runs.at("tmp") });
    writeFileSync(runs.at("in.csv"), loanCsv(rows));
    await duck.run(`COPY (SELECT * FROM read_csv(${sqlText(runs.at("in.csv"))})) TO ${sqlText(runs.at("in.parquet"))} (FORMAT parquet)`);
    duck.closeSync();
    await put("tables/in.parquet", readFileSync(runs.at("in.parquet")));
    expect(await runs.run(`${cloud.address}tables/*.parquet`, "out.csv", { overwrite: true })).toMatchObject({ rows: 3000 });
    expect(runs.text("out.csv")).toBe(expectedCsv(rows));
  }, 240_000);
  it.skipIf(program === undefined)("is refused where the object is gone, was changed, or the credentials are wrong; no secret is told", async () => {
    await expect(runs.run(`${cloud.address}nowhere.csv`, "no.csv")).rejects.toMatchObject({ code: "batch-input-missing" });
    await expect(runs.run(`${cloud.address.replace(BUCKET, "nobody")}x.csv`, "no.csv")).rejects.toMatchObject({ code: "batch-input-missing" });
    const bad = `bad-${cloud.address.slice(0, 2)}.csv`;
    await put("bad.csv", loanCsv(rows.map((r) => ({ ...r, plan: "gold" }))));
    await expect(runs.run(`${cloud.address}bad.csv`, bad)).rejects.toMatchObject({ code: "batch-errors" });
    await put("bad.csv", loanCsv(rows.map((r) => ({ ...r, plan: "iron" }))));
    await expect(runs.run(`${cloud.address}bad.csv`, bad, { resume: true })).rejects.toMatchObject({ code: "batch-run-other" });
    const before = process.env[cloud.wrong[0]];
    vi.stubEnv(...cloud.wrong);
    const denied: unknown = await runs.run(`${cloud.address}bad.csv`, "denied.csv").catch((error: unknown) => error);
    expect(denied).toMatchObject({ code: "batch-source-denied" });
    expect(JSON.stringify(denied)).not.toMatch(/another-secret|tester|Signature|Bearer/);
    vi.stubEnv(cloud.wrong[0], before);
  }, 240_000);
  it.skipIf(program === undefined)("takes one object, with its record and its dead letters beside it, that is not overwritten unasked", async () => {
    writeFileSync(runs.at("some.csv"), `${loanCsv(rows)}9,old,pro,1,\n`);
    const out = `${cloud.address}out/scores.csv`;
    expect(await runs.run(runs.at("some.csv"), out)).toMatchObject({ rows: 3001, bad: 1, output: out });
    expect(await get("out/scores.csv")).toBe(expectedCsv(rows));
    expect(await get("out/scores.csv.errors.jsonl")).toContain('"row":3001');
    expect(await keys("out/")).toEqual(["scores.csv", "scores.csv.errors.jsonl", "scores.csv.run.json"]);
    expect(readdirSync(runs.at(".slipway/batch")).filter((n) => !/\.(?:run\.json|errors\.jsonl)$/.test(n))).toEqual([]);
    await expect(runs.run(runs.at("some.csv"), out)).rejects.toMatchObject({ code: "batch-output-exists" });
    expect(await runs.run(runs.at("some.csv"), out, { resume: true })).toMatchObject({ rows: 3001, resumed: 3001, output: out });
    expect(await runs.run(runs.at("some.csv"), out, { overwrite: true, limit: 10 })).toMatchObject({ rows: 10 });
    expect(await get("out/scores.csv")).toBe(expectedCsv(rows.slice(0, 10)));
  }, 240_000);
  it.skipIf(program === undefined)("takes several objects with a mark; parts that a shorter run does not have go", async () => {
    writeFileSync(runs.at("many.csv"), loanCsv(loanRows(20_000)));
    await runs.run(runs.at("many.csv"), `${cloud.address}folder/`, { shardBytes: 2 ** 17 });
    expect((await keys("folder/")).filter((n) => n.startsWith("part-")).length).toBeGreaterThan(3);
    expect((await keys("folder/")).filter((n) => n.startsWith("_"))).toEqual(["_SUCCESS", "_run.json"]);
    await runs.run(runs.at("some.csv"), `${cloud.address}folder/`, { overwrite: true });
    expect((await keys("folder/")).filter((n) => n.startsWith("part-"))).toEqual(["part-000000.csv"]);
  }, 240_000);
  it.skipIf(program === undefined)("has the same bytes after a process that was killed, by the same command", async () => {
    const big = loanRows(150_000);
    await put("in/big.csv", loanCsv(big));
    const run = (...more: string[]): { readonly kill: () => void; readonly ended: Promise<number | null>; readonly alive: () => boolean } => {
      const child = spawn(process.execPath, [BIN, "batch", "loan.slip", "--in", `${cloud.address}in/big.csv`, "--out", `${cloud.address}out/big.csv`, "--keep", "id", "--outputs", "score", "--no-ids", "--shard-mb", "1", "--threads", "1", ...more], { cwd: runs.folder, stdio: "ignore" });
      return { kill: () => child.kill("SIGKILL"), ended: new Promise((done) => child.once("close", done)), alive: () => child.exitCode === null };
    };
    const killed = run();
    // In the middle: some parts are committed.
    const stage = runs.at(".slipway/batch");
    const parts = (): number => (existsSync(stage) ? readdirSync(stage, { recursive: true }).filter((n) => /-big\.csv\.parts[/\\]part-\d+/.test(String(n))).length : 0);
    while (killed.alive() && parts() < 1) await sleep(5);
    killed.kill();
    expect([await killed.ended, await get("out/big.csv")]).toEqual([null, undefined]);
    expect(await run("--resume").ended).toBe(0);
    // Not by toBe: it would show how megabytes differ.
    expect((await get("out/big.csv")) === expectedCsv(big)).toBe(true);
  }, 240_000);
});

describe("an address in Azure's storage", () => {
  it("names the account or leaves it to who asks", () => {
    const of = (address: string): unknown[] => {
      const { place, host, sas } = parseAzure(address);
      return [place.bucket, place.key, host, sas];
    };
    expect(of("az://data/in/a?.csv")).toEqual(["data", "in/a?.csv", undefined, ""]);
    expect(of("abfss://data@lake.dfs.core.windows.net/in/")).toEqual(["data", "in/", "lake.dfs.core.windows.net", ""]);
    expect(of("az://lake.blob.core.windows.net/data/in/a.csv")).toEqual(["data", "in/a.csv", "lake.blob.core.windows.net", ""]);
    expect(of("https://lake.blob.core.windows.net/data/in/a%20b.csv?sv=1&sig=s")).toEqual(["data", "in/a b.csv", "lake.blob.core.windows.net", "sv=1&sig=s"]);
    for (const wrong of ["az://d/x.csv", "az://data@host/x", "abfss://data@evil.example/x", "az://evil.example/data/x", "https://lake.blob.core.windows.net/"]) expect(() => parseAzure(wrong), wrong).toThrow(expect.objectContaining({ code: "batch-source-address" }));
    // Files behind HTTP of others are what they were.
    expect(["https://example.org/a.csv", "https://lake.blob.core.windows.net.evil.example/data/a", "https://lake.blob.core.windows.net/data/a"].map(isBucketAddress)).toEqual([false, false, true]);
    expect(() => placeOutput("https://lake.blob.core.windows.net/data/a.csv?sig=s")).toThrow(expect.objectContaining({ code: "batch-source-address" }));
    expect(placeOutput("abfss://data@lake.dfs.core.windows.net/out/a.csv").format).toBe("csv");
  });
  it("is asked by whom the variables name, and by nobody of another account", () => {
    const of = (address: string, env: Readonly<Record<string, string>>): unknown[] => {
      const { endpoint, account, auth } = readAzureConfig(parseAzure(address), env);
      return [endpoint.href, account, auth.kind];
    };
    const key = Buffer.from("key").toString("base64");
    const connection = `DefaultEndpointsProtocol=https;AccountName=lake;AccountKey=${key}=;EndpointSuffix=core.chinacloudapi.cn`;
    expect(of("az://data/x", { AZURE_STORAGE_ACCOUNT: "lake", AZURE_STORAGE_KEY: key.padEnd(12, "A") })).toEqual(["https://lake.blob.core.windows.net/", "lake", "key"]);
    expect(of("az://data/x", { AZURE_STORAGE_CONNECTION_STRING: connection.replace(`${key}=`, "aaaaaaaaaaaa") })).toEqual(["https://lake.blob.core.chinacloudapi.cn/", "lake", "key"]);
    expect(of("az://data/x", { AZURE_STORAGE_ACCOUNT_NAME: "lake", AZURE_STORAGE_SAS_TOKEN: "?sv=1&sig=s" })).toEqual(["https://lake.blob.core.windows.net/", "lake", "sas"]);
    expect(of("az://data/x", { AZURE_STORAGE_CONNECTION_STRING: "UseDevelopmentStorage=true" })).toEqual(["http://127.0.0.1:10000/devstoreaccount1", "devstoreaccount1", "key"]);
    const signed = { AZURE_STORAGE_CONNECTION_STRING: "BlobEndpoint=https://lake.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=s" };
    expect([of("az://data/x", signed), of("abfss://data@other.dfs.core.windows.net/x", signed)]).toEqual([["https://lake.blob.core.windows.net/", "lake", "sas"], ["https://other.blob.core.windows.net/", "other", "nobody"]]);
    const entra = { AZURE_TENANT_ID: "t", AZURE_CLIENT_ID: "c", AZURE_CLIENT_SECRET: "s" };
    expect(of("abfss://data@other.dfs.core.windows.net/x", { AZURE_STORAGE_ACCOUNT: "lake", AZURE_STORAGE_KEY: "aaaaaaaaaaaa" })).toEqual(["https://other.blob.core.windows.net/", "other", "nobody"]);
    expect(of("abfss://data@other.dfs.core.windows.net/x", { AZURE_STORAGE_ACCOUNT: "lake", AZURE_STORAGE_KEY: "aaaaaaaaaaaa", ...entra })).toEqual(["https://other.blob.core.windows.net/", "other", "token"]);
    expect(() => of("az://data/x", {})).toThrow(expect.objectContaining({ code: "batch-source-address" }));
    expect(() => of("az://data/x", { AZURE_STORAGE_ACCOUNT: "lake", AZURE_STORAGE_KEY: "no key!" })).toThrow(expect.objectContaining({ code: "batch-source-denied" }));
  });
});

/** A shared access signature of an account, as its owner makes one. */
function sasOf({ account, key }: TestAzurite, permissions: string): string {
  const [services, types, until, protocol, version] = ["b", "sco", new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, ""), "https,http", "2020-12-06"];
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update([account, permissions, services, types, "", until, "", protocol, version, "", ""].join("\n")).digest("base64");
  return new URLSearchParams({ sv: version, ss: services, srt: types, sp: permissions, se: until, spr: protocol, sig: signature }).toString();
}
it.skipIf(azurite === undefined)("a shared access signature reads and writes what it allows, in the address or beside it", async () => {
  const emulator: TestAzurite = await startAzurite(azurite!);
  try {
    const owner = new AzureClient(readAzureConfig({ host: undefined, sas: "" }, { AZURE_STORAGE_CONNECTION_STRING: emulator.connection }));
    await owner.send({ method: "PUT", bucket: BUCKET, key: "", shown: BUCKET, query: { restype: "container" }, expect: [201] }, (answer) => void answer.body.resume());
    const rows = loanRows(500);
    writeFileSync(runs.at("sas.csv"), loanCsv(rows));
    const where = `AccountName=${emulator.account};BlobEndpoint=${emulator.endpoint};`;
    vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", `${where}SharedAccessSignature=${sasOf(emulator, "rwdlac")}`);
    expect(await runs.run(runs.at("sas.csv"), `az://${BUCKET}/by/sas.csv`)).toMatchObject({ rows: 500 });
    const { store, place } = await openBucket(`az://${BUCKET}/by/`);
    await store.copy({ ...place, key: "by/sas.csv" }, { ...place, key: "by/copy.csv" });
    expect(Buffer.from((await getObject(store, { ...place, key: "by/copy.csv" }, 2 ** 20))!.bytes).toString("utf8")).toBe(expectedCsv(rows));
    vi.stubEnv("AZURE_STORAGE_CONNECTION_STRING", where);
    vi.stubEnv("AZURE_STORAGE_SAS_TOKEN", sasOf(emulator, "rl"));
    await expect(runs.run(runs.at("sas.csv"), `az://${BUCKET}/by/none.csv`)).rejects.toMatchObject({ code: "batch-source-denied" });
    vi.stubEnv("AZURE_STORAGE_SAS_TOKEN", "");
    await owner.send({ method: "PUT", bucket: BUCKET, key: "in.csv", shown: BUCKET, body: Buffer.from(loanCsv(rows)), headers: { "x-ms-blob-type": "BlockBlob" }, expect: [201] }, (answer) => void answer.body.resume());
    const address = `https://${emulator.account}.blob.core.windows.net/${BUCKET}/*.csv?${sasOf(emulator, "rl")}`;
    expect(await runs.run(address, "by-sas.csv")).toMatchObject({ rows: 500 });
    expect(runs.text("by-sas.csv.run.json")).not.toContain("sig=");
    const denied: unknown = await runs.run(address.replace("sp=rl", "sp=rwl"), "denied-sas.csv").catch((error: unknown) => error);
    expect(denied).toMatchObject({ code: "batch-source-denied" });
    expect(JSON.stringify(denied)).not.toContain("sig=");
    await expect(runs.run(`az://${BUCKET}/in.csv`, "nobody.csv")).rejects.toMatchObject({ code: "batch-source-denied", hint: expect.stringContaining("AZURE_STORAGE_CONNECTION_STRING") as string });
  } finally {
    vi.unstubAllEnvs();
    await emulator.stop();
  }
}, 240_000);

async function serve(act: (asked: IncomingMessage, body: string, answer: ServerResponse) => void): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((asked, answer) => void asked.toArray().then((pieces) => act(asked, Buffer.concat(pieces as Buffer[]).toString("utf8"), answer)));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void (server.closeAllConnections(), server.close()) };
}
it("an application of Entra ID asks by its secret or by a pod's token, and anew where its token is taken no more", async () => {
  const forms: URLSearchParams[] = [];
  let good = "t1";
  const server = await serve((asked, body, answer) => {
    if (asked.url === "/tenant/oauth2/v2.0/token") {
      forms.push(new URLSearchParams(body));
      if (forms.at(-1)!.get("client_secret") === "wrong") return void answer.writeHead(401).end(JSON.stringify({ error: "invalid_client", error_description: "AADSTS7000215: wrong" }));
      return void answer.end(JSON.stringify({ access_token: `t${forms.length}`, expires_in: 3599 }));
    }
    if (asked.headers.authorization !== `Bearer ${good}`) return void answer.writeHead(401, { "x-ms-error-code": "InvalidAuthenticationInfo" }).end();
    answer.writeHead(200, { etag: '"1"', "content-length": "5" }).end("whole");
  });
  try {
    const read = (env: Readonly<Record<string, string>>): (() => Promise<string>) => {
      const client = new AzureClient(readAzureConfig({ host: undefined, sas: "" }, { AZURE_STORAGE_CONNECTION_STRING: `AccountName=lake;BlobEndpoint=${server.url}/lake`, AZURE_AUTHORITY_HOST: server.url, AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "app", ...env }), QUICK);
      return () => client.send({ method: "GET", bucket: "data", key: "x", shown: "x", expect: [200] }, async (answer) => Buffer.concat(await answer.body.toArray() as Buffer[]).toString());
    };
    const bySecret = read({ AZURE_CLIENT_SECRET: "s" });
    expect([await bySecret(), await bySecret(), forms.length]).toEqual(["whole", "whole", 1]);
    good = "t2";
    expect([await bySecret(), forms.length, forms[0]!.get("scope"), forms[0]!.get("client_secret")]).toEqual(["whole", 2, "https://storage.azure.com/.default", "s"]);
    writeFileSync(runs.at("federated"), "word-of-the-pod\n");
    good = "t3";
    expect([await read({ AZURE_FEDERATED_TOKEN_FILE: runs.at("federated") })(), forms.at(-1)!.get("client_assertion")]).toEqual(["whole", "word-of-the-pod"]);
    await expect(read({ AZURE_CLIENT_SECRET: "wrong" })()).rejects.toMatchObject({ code: "batch-source-denied", message: expect.stringContaining("invalid_client") as string });
    await expect(read({ AZURE_FEDERATED_TOKEN_FILE: runs.at("nowhere") })()).rejects.toMatchObject({ code: "batch-source-denied" });
  } finally {
    server.close();
  }
});

it.skipIf(fakeGcs === undefined)("Google is asked by a service account, whose token is found anew, by a user, by a machine that is named, or by nobody", async () => {
  const gcs: TestGcs = await startGcs(fakeGcs!, BUCKET);
  const other = await serve((asked, body, answer) => {
    const given = asked.headers["metadata-flavor"] === "Google" || new URLSearchParams(body).get("refresh_token") === "good" ? "token-1" : undefined;
    answer.writeHead(given === undefined ? 400 : 200).end(JSON.stringify(given === undefined ? { error: "invalid_grant" } : { access_token: given, expires_in: 3600 }));
  });
  try {
    const store = (env: Readonly<Record<string, string>>): GoogleStore => new GoogleStore(new GoogleClient(readGoogleConfig({ CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: gcs.endpoint, ...env }, runs.folder), QUICK));
    const place = { bucket: BUCKET, key: "x" };
    writeFileSync(runs.at("sa.json"), gcs.keyFile);
    const account = store({ GOOGLE_APPLICATION_CREDENTIALS: runs.at("sa.json") });
    expect([await account.put(place, Buffer.from("x")), (await account.head(place))!.bytes, gcs.tokens()]).toEqual([true, 1, 1]);
    const user = { type: "authorized_user", client_id: "c", client_secret: "s", refresh_token: "good", token_uri: `${other.url}/token` };
    writeFileSync(runs.at("user.json"), JSON.stringify(user));
    for (const env of [{ GOOGLE_APPLICATION_CREDENTIALS: runs.at("user.json") }, { GCE_METADATA_HOST: new URL(other.url).host }, { GOOGLE_OAUTH_ACCESS_TOKEN: "token-1" }]) expect((await store(env).head(place))!.bytes, JSON.stringify(env)).toBe(1);
    gcs.expire();
    expect([(await account.head(place))!.bytes, gcs.tokens()]).toEqual([1, 2]);
    await expect(store({}).head(place)).rejects.toMatchObject({ code: "batch-source-denied", hint: expect.stringContaining("GOOGLE_APPLICATION_CREDENTIALS") as string });
    for (const [name, text] of [["revoked", JSON.stringify({ ...user, refresh_token: "revoked" })], ["kind", JSON.stringify({ type: "external_account" })], ["whole", JSON.stringify({ type: "service_account" })], ["key", JSON.stringify({ ...JSON.parse(gcs.keyFile) as object, private_key: "none" })], ["json", "{"]] as const) {
      writeFileSync(runs.at(name), text);
      await expect(store({ GOOGLE_APPLICATION_CREDENTIALS: runs.at(name) }).head(place), name).rejects.toMatchObject({ code: "batch-source-denied" });
    }
    await expect(store({ GOOGLE_APPLICATION_CREDENTIALS: runs.at("nowhere.json") }).head(place)).rejects.toMatchObject({ code: "batch-source-denied" });
  } finally {
    other.close();
    await gcs.stop();
  }
}, 240_000);
