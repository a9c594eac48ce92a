// The scikit-learn cases of the corpus, served and asked by tritonclient from PyPI.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { loadModelPackage, openModel, type Model } from "../packages/slipway/src/runtime/index.ts";
import { startServer } from "../packages/slipway/src/server/index.ts";
import { pythonWith } from "../scripts/testing-python.ts";
import { listCases, type CorpusCase } from "./case.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const python = pythonWith("tritonclient.http", "numpy");
const FAMILIES = new Set(["linear", "tree", "forest", "boosting", "neighbors", "svm", "neural", "cluster", "meta", "text"]);
const shared = join(here, "..", "..", "shared", "corpus", "cases");
const inputFormat = (c: CorpusCase): string => (JSON.parse(readFileSync(join(c.folder, "case.json"), "utf8")) as { input?: { format: string } }).input?.format ?? "";
const sets: readonly (readonly [string, readonly CorpusCase[]])[] = [
  [shared, listCases(shared).filter((c) => c.expect === "import" && FAMILIES.has(c.family))],
  // Every tenth of our own many.
  [join(here, "cases"), listCases(join(here, "cases")).filter((c, i) => c.expect === "import" && i % 10 === 0 && /^(records|rows|texts)$/.test(inputFormat(c)))],
];

for (const [folder, cases] of sets) {
  it.skipIf(python === undefined || cases.length === 0)(`tritonclient gets the library's predictions of ${cases.length} cases`, async () => {
    const models: Model[] = [];
    for (const one of cases) models.push(await loadModelPackage((await openModel(one.modelFile, { name: one.name })).package));
    const server = await startServer(models, { port: 0 });
    try {
      const { stdout } = await promisify(execFile)(python!, [join(here, "ask_with_tritonclient.py"), server.url.replace("http://", ""), folder, ...cases.map((c) => c.name)], { maxBuffer: 2 ** 26 });
      const verdicts = JSON.parse(stdout) as Record<string, string>;
      expect(Object.entries(verdicts).filter(([, v]) => v !== "exact")).toEqual([]);
      expect(Object.keys(verdicts)).toHaveLength(cases.length);
    } finally {
      await server.close();
    }
  });
}
