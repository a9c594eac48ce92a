// `slipway test` as a CI meets it: exit codes, the files it writes, and what it refuses.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const examples = join(root, "examples", "churn");
const check = readFileSync(join(examples, "check.csv"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "slipway-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function slipway(...args: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}
beforeAll(() => {
  expect(slipway("pack", join(examples, "churn.joblib"), "--check", join(examples, "check.csv"), "-o", "churn.slip").code).toBe(0);
});

describe("slipway test", () => {
  it("exits 0 for a good package and writes the page and JUnit", () => {
    const done = slipway("test", "churn.slip", "--data", join(examples, "check.csv"), "--target", "label", "--report", "r.html", "--junit", "j.xml");
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining("passed: ") });
    expect(readFileSync(join(folder, "r.html"), "utf8")).toContain("The gate is passed");
    expect(readFileSync(join(folder, "j.xml"), "utf8")).toContain('failures="0"');
  });
  it("exits 1 for a saved model that does not predict what the check file says, and names the rows", () => {
    writeFileSync(join(folder, "wrong.csv"), check.replace(/,stays,/, ",leaves,"));
    const done = slipway("test", join(examples, "churn.joblib"), "--check", "wrong.csv", "--json");
    expect(done.code).toBe(1);
    const report = JSON.parse(done.out) as { passed: boolean; results: { name: string; verdict: string; tables?: { rows: unknown[][] }[] }[] };
    expect(report.passed).toBe(false);
    const parity = report.results.find((r) => r.name === "parity")!;
    expect(parity).toMatchObject({ verdict: "fail", tables: [{ rows: [[1, "label", null, "leaves", "stays", null]] }] });
  });
  it("takes its bars from the configuration, and exits 1 where one is missed", () => {
    writeFileSync(join(folder, "bars.yaml"), "port: 9000\ngate:\n  skip: [schema-fuzz]\n  budgets: {packageSize: 1kB}\n");
    const done = slipway("test", "churn.slip", "--config", "bars.yaml");
    expect(done).toMatchObject({ code: 1, out: expect.stringMatching(/packageSize is \d+ KB, the bar is 1 KB/) });
    writeFileSync(join(folder, "wrong.yaml"), "gate:\n  budget: {p99Ms: 1}\n");
    expect(slipway("test", "churn.slip", "--config", "wrong.yaml")).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean budgets?") });
  });
  it("exits 2 for wrong use, and writes nothing", () => {
    expect(slipway("test", "churn.slip", "--data", "x.csv")).toMatchObject({ code: 2, err: expect.stringContaining("--target") });
    expect(slipway("test", "churn.slip", "--slice", "contract")).toMatchObject({ code: 2, err: expect.stringContaining("--slice needs labelled rows") });
    expect(slipway("test", "churn.slip", "--data", join(examples, "check.csv"), "--target", "lable", "--report", "none.html")).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean label?") });
    expect(existsSync(join(folder, "none.html"))).toBe(false);
  });
});
