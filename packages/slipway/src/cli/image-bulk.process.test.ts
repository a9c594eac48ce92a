// Bulk runs inside an image: with DuckDB in a layer of its own Parquet and SQL work as here, and its `worker` shares a run over a
// real Postgres. Run by runc, with a read-only root.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres } from "../../../../scripts/testing-postgres.ts";
import { openDuckDB, readRows, sqlText } from "../batch/input/duckdb.ts";
import { openImage, runc, startContainer, type OpenedImage } from "../deploy/index.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const folder = mkdtempSync(join(tmpdir(), "slipway-bulk-image-"));
/** Both the containers' user and this one write there. */
const data = join(folder, "data");
const at = (name: string): string => join(data, name);
const env = { ...process.env, SLIPWAY_CACHE: join(tmpdir(), "slipway-test-cache") };
const churn = join(root, "examples", "churn");
const real = hasPostgres();
const hint = runc === undefined ? " (runc, as root: apt-get install runc)" : "";

function slipway(args: readonly string[], more: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, env: { ...env, ...more }, encoding: "utf8" });
  expect([status, status === 0 ? "" : stderr]).toEqual([0, ""]);
  return stdout;
}
const layers = (...more: string[]): Map<string, string> => {
  const { platforms } = JSON.parse(slipway(["image", "churn.slip", "--base", "host", "-o", `layout${more.length}`, "--json", ...more])) as { platforms: [{ layers: { comment: string; digest: string }[] }] };
  return new Map(platforms[0].layers.map(({ comment, digest }) => [comment.split(" ", 1)[0]!, digest]));
};

let runs = 0;
async function inside(image: OpenedImage, args: readonly string[], variables: readonly string[] = []): Promise<{ readonly code: number; readonly output: string }> {
  const container = startContainer({ rootfs: image.rootfs, work: join(image.work, `run-${++runs}`), args: [...image.facts.entrypoint, ...args], env: [...image.facts.env, ...variables], user: image.facts.user, readOnly: true, folders: [data] });
  await container.closed;
  return { code: await container.exited, output: container.output() };
}
async function opened(layout: string): Promise<OpenedImage> {
  const image = await openImage(`oci-layout:${join(folder, layout)}`);
  for (const path of ["proc", "dev", "tmp", data.slice(1)]) mkdirSync(join(image.rootfs, path), { recursive: true });
  return image;
}
async function rowsOf(file: string): Promise<readonly (readonly unknown[])[]> {
  const connection = await openDuckDB({ threads: 1, memoryMb: 256, temporary: folder });
  const rows = await readRows(connection, `SELECT * FROM read_parquet(${sqlText(file)})`, file);
  connection.closeSync();
  return rows;
}

beforeAll(async () => {
  mkdirSync(data);
  chmodSync(data, 0o777);
  slipway(["pack", join(churn, "churn.joblib"), "--name", "churn", "-o", "churn.slip"]);
  copyFileSync(join(churn, "new-customers.csv"), at("in.csv"));
  const connection = await openDuckDB({ threads: 1, memoryMb: 256, temporary: folder });
  await connection.run(`COPY (SELECT * FROM read_csv(${sqlText(at("in.csv"))})) TO ${sqlText(at("in.parquet"))} (FORMAT parquet)`);
  connection.closeSync();
  execFileSync("chmod", ["-R", "a+r", data]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("an image with DuckDB", () => {
  it("has one layer more, and the others as they are", () => {
    const [without, withIt] = [layers(), layers("--with", "duckdb")];
    expect([...withIt.keys()].filter((name) => !without.has(name))).toEqual(["DuckDB"]);
    for (const [name, digest] of without) expect([name, withIt.get(name)]).toEqual([name, digest]);
    expect(spawnSync(process.execPath, [bin, "image", "churn.slip", "-o", "none", "--with", "curl"], { cwd: folder, env, encoding: "utf8" }).stderr).toContain("[bad-argument]");
  });
  it.skipIf(runc === undefined)(`scores Parquet and what SQL asks as it is scored here, and one without it says what to do${hint}`, async () => {
    const image = await opened("layout2");
    try {
      expect(await inside(image, ["batch", "/models/churn.slip", "--in", at("in.parquet"), "--out", at("there.parquet")])).toMatchObject({ code: 0 });
      slipway(["batch", "churn.slip", "--in", at("in.parquet"), "--out", at("here.parquet")]);
      const there = await rowsOf(at("there.parquet"));
      expect(there.length).toBe(5);
      expect(there).toEqual(await rowsOf(at("here.parquet")));
      const asked = ["--in", at("in.parquet"), "--query", "SELECT * FROM input WHERE tenure_months > 10"];
      expect(await inside(image, ["batch", "/models/churn.slip", ...asked, "--out", at("asked-there.csv")])).toMatchObject({ code: 0 });
      slipway(["batch", "churn.slip", ...asked, "--out", at("asked-here.csv")]);
      expect(readFileSync(at("asked-there.csv"), "utf8")).toBe(readFileSync(at("asked-here.csv"), "utf8"));
    } finally {
      await image.close();
    }
    const small = await opened("layout0");
    try {
      expect(await inside(small, ["batch", "/models/churn.slip", "--in", at("in.parquet"), "--out", at("small.parquet")])).toMatchObject({ code: 0 });
      const { code, output } = await inside(small, ["batch", "/models/churn.slip", "--in", at("in.parquet"), "--query", "SELECT * FROM input", "--out", at("never.parquet")]);
      expect([code, output]).toEqual([3, expect.stringMatching(/\[batch-duckdb\][^]*slipway image --with duckdb/)]);
    } finally {
      await small.close();
    }
  });
  it.skipIf(runc === undefined || !real)(`is a worker of a run over Postgres${hint}`, async () => {
    const postgres = await startPostgres();
    const image = await opened("layout2");
    try {
      const url = postgres.create("bulk");
      slipway(["batch", "churn.slip", "--in", at("in.csv"), "--out", at("shared.csv"), "--on", "postgres", "--detach"], { SLIPWAY_DATABASE_URL: url });
      execFileSync("chmod", ["-R", "a+rwX", data]);
      const { code, output } = await inside(image, ["worker", "--until-done", "--threads", "1"], [`SLIPWAY_DATABASE_URL=${url}`]);
      expect([code, output]).toEqual([0, expect.stringMatching(/part/)]);
      slipway(["batch", "churn.slip", "--in", at("in.csv"), "--out", at("alone.csv")]);
      expect(readFileSync(at("shared.csv"), "utf8")).toBe(readFileSync(at("alone.csv"), "utf8"));
    } finally {
      await image.close();
      await postgres.stop();
    }
  });
});
