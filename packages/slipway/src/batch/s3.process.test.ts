// Objects in a real S3 (MinIO) as input.

import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startMinio, type TestMinio } from "../../../../scripts/testing-minio.ts";
import { goTool } from "../../../../scripts/testing-tools.ts";
import { openDuckDB, sqlText } from "./input/duckdb.ts";
import { S3Client } from "./remote/s3-client.ts";
import { readS3Config } from "./remote/s3-config.ts";
import { expectedCsv, loanCsv, loanPackage, loanRows, TestRuns } from "./testing-run.ts";

const program = goTool("minio");
const BUCKET = "tables";
let runs: TestRuns;
let minio: TestMinio;
let client: S3Client;
const put = (key: string, body: string | Uint8Array): Promise<void> => client.send({ method: "PUT", bucket: BUCKET, key, body: Buffer.from(body as string), expect: [200] }, (answer) => void answer.body.resume());

beforeAll(async () => {
  runs = new TestRuns(await loanPackage());
  if (program === undefined) return;
  minio = await startMinio(program, BUCKET);
  for (const [name, value] of [["AWS_ENDPOINT_URL_S3", minio.endpoint], ["AWS_ACCESS_KEY_ID", minio.user], ["AWS_SECRET_ACCESS_KEY", minio.password], ["AWS_REGION", "us-east-1"]] as const) vi.stubEnv(name, value);
  client = new S3Client();
});
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
    for (let i = 0; i < 1100; i += 50) await Promise.all(Array.from({ length: 50 }, (_, k) => put(`many/${String(i + k).padStart(5, "0")}.csv`, `id,age,plan,member,note\n${i + k},30,pro,0,\n`)));
    expect(await runs.run("s3://tables/many/", "many.csv")).toMatchObject({ rows: 1100 });
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

describe("the settings of S3", () => {
  it("come from variables, then from a profile's files", () => {
    writeFileSync(runs.at("credentials"), "[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key = s1\n\n[work]\naws_access_key_id=AKWORK\naws_secret_access_key = s=2\naws_session_token = t\n");
    writeFileSync(runs.at("config"), "# of tests\n[profile work]\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:9000/base\ns3 =\n  addressing_style = virtual\n");
    const files = { AWS_SHARED_CREDENTIALS_FILE: runs.at("credentials"), AWS_CONFIG_FILE: runs.at("config") };
    expect(readS3Config(files)).toMatchObject({ credentials: { accessKeyId: "AKDEFAULT", secretAccessKey: "s1" }, region: "us-east-1", endpoint: undefined, pathStyle: false });
    expect(readS3Config({ ...files, AWS_PROFILE: "work" })).toMatchObject({ credentials: { accessKeyId: "AKWORK", secretAccessKey: "s=2", sessionToken: "t" }, region: "eu-central-1", pathStyle: false, endpoint: new URL("http://127.0.0.1:9000/base") });
    expect(readS3Config({ ...files, AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "B", AWS_ENDPOINT_URL: "https://s3.example" })).toMatchObject({ credentials: { accessKeyId: "A" }, pathStyle: true });
    expect(() => readS3Config({ ...files, AWS_PROFILE: "nobody" })).toThrow(expect.objectContaining({ code: "batch-source-denied" }));
  });
});
