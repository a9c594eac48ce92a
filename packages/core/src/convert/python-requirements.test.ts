import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readPickleFile } from "../pickle/index.ts";
import { pythonRequirements } from "./python-requirements.ts";

const of = (path: string): ReturnType<typeof pythonRequirements> => pythonRequirements(readPickleFile(readFileSync(join(import.meta.dirname, "../../../..", path))));

it("a pickle tells which packages it needs, with the version of scikit-learn that wrote it", () => {
  const { packages, unknown } = of("examples/churn/churn.joblib");
  expect(packages).toEqual(expect.arrayContaining([expect.stringMatching(/^scikit-learn==1\.\d+\.\d+$/), expect.stringMatching(/^numpy(>=2|<2)$/), "joblib"]));
  expect(unknown).toEqual([]);
  expect(of("packages/slipway/src/runtime/recommend/fixtures/als.pkl").packages).toContain("implicit");
});

it("a module that no list knows is named, and no package of its name is guessed", () => {
  const plain = new TextEncoder().encode("cacme_models\nScorer\n(tR.");
  expect(pythonRequirements(readPickleFile(plain))).toEqual({ packages: [], unknown: ["acme_models"] });
});
