// Objects in a real S3 (MinIO) as input and as output.

import { readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startMinio, type TestMinio } from "../../../../scripts/testing-minio.ts";
import { goTool } from "../../../../scripts/testing-tools.ts";
import { openDuckDB, sqlText } from "./input/duckdb.ts";
import { bucketObjects } from "./remote/bucket-objects.ts";
import type { RemoteObject } from "./remote/remote-object.ts";
import { S3Client } from "./remote/s3/s3-client.ts";
import { readS3Config } from "./remote/s3/s3-config.ts";
import { parseS3, S3Store } from "./remote/s3/s3-store.ts";
import { placeOutput } from "./run/output-place.ts";
import { expectedCsv, loanCsv, loanPackage, loanRows, TestRuns } from "./testing-run.ts";

const program = goTool("minio");
const BUCKET = "tables";
let runs: TestRuns;
let minio: TestMinio;
let client: S3Client;
const s3Objects = (of: S3Client, address: string, page?: number): Promise<RemoteObject[]> => bucketObjects(new S3Store(of), parseS3(address), () => true, page);
const put = (key: string, body: string | Uint8Array): Promise<void> => client.send({ method: "PUT", bucket: BUCKET, key, body: Buffer.from(body as string), expect: [200] }, (answer) => void answer.body.resume());

beforeAll(async () => {
  runs = new TestRuns(await loanPackage());
  if (program === undefined) return;
  minio = await startMinio(program, BUCKET);
  for (const [name, value] of [["AWS_ENDPOINT_URL_S3", minio.endpoint], ["AWS_ACCESS_KEY_ID", minio.user], ["AWS_SECRET_ACCESS_KEY", minio.password], ["AWS_REGION", "us-east-1"]] as const) vi.stubEnv(name, value);
  client = new S3Client();
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await minio?.stop();
  runs.remove();
});

describe.skipIf(program === undefined)("S3", () => {
  const rows = loanRows(3000);
  it("gives objects by key, by pattern and by prefix, with names of any kind", async () => {
    await put("in/a b+c&ä.csv", loanCsv(rows.slice(0, 1000)));
    await put("in/b.csv.gz", gzipSync(loanCsv(rows.slice(1000))));
    await put("in/_left-out.csv", "x\n");
    await put("in/deep/c.txt", "not a table");
    for (const input of ["s3://tables/in/", "s3://tables/in/*[b-c]*.{csv,csv.gz}"]) {
      expect(await runs.run(input, "out.csv", { overwrite: true }), input).toMatchObject({ rows: 3000, bad: 0 });
      expect(runs.text("out.csv")).toBe(expectedCsv(rows));
    }
    expect(await runs.run("s3://tables/in/a b+c&ä.csv", "one.csv")).toMatchObject({ rows: 1000 });
  });
  it("gives Parquet, by a copy beside the parts, and more objects than a page of a listing has", async () => {
    const duck = await openDuckDB({ threads: 1, memoryMb: 128, temporary: runs.at("tmp") });
    writeFileSync(runs.at("in.csv"), loanCsv(rows));
    await duck.run(`COPY (SELECT * FROM read_csv(${sqlText(runs.at("in.csv"))})) TO ${sqlText(runs.at("in.parquet"))} (FORMAT parquet)`);
    duck.closeSync();
    const { readFileSync } = await import("node:fs");
    await put("tables/in.parquet", readFileSync(runs.at("in.parquet")));
    expect(await runs.run("s3://tables/tables/*.parquet", "parquet.csv")).toMatchObject({ rows: 3000 });
    expect(runs.text("parquet.csv")).toBe(expectedCsv(rows));
    for (let i = 0; i < 25; i++) await put(`many/${String(i).padStart(2, "0")}.csv`, `id,age,plan,member,note\n${i},30,pro,0,\n`);
    expect((await s3Objects(client, "s3://tables/many/", 10)).map((o) => o.shown.slice(-6, -4)).join("")).toBe(Array.from({ length: 25 }, (_, i) => String(i).padStart(2, "0")).join(""));
    expect(await runs.run("s3://tables/many/", "many.csv")).toMatchObject({ rows: 25 });
  }, 60_000);
  it("is refused where the object is gone, was changed, or the credentials are wrong; no secret is told", async () => {
    await expect(runs.run("s3://tables/nowhere.csv", "no.csv")).rejects.toMatchObject({ code: "batch-input-missing" });
    await expect(runs.run("s3://nobody/x.csv", "no.csv")).rejects.toMatchObject({ code: "batch-input-missing" });
    await put("bad.csv", loanCsv(rows.map((r) => ({ ...r, plan: "gold" }))));
    await expect(runs.run("s3://tables/bad.csv", "bad.csv")).rejects.toMatchObject({ code: "batch-errors" });
    await put("bad.csv", loanCsv(rows.map((r) => ({ ...r, plan: "iron" }))));
    await expect(runs.run("s3://tables/bad.csv", "bad.csv", { resume: true })).rejects.toMatchObject({ code: "batch-run-other" });
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "another-secret");
    const denied: unknown = await runs.run("s3://tables/bad.csv", "denied.csv").catch((error: unknown) => error);
    expect(denied).toMatchObject({ code: "batch-source-denied" });
    expect(JSON.stringify(denied)).not.toMatch(/another-secret|tester|Signature/);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", minio.password);
  });
});

