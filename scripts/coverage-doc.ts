// Writes docs/coverage.md from the list of converters and from the corpus: which estimators compile, and with which
// library versions a file of each was checked.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sklearnConverters } from "../packages/core/src/convert/sklearn/index.ts";
import { readSource } from "../packages/core/src/convert/index.ts";
import { listCases } from "../corpus/case.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
export const coverageDocument: string = join(root, "docs", "coverage.md");

/** "package.Class" -> versions of the files in which the corpus has it. */
function checkedVersions(): Map<string, Set<string>> {
  const versions = new Map<string, Set<string>>();
  for (const one of listCases(join(root, "corpus", "cases")).filter((c) => c.expect === "import")) {
    const { pickle } = readSource(new Uint8Array(readFileSync(one.modelFile)));
    for (const { name } of pickle.globals) {
      const key = `${name.split(".")[0]}.${name.split(".").at(-1)}`;
      if (!sklearnConverters.has(key)) continue;
      if (!versions.has(key)) versions.set(key, new Set());
      versions.get(key)!.add(one.environment);
    }
  }
  return versions;
}

const ENVIRONMENT: Readonly<Record<string, string>> = { sk113: "1.1", sk11: "1.1", sk132: "1.3", sk13: "1.3", sk152: "1.5", sk15: "1.5", sklatest: "1.9", sk19: "1.9" };

export function renderCoverage(): string {
  const versions = checkedVersions();
  const names = [...sklearnConverters.keys()].sort();
  const lines = [
    "# What compiles",
    "",
    "Every label equal, every number to 1e-9 of what the library computes. An option that cannot be reproduced is refused by name. This file is written by `scripts/coverage-doc.ts` from the list of converters and the corpus.",
    "",
    `${names.length} classes. "Checked with" names the scikit-learn versions of which the corpus holds a file with this class.`,
    "",
    "| class | checked with |",
    "| --- | --- |",
  ];
  for (const name of names) {
    const seen = [...new Set([...(versions.get(name) ?? [])].map((v) => ENVIRONMENT[v] ?? v))].sort();
    lines.push(`| ${name} | ${seen.length > 0 ? seen.join(", ") : ""} |`);
  }
  lines.push(
    "", "## Refused by name", "",
    "| what | why, and what to do |", "| --- | --- |",
    "| lambdas and functions of your own (FunctionTransformer, callable kernels, metrics, analyzers, tokenizers) | their code would have to run; use NumPy functions or scikit-learn's own steps |",
    "| classes of your own script or of unknown packages | their code is not in the file |",
    "| predictions drawn at random (DummyClassifier with strategy=\"stratified\" or \"uniform\") | no two runs agree; use another strategy |",
    "| sparse codes by the path of LARS or by coordinate descent (transform_algorithm=\"lasso_lars\", \"lasso_cd\", \"lars\") | use \"omp\" or \"threshold\" |",
  );
  return `${lines.join("\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(coverageDocument, renderCoverage());
