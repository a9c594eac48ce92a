// Environments of their own for models in Python, by the real pip and uv, out of a folder of wheels: no network.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeWheels } from "../../../../../../scripts/testing-wheels.ts";
import { loadModelPackage } from "../../index.ts";
import { openPython } from "../open-python.ts";

const works = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
const tools = { pip: works("python3", "-m", "pip", "--version") && works("python3", "-c", "import venv, ensurepip"), uv: works("uv", "--version") };
for (const [tool, there] of Object.entries(tools)) if (!there) console.warn(`SKIPPED: there is no ${tool}. ${tool === "uv" ? "pip install uv" : "apt-get install python3-pip python3-venv"}`);

const root = mkdtempSync(join(tmpdir(), "slipway-environments-"));
const before = { ...process.env };
let made = 0;

beforeAll(() => {
  const wheels = join(root, "wheels");
  mkdirSync(wheels);
  if (tools.pip || tools.uv) makeWheels(wheels, [2, 3].map((factor) => ({ name: "slipway-fixture", version: `${factor}.0.0`, files: { "slipway_fixture.py": `FACTOR = ${factor}\n` } })));
  Object.assign(process.env, { PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheels, UV_FIND_LINKS: wheels, UV_OFFLINE: "1", UV_CACHE_DIR: join(root, "uv-cache") });
});
afterAll(() => {
  for (const name of ["PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_FIND_LINKS", "UV_OFFLINE", "UV_CACHE_DIR", "SLIPWAY_CACHE"]) if (before[name] === undefined) delete process.env[name]; else process.env[name] = before[name];
  rmSync(root, { recursive: true, force: true });
});

const PREDICT = "INPUT = 'records'\nfrom slipway_fixture import FACTOR\ndef predict(rows):\n  return [r['amount'] * FACTOR for r in rows]\n";
function model(requirements: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = join(root, `model${made++}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries({ "predict.py": PREDICT, ...(requirements === "" ? {} : { "requirements.txt": requirements }), ...files })) writeFileSync(join(folder, name), text);
  return folder;
}
const checkFile = (factor: number): string => {
  const file = join(root, `check${factor}.csv`);
  writeFileSync(file, `amount,value\n1.5,${1.5 * factor}\n2,${2 * factor}\n`);
  return file;
};
async function open(path: string, environment: "pip" | "uv", factor = 2): Promise<{ readonly answers: unknown; readonly notes: readonly string[] }> {
  const digest = await openPython(path, { trust: [] }).catch((error: unknown) => (error as { data: { digest: string } }).data.digest);
  const { source, notes } = await openPython(path, { trust: [digest as string], environment, check: checkFile(factor) });
  const loaded = await loadModelPackage(source);
  try {
    return { answers: await loaded.predict([{ amount: 10.5 }]), notes };
  } finally {
    await loaded.close();
  }
}
const environments = (): string[] => {
  const folder = join(process.env["SLIPWAY_CACHE"]!, "slipway", "python");
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe.each(["pip", "uv"] as const)("an environment made by %s", (tool) => {
  // Two that have the same in them are one.
  beforeAll(() => void (process.env["SLIPWAY_CACHE"] = join(root, tool)));
  // Interpreters are started a dozen times, which a busy machine takes its time for.
  const test = (name: string, run: () => Promise<void>): void => it.skipIf(!tools[tool])(name, run, 600_000);

  test("has what requirements.txt says, is locked with hashes beside the model, made once, and used again without either", async () => {
    const path = model("slipway-fixture<3; python_version > '3'  # not the newest\n");
    const count = environments().length;
    const first = await open(path, tool);
    expect(first.answers).toEqual([{ value: 21 }]);
    expect(first.notes[0]).toMatch(new RegExp(`locked from requirements.txt: .*, made now with ${tool}`));
    const lock = readFileSync(`${path}.lock`, "utf8");
    expect(lock).toMatch(/^# (pip|uv), Python 3\.\d+\.\d+, .*\nslipway-fixture==2\.0\.0 --hash=sha256:[0-9a-f]{64}\n$/);
    rmSync(join(path, "requirements.txt"));
    const again = await open(path, tool);
    expect(again.notes[0]).toContain("made before");
    expect(environments().length - count).toBeLessThanOrEqual(1);
  });

  test("is not made of a file that is not the one which was locked", async () => {
    const path = model("");
    writeFileSync(`${path}.lock`, `slipway-fixture==3.0.0 --hash=sha256:${"0".repeat(64)}\n`);
    const count = environments().length;
    await expect(open(path, tool, 3)).rejects.toMatchObject({ code: "python-environment" });
    expect(environments().length).toBe(count);
  });

  test("is refused where nothing fits, or nothing says what is in it", async () => {
    await expect(open(model("slipway-fixture==9.9.9\n"), tool)).rejects.toMatchObject({ code: "python-environment", message: expect.stringContaining("slipway-fixture") });
    const empty = model("# nothing yet\n");
    await expect(open(empty, tool)).rejects.toMatchObject({ code: "python-environment", message: expect.stringContaining("names no package") });
    expect(existsSync(`${empty}.lock`)).toBe(false);
    await expect(open(model(""), tool)).rejects.toMatchObject({ code: "python-environment", message: expect.stringContaining("nothing says") });
    await expect(open(model("", { "requirements.lock": "slipway-fixture==2.0.0\n" }), tool)).rejects.toMatchObject({ message: expect.stringContaining("no hashes") });
    for (const line of ["--index-url http://127.0.0.1/", "slipway-fixture @ file:///tmp/x", "-e .", "../x.whl", "git+https://127.0.0.1/x", "slipway-fixture; python_version > '3' --index-url http://127.0.0.1/", `slipway-fixture==2.0.0${" ".repeat(500_000)}x`]) {
      await expect(open(model(`${line}\n`), tool), line).rejects.toMatchObject({ message: expect.stringContaining("no requirement that is taken") });
    }
  });
});
