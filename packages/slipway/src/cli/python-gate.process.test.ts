// The gate and the card of a model that Python runs.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { loadModelPackage, openPython, pythonPackage } from "../runtime/index.ts";
import { createServer } from "../server/index.ts";
import { inject } from "../server/testing.ts";

const bin = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
const there = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).status === 0;
if (!there) console.warn("skipped: models in Python need python3 on the PATH");

const folder = mkdtempSync(join(tmpdir(), "slipway-python-gate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const digestOf = async (path: string): Promise<string> => openPython(path, { trust: [] }).then(() => "", (error: unknown) => (error as { data: { digest: string } }).data.digest);

interface Report { readonly passed: boolean; readonly engine: { readonly name: string }; readonly model: { readonly digest: string }; readonly results: { readonly name: string; readonly verdict: string; readonly reason: string }[] }

it.skipIf(!there)("slipway test asks a model in Python what it asks a package, and says what it cannot look at", async () => {
  const model = file("predict.py", "INPUT = 'records'\ndef predict(rows):\n  return [(r['amount'] or 0.0) * 3 + len(r['plan'] or '') for r in rows]\n");
  const check = file("check.csv", "amount,plan,value\n1.5,xx,6.5\n2,yyy,9\n3,z,10\n");
  const trust = await digestOf(model);
  const args = ["test", model, "--engine", "python", "--trust", trust, "--check", check, "--json"];
  const report = JSON.parse(execFileSync(process.execPath, [bin, ...args], { encoding: "utf8", cwd: folder, stdio: ["ignore", "pipe", "ignore"] })) as Report;
  const verdict = (name: string): string => report.results.find((r) => r.name === name)!.verdict;
  expect([report.passed, report.engine.name, report.model.digest]).toEqual([true, "python", trust]);
  expect(["parity", "served", "determinism", "engines", "browser"].map(verdict)).toEqual(["pass", "pass", "pass", "skipped", "skipped"]);

  // Another answer than the notebook's is found.
  const wrong = file("wrong.csv", "amount,plan,value\n1.5,xx,6.5\n2,yyy,8\n3,z,10\n");
  const { status, stderr } = spawnSync(process.execPath, [bin, ...args.map((a) => (a === check ? wrong : a))], { encoding: "utf8", cwd: folder });
  expect(status).not.toBe(0);
  expect(stderr).toContain("8");
});

it.skipIf(!there)("its card and its page say that Python runs it", async () => {
  const model = file("predict.py", "INPUT = 'records'\ndef predict(rows):\n  return [r['amount'] * 2 for r in rows]\n");
  const check = file("check.csv", "amount,value\n1.5,3\n2,4\n");
  const opened = await openPython(model, { trust: [await digestOf(model)], check });
  const made = await pythonPackage(opened);
  expect(made.card).toContain("Python runs it");
  expect(made.manifest.source).toMatchObject({ file: "predict.py", format: "Python, module", sha256: made.digest.slice(7) });
  const served = await loadModelPackage(opened.source);
  const app = createServer({ models: [served] });
  try {
    expect((await inject(app, "/models")).json().models).toEqual([expect.objectContaining({ name: "predict.py", engine: "python" })]);
    expect((await inject(app, "/models/predict.py?format=html")).body + (await inject(app, { url: "/", headers: { accept: "text/html" } })).body).toContain("run by Python");
  } finally {
    await app.context.models.close();
  }
});
