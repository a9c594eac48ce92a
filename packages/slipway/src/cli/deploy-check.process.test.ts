// Platforms played against images: one that fits, one that does not, and what is no image.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-deploy-check-"));
const env = { ...process.env, SLIPWAY_CACHE: join(tmpdir(), "slipway-test-cache") };
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

function slipway(...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "packages", "slipway", "bin", "slipway.mjs"), ...args], { cwd: folder, env, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}
function check(target: string, what: string, ...more: string[]): { readonly status: number | null; readonly ok: boolean; readonly failed: readonly string[] } {
  const { status, out, err } = slipway("deploy", what, "--check", target, "--json", ...more);
  expect(err).toBe("");
  const told = JSON.parse(out) as { ok: boolean; findings: { check: string; found: string; ok: boolean | null }[] };
  return { status, ok: told.ok, failed: told.findings.filter((f) => f.ok === false).map((f) => `${f.check}: ${f.found}`) };
}

beforeAll(() => {
  expect(slipway("pack", join(root, "examples", "churn", "churn.joblib"), "--name", "churn", "-o", "churn.slip").status).toBe(0);
}, 120_000);

it("finds that the image does what SageMaker asks, port, times, payload and stopping", () => {
  expect(slipway("image", "churn.slip", "-t", "churn:1", "-o", "churn.tar", "--base", "host", "--docker-archive").status).toBe(0);
  expect(check("sagemaker", "churn.tar")).toEqual({ status: 0, ok: true, failed: [] });
});
it("makes an image of a package, and plays Lambda", () => {
  expect(check("lambda", "churn.slip")).toEqual({ status: 0, ok: true, failed: [] });
});
it("says what is not so, and exits 1", () => {
  expect(check("knative", "churn.slip", "--env", "SLIPWAY_ADMIN_PORT=9090")).toMatchObject({ status: 1, ok: false, failed: expect.arrayContaining(["reserved names: SLIPWAY_ADMIN_PORT=9090"]) });
  expect(check("vertex", "churn.slip", "--env", "SLIPWAY_KEYS=/nowhere/keys.json")).toMatchObject({ status: 1, failed: [expect.stringContaining("there is no file /nowhere/keys.json")] });
});
it("refuses what it cannot check, by name", () => {
  writeFileSync(join(folder, "text.tar"), "no archive");
  expect(slipway("deploy", "churn.slip", "--check", "heroku").err).toContain("[deploy-target]");
  expect(slipway("deploy", "text.tar", "--check", "vertex").err).toContain("[deploy-image]");
  expect(slipway("deploy", "nowhere.slip", "--check", "vertex").err).toContain("[file-not-found]");
  expect(slipway("deploy", "churn.slip").err).toContain("[missing-argument]");
});
