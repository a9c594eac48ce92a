// Models that only Python can run, in a real interpreter with nothing but its standard library.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { loadModelPackage, type Model, type PythonOptions } from "../index.ts";
import { openPython } from "./open-python.ts";

const there = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).status === 0;
const test = it.skipIf(!there);
if (!there) console.warn("skipped: models in Python need python3 on the PATH");

const root = mkdtempSync(join(tmpdir(), "slipway-test-"));
const models: Model[] = [];
afterEach(async () => {
  await Promise.all(models.splice(0).map((m) => m.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

let made = 0;
function folder(files: Readonly<Record<string, string>>): string {
  const path = join(root, `m${made++}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}
/** Digests are computed by the code under test: one that is not trusted is told. */
async function digestOf(path: string): Promise<string> {
  const error = await openPython(path, { trust: [] }).catch((e: unknown) => e as { code: string; data: { digest: string } });
  expect(error).toMatchObject({ code: "python-untrusted" });
  return (error as { data: { digest: string } }).data.digest;
}
async function open(path: string, options: Partial<PythonOptions> = {}): Promise<{ readonly model: Model; readonly notes: readonly string[] }> {
  const { source, notes } = await openPython(path, { trust: [await digestOf(path)], ...options });
  const model = await loadModelPackage(source);
  models.push(model);
  return { model, notes };
}
const CHECK = "amount,plan,value\n1.5,xx,6.5\n2,yyy,9\n3,z,10\n";
const withCheck = (files: Readonly<Record<string, string>>): [string, { check: string }] => [folder(files), { check: join(folder({ "check.csv": CHECK }), "check.csv") }];
const SUM = "[r['amount'] * 3 + len(r['plan'] or '') for r in rows]";
const rowsOf = "INPUT = 'records'\n";

describe("forms of a model in Python", () => {
  const forms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "a predict.py with predict(rows)": { "predict.py": `${rowsOf}def predict(rows):\n  return ${SUM}\n` },
    "load() and predict(model, rows)": { "predict.py": `${rowsOf}def load():\n  return 3\ndef predict(model, rows):\n  return [r['amount'] * model + len(r['plan'] or '') for r in rows]\n` },
    "Truss: a class Model in model/model.py": { "model/model.py": `class Model:\n  def __init__(self, **kwargs):\n    self.data = kwargs['data_dir']\n  def load(self):\n    self.k = 3\n  def predict(self, rows):\n    return {'predictions': ${SUM}}\n` },
    "Cog: a class Predictor": { "predict.py": "from cog import BasePredictor, Input\nclass Predictor(BasePredictor):\n  def setup(self):\n    self.k = 3\n  def predict(self, amount: float = Input(default=1.0), plan: str = Input(default='')) -> float:\n    return amount * self.k + len(plan)\n" },
    "SageMaker: model_fn and predict_fn": { "code/inference.py": `INPUT = 'records'\ndef model_fn(model_dir):\n  return open(model_dir + '/k.txt').read()\ndef predict_fn(rows, model):\n  return [r['amount'] * float(model) + len(r['plan'] or '') for r in rows]\n`, "k.txt": "3" },
  };
  for (const [name, files] of Object.entries(forms)) {
    test(name, async () => {
      const { model } = await open(...withCheck(files));
      expect(await model.predict([{ amount: 2, plan: "ab" }, { amount: 0.5, plan: "" }])).toEqual([{ value: 8 }, { value: 1.5 }]);
      expect(model.engine.name).toBe("python");
      expect(model.signature.columns.map((c) => [c.name, c.type])).toEqual([["amount", "double"], ["plan", "string"]]);
    });
  }
  test("a pickle of a class beside it, and its methods by the names of the compiler's outputs", async () => {
    const path = folder({ "mine.py": "class Mine:\n  classes_ = ['no', 'yes']\n  n_features_in_ = 2\n  def predict(self, x):\n    return ['yes' if a > b else 'no' for a, b in self.rows(x)]\n  def predict_proba(self, x):\n    return [[1 - a, a] for a, b in self.rows(x)]\n  def rows(self, x):\n    return x.tolist() if hasattr(x, 'tolist') else [tuple(r.values()) for r in x]\n" });
    expect(spawnSync("python3", ["-B", "-c", "import pickle, mine; pickle.dump(mine.Mine(), open('m.pkl', 'wb'))"], { cwd: path }).status).toBe(0);
    const { model } = await open(path);
    expect(model.signature.layout).toBe("matrix");
    expect(await model.predict([[0.75, 0.5], [0.25, 0.5]])).toEqual([{ label: "yes", probabilities: { no: 0.25, yes: 0.75 } }, { label: "no", probabilities: { no: 0.75, yes: 0.25 } }]);
  });
  test("several outputs of each row, whole numbers, truth values and texts", async () => {
    const { model } = await open(...withCheck({ "predict.py": `${rowsOf}def predict(rows):\n  return [{'n': len(r['plan']), 'big': r['amount'] > 1, 'why': ['x', 1], 'value': r['amount'] * 3 + len(r['plan'])} for r in rows]\n` }));
    expect(await model.predict([{ amount: 1, plan: "ab" }])).toEqual([{ n: 2, big: false, why: '["x", 1]', value: 5 }]);
  });
});

describe("a model in Python", () => {
  test("runs only when exactly its content is trusted", async () => {
    const path = folder({ "predict.py": `${rowsOf}def predict(rows):\n  return [1.0 for r in rows]\n` });
    const digest = await digestOf(path);
    writeFileSync(join(path, "predict.py"), `${rowsOf}def predict(rows):\n  return [2.0 for r in rows]\n`);
    // Copies are made in a folder of this test's own.
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = folder({ "empty/here": "" });
    try {
      await expect(openPython(path, { trust: [digest] })).rejects.toMatchObject({ code: "python-untrusted" });
      expect(readdirSync(tmpdir())).toEqual(["empty"]);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  });
  test("that does not predict what its check file says is refused", async () => {
    const [path, options] = withCheck({ "predict.py": `${rowsOf}def predict(rows):\n  return [0.0 for r in rows]\n` });
    await expect(open(path, options)).rejects.toMatchObject({ code: "check-differs" });
  });
  test("tells the rows that its code raises for, and answers the others", async () => {
    const { model } = await open(...withCheck({ "predict.py": `${rowsOf}def predict(rows):\n  if any(r['amount'] < 0 for r in rows):\n    raise ValueError('negative')\n  return ${SUM}\n` }));
    const rows = Array.from({ length: 50 }, (_, i) => ({ amount: i % 7 === 3 ? -1 : i, plan: "a" }));
    const answers = await model.predict(rows, { onInvalid: "rows" });
    answers.forEach((a, i) => expect(a).toEqual(i % 7 === 3 ? { error: expect.anything() as unknown } : { value: i * 3 + 1 }));
    await expect(model.predict([{ amount: -1, plan: "a" }])).rejects.toMatchObject({ code: "python-failed", message: "ValueError: negative" });
  });
  test("whose answers depend on the other rows shares no call", async () => {
    const { model, notes } = await open(folder({ "predict.py": `${rowsOf}def predict(rows):\n  most = max(r['amount'] for r in rows)\n  return [r['amount'] / most for r in rows]\n` }), { check: join(folder({ "check.csv": "amount\n1\n2\n4\n" }), "check.csv") });
    expect(notes.join()).toContain("depends on the rows beside it");
    expect(await Promise.all([model.predict([{ amount: 2 }]), model.predict([{ amount: 4 }])])).toEqual([[{ value: 1 }], [{ value: 1 }]]);
  });
  test("that ends or hangs loses only what it computed, and is back", async () => {
    const { model } = await open(...withCheck({ "predict.py": `import os, time\n${rowsOf}def predict(rows):\n  if rows[0]['plan'] == 'end':\n    os._exit(3)\n  if rows[0]['plan'] == 'hang':\n    time.sleep(600)\n  return ${SUM}\n` }));
    await expect(model.predict([{ amount: 1, plan: "end" }])).rejects.toMatchObject({ code: "worker-lost", message: expect.stringContaining("ended with 3") as string });
    expect(await model.predict([{ amount: 1, plan: "a" }])).toEqual([{ value: 4 }]);
    const [path, options] = withCheck({ "predict.py": `import time\n${rowsOf}def predict(rows):\n  if rows[0]['plan'] == 'hang':\n    time.sleep(600)\n  return ${SUM}\n` });
    const hanging = await open(path, { ...options, timeoutMs: 400 });
    await expect(hanging.model.predict([{ amount: 1, plan: "hang" }])).rejects.toMatchObject({ code: "worker-lost", message: expect.stringContaining("longer than 0.4 s") as string });
    expect(await hanging.model.predict([{ amount: 1, plan: "a" }])).toEqual([{ value: 4 }]);
  });
  test("sees nothing of the server's environment, and is kept from network and files as it was told", async () => {
    process.env["SLIPWAY_SECRET_OF_TEST"] = "secret";
    const outside = join(root, "outside.txt");
    const code = `import os, socket\n${rowsOf}def tried(f):\n  try:\n    f()\n    return 'done'\n  except OSError as e:\n    return 'refused'\ndef predict(rows):\n  return [{'secret': str(os.environ.get('SLIPWAY_SECRET_OF_TEST')), 'net': tried(lambda: socket.create_connection(('127.0.0.1', 1), 1)), 'file': tried(lambda: open(${JSON.stringify(outside)}, 'w')), 'own': tried(lambda: open(os.environ['TMPDIR'] + '/x', 'w'))} for r in rows]\n`;
    const { model, notes } = await open(folder({ "predict.py": code }), { check: join(folder({ "check.csv": "amount\n1\n" }), "check.csv") });
    delete process.env["SLIPWAY_SECRET_OF_TEST"];
    const [answer] = await model.predict([{ amount: 1 }]);
    expect(answer).toMatchObject({ secret: "None", net: "refused", own: "done" });
    if (notes.join().includes("read-only files")) expect(answer).toMatchObject({ file: "refused" });
  });
  test("that needs more memory than it may have fails alone", async () => {
    const { model, notes } = await open(folder({ "predict.py": `${rowsOf}def predict(rows):\n  return [float(len(bytearray(int(r['amount'])))) for r in rows]\n` }), { check: join(folder({ "check.csv": "amount\n1\n10\n" }), "check.csv"), memory: 300 * 2 ** 20 });
    if (!notes.join().includes("memory")) return;
    await expect(model.predict([{ amount: 2e9 }])).rejects.toMatchObject({ code: "python-failed", message: "MemoryError" });
    expect(await model.predict([{ amount: 5 }])).toEqual([{ value: 5 }]);
  });
  test("tells what is missing", async () => {
    await expect(open(folder({ "predict.py": "import no_such_library\ndef predict(rows): pass\n" }))).rejects.toMatchObject({ code: "python-load-failed", hint: expect.stringContaining("pip install no_such_library") as string });
    await expect(open(folder({ "predict.py": "def predict(rows): return rows\n" }))).rejects.toMatchObject({ code: "python-signature", hint: expect.stringContaining("--python-check") });
    await expect(openPython(folder({ "other.txt": "" }), { trust: [] })).rejects.toMatchObject({ code: "python-target" });
    await expect(open(folder({ "predict.py": "x = 1\n" }), { interpreter: "/no/such/python" })).rejects.toMatchObject({ code: "worker-lost" });
  });
});
