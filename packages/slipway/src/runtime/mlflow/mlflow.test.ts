// Folders and stores that MLflow made (corpus/makers/mlflow_folders.py) answer as MLflow's own pyfunc did; what is hostile,
// damaged or not a model's data is refused with a code.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { modelInside } from "../../server/models/model-inside.ts";
import { loadModelPackage } from "../model.ts";
import { openModel } from "../open.ts";
import { isMlflowFolder, readMlflowFolder } from "./folder.ts";
import { readMlmodel } from "./mlmodel.ts";
import { findStored } from "./store.ts";

const corpus = fileURLToPath(new URL("../../../../../corpus/mlflow/", import.meta.url));
const cases = readdirSync(corpus).filter((name) => !name.startsWith("store-")).sort();
const stores = readdirSync(corpus).filter((name) => name.startsWith("store-")).sort();
const work = mkdtempSync(join(tmpdir(), "slipway-mlflow-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Expected {
  readonly rows: Record<string, unknown>[];
  readonly predictions: unknown[];
  readonly output: string;
}
const read = <T>(...path: string[]): T => JSON.parse(readFileSync(join(corpus, ...path), "utf8")) as T;

describe("folders that MLflow made", () => {
  it.each(cases.filter((name) => existsSync(join(corpus, name, "expected.json"))))("%s is answered as MLflow answers it", async (name) => {
    const { rows, predictions, output } = read<Expected>(name, "expected.json");
    const { package: pkg } = await openModel(join(corpus, name, "model"));
    expect(pkg.manifest.origin).toMatchObject({ "mlflow flavor": expect.any(String), "mlflow version": expect.stringMatching(/^[123]\./) });
    const model = await loadModelPackage(pkg);
    try {
      // A model that was fitted on an array, and saved without a signature, has numbered columns.
      const nameless = name.startsWith("sklearn-bare");
      const answers = await model.predict((nameless ? rows.map((row) => Object.values(row)) : rows) as never);
      const names = pkg.signature.outputs.map((o) => o.name);
      const which = names.includes(output) ? output : names[0]!;
      answers.forEach((answer, i) => {
        const got = [answer[which]].flat(2).map((v) => (typeof v === "object" && v !== null ? Object.values(v) : v)).flat();
        const want = [predictions[i]].flat(2);
        expect(got.length).toBe(want.length);
        want.forEach((w, j) => (typeof w === "number" && typeof got[j] === "number" ? expect(Math.abs(got[j] - w)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(w))) : expect(String(got[j])).toBe(String(w))));
      });
    } finally {
      await model.close();
    }
  });
  it("give the signature names, types and an example", async () => {
    const array = cases.filter((name) => name.startsWith("sklearn-array"));
    expect(array.length).toBeGreaterThan(1);
    for (const name of array) expect((await openModel(join(corpus, name, "model"))).package.signature.columns.map((c) => [c.name, c.example])).toEqual([["age", 76], ["income", 51.06]]);
    const [pipeline] = cases.filter((name) => name.startsWith("sklearn-pipeline"));
    const { signature } = (await openModel(join(corpus, pipeline!, "model"))).package;
    expect(signature.columns.map((c) => [c.name, c.seen, c.example])).toEqual([["age", "int64", 76], ["income", undefined, 51.06], ["town", undefined, "Oslo"]]);
  });
  it("are refused where they are Python code of their own, with what to log instead", async () => {
    const custom = cases.filter((name) => name.startsWith("custom-python"));
    expect(custom.length).toBeGreaterThan(0);
    for (const name of custom) await expect(openModel(join(corpus, name, "model"))).rejects.toMatchObject({ code: "mlflow-flavor", message: expect.stringContaining("which is never run"), hint: expect.stringContaining("mlflow.sklearn.log_model") });
  });
  it("are what a platform's container finds in its folder", () => {
    const folder = join(corpus, cases.find((name) => name.startsWith("sklearn-pipeline"))!);
    expect(modelInside(join(folder, "model"))).toBe(join(folder, "model"));
  });
});

describe.each(stores)("%s", (store) => {
  const facts = read<{ versions: Record<string, number>; runs: string[]; alias?: string; stage?: string }>(store, "facts.json");
  const cwd = join(corpus, store);
  const variables = existsSync(join(cwd, "mlflow.db")) ? { MLFLOW_TRACKING_URI: "mlruns", MLFLOW_REGISTRY_URI: "sqlite:///mlflow.db" } : {};
  const at = (uri: string): ReturnType<typeof findStored> => findStored(uri, { cwd, variables });
  const slopeOf = async (folder: string): Promise<number> => {
    const model = await loadModelPackage((await openModel(folder)).package);
    const [a, b] = (await model.predict([{ age: 0, income: 0 }, { age: 1, income: 0 }])) as unknown as { value: number }[];
    await model.close();
    return b!.value - a!.value;
  };
  it("has versions, the newest, an alias or a stage, and runs, though it was moved since", async () => {
    for (const [version, slope] of Object.entries(facts.versions)) {
      const found = at(`models:/prices/${version}`);
      expect(found).toMatchObject({ name: "prices", version, origin: { "registered model": "prices", "registered version": version, "run id": facts.runs[Number(version) - 1] } });
      expect(await slopeOf(found.folder)).toBeCloseTo(slope, 6);
    }
    expect(at("models:/prices").version).toBe("3");
    expect(at(`models:/prices${facts.alias === undefined ? `/${facts.stage}` : `@${facts.alias}`}`).version).toBe("2");
    expect(await slopeOf(at(`runs:/${facts.runs[0]}/model`).folder)).toBeCloseTo(1, 6);
  });
  it("says what there is where something is not", () => {
    expect(() => at("models:/price/1")).toThrow(expect.objectContaining({ code: "mlflow-not-found", hint: "It has prices." }));
    expect(() => at("models:/prices/9")).toThrow(expect.objectContaining({ code: "mlflow-not-found", hint: expect.stringContaining("Its versions:") }));
    expect(() => at("models:/prices@nobody")).toThrow(expect.objectContaining({ code: "mlflow-not-found" }));
    expect(() => at("runs:/0123/model")).toThrow(expect.objectContaining({ code: "mlflow-not-found" }));
    for (const uri of ["models:/../prices/1", "runs:/../../model", "models:/prices/../1", `runs:/${facts.runs[0]}/../../../../../etc`]) expect(() => at(uri)).toThrow(expect.objectContaining({ code: "mlflow-not-found" }));
  });
});