it.skipIf(program === undefined)("a role is taken on from a real token service, which checks who asks, and what it gave asks S3", async () => {
  const profile = (secret: string): S3Client => {
    writeFileSync(runs.at("role"), `[default]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = default\naws_access_key_id = ${minio.user}\naws_secret_access_key = ${secret}\n`);
    return new S3Client(undefined, readS3Config({ AWS_CONFIG_FILE: runs.at("role"), AWS_SHARED_CREDENTIALS_FILE: runs.at("none"), AWS_ENDPOINT_URL: minio.endpoint }));
  };
  await put("by-role.csv", loanCsv(loanRows(3)));
  expect((await s3Objects(profile(minio.password), "s3://tables/by-role.csv"))[0]!.bytes).toBe(Buffer.byteLength(loanCsv(loanRows(3))));
  await expect(s3Objects(profile("wrong"), "s3://tables/by-role.csv")).rejects.toMatchObject({ code: "batch-source-denied", message: expect.stringContaining("does not give the role") as string });
});

describe.skipIf(program === undefined)("S3 as output", () => {
  const get = (key: string): Promise<string> => client.send({ method: "GET", bucket: BUCKET, key, expect: [200] }, async (answer) => Buffer.concat(await answer.body.toArray() as Buffer[]).toString());
  const keys = async (prefix: string): Promise<string[]> => (await s3Objects(client, `s3://${BUCKET}/${prefix}*`)).map((o) => o.shown.slice(`s3://${BUCKET}/`.length));
  const left = (): string[] => readdirSync(runs.at(".slipway/batch")).filter((n) => !/\.(?:run\.json|errors\.jsonl)$/.test(n));
  const rows = loanRows(3000);
  beforeAll(() => process.chdir(runs.folder));
  afterAll(() => process.chdir(import.meta.dirname));

  it("is one object, with its record and its dead letters beside it, that is not overwritten unasked", async () => {
    writeFileSync(runs.at("some.csv"), `${loanCsv(rows)}9,old,pro,1,\n`);
    const out = "s3://tables/out/scores.csv";
    expect(await runs.run(runs.at("some.csv"), out)).toMatchObject({ rows: 3001, bad: 1, output: out });
    expect(await get("out/scores.csv")).toBe(expectedCsv(rows));
    expect(await get("out/scores.csv.errors.jsonl")).toContain('"row":3001');
    expect(await keys("out/")).toEqual(["out/scores.csv", "out/scores.csv.errors.jsonl", "out/scores.csv.run.json"]);
    expect(left()).toEqual([]);
    await expect(runs.run(runs.at("some.csv"), out)).rejects.toMatchObject({ code: "batch-output-exists" });
    expect(await runs.run(runs.at("some.csv"), out, { resume: true })).toMatchObject({ rows: 3001, resumed: 3001, output: out });
    expect(await runs.run(runs.at("some.csv"), out, { overwrite: true, limit: 10 })).toMatchObject({ rows: 10 });
    expect(await get("out/scores.csv")).toBe(expectedCsv(rows.slice(0, 10)));
  });
  it("is a large object in parts, and several objects with a mark", async () => {
    const many = loanRows(200_000);
    writeFileSync(runs.at("many.csv"), loanCsv(many));
    await runs.run(runs.at("many.csv"), "s3://tables/large.csv", { keep: ["id", "plan", "note"], ids: true });
    expect((await get("large.csv")).split("\n")).toHaveLength(200_002);
    await runs.run(runs.at("many.csv"), "s3://tables/folder/");
    const parts = (await keys("folder/part-")).length;
    expect(parts).toBeGreaterThan(3);
    expect(await keys("folder/_")).toEqual(["folder/_SUCCESS", "folder/_run.json"]);
    await runs.run(runs.at("some.csv"), "s3://tables/folder/", { overwrite: true });
    expect(await keys("folder/part-")).toEqual(["folder/part-000000.csv"]);
  }, 60_000);
  it("has nothing where it is refused; the same command goes on", async () => {
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wrong");
    await expect(runs.run(runs.at("some.csv"), "s3://tables/later.csv")).rejects.toMatchObject({ code: "batch-source-denied" });
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", minio.password);
    await expect(runs.run(runs.at("some.csv"), "s3://nobody/later.csv")).rejects.toMatchObject({ code: "batch-input-missing" });
    expect(await runs.run(runs.at("some.csv"), "s3://tables/later.csv", { resume: true })).toMatchObject({ rows: 3001 });
    expect(() => placeOutput("https://example.org/x.csv")).toThrow(expect.objectContaining({ code: "batch-source-address" }));
  });
});

