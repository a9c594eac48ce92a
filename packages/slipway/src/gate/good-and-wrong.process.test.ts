// The default gate over models made by scikit-learn, XGBoost, LightGBM and CatBoost (corpus/makers/gate_models.py): the good
// ones pass, and each wrong one is stopped by the test that is there for it, with the reason. Nothing is configured.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openModel, readModelBytes } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { readRows } from "../tables/index.ts";
import { readTraining } from "./training-rows.ts";
import { runGate, type GateReport } from "./run-gate.ts";

const corpus = fileURLToPath(new URL("../../../../corpus/gate/", import.meta.url));
const names = readdirSync(corpus).sort();

interface Case {
  readonly model: string;
  readonly target: string;
  readonly baseline?: string;
  readonly stopped?: string;
  readonly reason?: string;
}

/** As a data scientist packs and tests: pack --check --training, then test --data --target. */
async function gated(name: string): Promise<{ report: GateReport; facts: Case }> {
  const file = (path: string): string => join(corpus, name, path);
  const text = (path: string): string => readFileSync(file(path), "utf8");
  const facts = JSON.parse(text("case.json")) as Case;
  const packed = await packModel(file(facts.model), await readModelBytes(file(facts.model)), {
    name, check: { file: "check.csv", text: text("check.csv") },
    training: { file: "training.csv", rows: (signature) => readTraining(readRows(file("training.csv")), signature, 1) },
  });
  const report = await runGate({
    package: packed.package, settings: {}, data: { rows: readRows(file("labelled.csv")), file: "labelled.csv", target: facts.target },
    ...(facts.baseline === undefined ? {} : { baseline: (await openModel(file(facts.baseline))).package }),
  });
  return { report, facts };
}
const told = (report: GateReport): string[] => report.results.filter((r) => r.verdict === "fail" || r.verdict === "warn").map((r) => `${r.verdict} ${r.name}: ${r.reason}`);

describe("a good model passes", () => {
  const good = names.filter((name) => name.startsWith("good-"));
  it("of ten kinds at least", () => expect(good.length).toBeGreaterThanOrEqual(10));
  it.each(good)("%s", async (name) => {
    const { report } = await gated(name);
    expect(told(report).filter((line) => line.startsWith("fail"))).toEqual([]);
    expect(report.results.filter((r) => ["parity", "quality", "simpler-model"].includes(r.name)).map((r) => r.verdict)).toEqual(["pass", "pass", "pass"]);
  });
});

describe("a wrong model is stopped", () => {
  it.each(names.filter((name) => name.startsWith("wrong-")))("%s", async (name) => {
    const { report, facts } = await gated(name);
    const stopped = report.results.find((r) => r.name === facts.stopped)!;
    expect(`${stopped.verdict}: ${stopped.reason}`).toContain(facts.reason);
    expect(stopped.verdict, told(report).join("\n")).toBe("fail");
    expect(report.passed).toBe(false);
  });
});