describe("a store", () => {
  const folder = join(corpus, cases.find((name) => name.startsWith("sklearn-array"))!, "model");
  it("of mlflow server is found where it keeps files, and one that is elsewhere is refused with what to do", () => {
    const cwd = join(work, "served");
    mkdirSync(join(cwd, "mlartifacts", "1", "run", "artifacts"), { recursive: true });
    cpSync(folder, join(cwd, "mlartifacts", "1", "run", "artifacts", "model"), { recursive: true });
    expect(findStored("mlflow-artifacts:/1/run/artifacts/model", { cwd, variables: {} }).folder).toBe(join(cwd, "mlartifacts", "1", "run", "artifacts", "model"));
    expect(findStored("mlflow-artifacts:/1/run/artifacts/model", { cwd: work, variables: { MLFLOW_ARTIFACTS_DESTINATION: join(cwd, "mlartifacts") } }).folder).toContain("mlartifacts");
    expect(() => findStored("mlflow-artifacts:/2/run/artifacts/model", { cwd, variables: {} })).toThrow(expect.objectContaining({ code: "mlflow-not-found" }));
    expect(() => findStored("models:/prices/1", { cwd, variables: { MLFLOW_TRACKING_URI: "https://mlflow.example" } })).toThrow(expect.objectContaining({ code: "mlflow-remote", hint: expect.stringContaining("mlflow artifacts download") }));
    expect(() => findStored("models:/prices/1", { cwd, variables: {} })).toThrow(expect.objectContaining({ code: "mlflow-not-found", hint: expect.stringContaining("MLFLOW_TRACKING_URI") }));
  });
  it("leads to nothing outside itself", () => {
    const cwd = join(work, "hostile");
    const model = join(cwd, "mlruns", "models", "m", "version-1");
    mkdirSync(model, { recursive: true });
    for (const source of [folder, `file://${folder}`, "../../../etc", "s3://bucket/model", "file:///etc", "models:/m-0"]) {
      writeFileSync(join(model, "meta.yaml"), `source: ${JSON.stringify(source)}\nversion: 1\n`);
      expect(() => findStored("models:/m/1", { cwd, variables: {} }), source).toThrow(expect.objectContaining({ code: expect.stringMatching(/^mlflow-(not-found|remote)$/) }));
    }
  });
});

describe("an MLmodel file", () => {
  const folderWith = (name: string, text: string, files: Record<string, string> = {}): string => {
    const folder = join(work, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "MLmodel"), text);
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
    return folder;
  };
  it("names files of its folder only, and none through a link", () => {
    writeFileSync(join(work, "secret.pkl"), "secret");
    for (const file of ["../secret.pkl", "/etc/passwd", "no.pkl", "link.pkl", "..", "."]) {
      const folder = folderWith(`escape-${encodeURIComponent(file)}`, `flavors:\n  sklearn:\n    pickled_model: ${JSON.stringify(file)}\n`);
      symlinkSync(join(work, "secret.pkl"), join(folder, "link.pkl"));
      expect(() => readMlflowFolder(folder), file).toThrow(expect.objectContaining({ code: "mlflow-folder" }));
    }
  });
  it("is refused by name where its flavour is not known", () => {
    expect(() => readMlflowFolder(folderWith("spark", "flavors:\n  spark:\n    model_data: x\n  python_function:\n    loader_module: mlflow.spark\n"))).toThrow(expect.objectContaining({ code: "mlflow-flavor", message: expect.stringContaining('"spark"') }));
  });
  it("of the worst kind is a coded error: aliases, depth, other types, mutated bytes", () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nflavors: [*b,*b]\n`;
    for (const text of [bomb, "", "[]", "flavors: 5", "{", "flavors:\n  sklearn: 5\nsignature:\n  inputs: '{'\n", `flavors: ${"[".repeat(5000)}`, "flavors: {sklearn: {}}\nsignature: {inputs: '[{\"name\": 1}]'}"]) {
      expect(() => readMlmodel(text, "MLmodel"), text.slice(0, 40)).toThrow(expect.objectContaining({ code: "mlflow-folder" }));
    }
    const original = readFileSync(join(corpus, cases.find((name) => name.startsWith("sklearn-pipeline"))!, "model", "MLmodel"), "utf8");
    fc.assert(fc.property(fc.nat(original.length - 1), fc.string({ maxLength: 3 }), (at, put) => {
      try {
        readMlmodel(original.slice(0, at) + put + original.slice(at + 1), "MLmodel");
      } catch (error) {
        expect(error).toMatchObject({ code: "mlflow-folder" });
      }
    }), { numRuns: 300 });
    expect(isMlflowFolder(join(work, "nowhere"))).toBe(false);
  });
});