describe("the settings of S3", () => {
  it("come from variables, then from a profile's files", async () => {
    writeFileSync(runs.at("credentials"), "[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key = s1\n\n[work]\naws_access_key_id=AKWORK\naws_secret_access_key = s=2\naws_session_token = t\n");
    writeFileSync(runs.at("config"), "# of tests\n[profile work]\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:9000/base\ns3 =\n  addressing_style = virtual\n");
    const files = { AWS_SHARED_CREDENTIALS_FILE: runs.at("credentials"), AWS_CONFIG_FILE: runs.at("config") };
    const settings = async (env: Readonly<Record<string, string>>): Promise<object> => {
      const { credentials, ...config } = readS3Config({ ...files, AWS_EC2_METADATA_DISABLED: "true", ...env });
      return { ...config, credentials: await credentials.get() };
    };
    expect(await settings({})).toMatchObject({ credentials: { accessKeyId: "AKDEFAULT", secretAccessKey: "s1" }, region: "us-east-1", endpoint: undefined, pathStyle: false });
    expect(await settings({ AWS_PROFILE: "work" })).toMatchObject({ credentials: { accessKeyId: "AKWORK", secretAccessKey: "s=2", sessionToken: "t" }, region: "eu-central-1", pathStyle: false, endpoint: new URL("http://127.0.0.1:9000/base") });
    expect(await settings({ AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "B", AWS_ENDPOINT_URL: "https://s3.example" })).toMatchObject({ credentials: { accessKeyId: "A" }, pathStyle: true });
    expect(() => readS3Config({ ...files, AWS_PROFILE: "nobody" })).toThrow(expect.objectContaining({ code: "batch-source-denied" }));
  });
});
