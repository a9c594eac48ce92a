// The table of targets: every target here answers the example's checked rows alike, and one that does not is told.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ModelPackage } from "@slipway/core/package";
import { beforeAll, describe, expect, it } from "vitest";
import { browserPath } from "../../../../../scripts/testing-browser.ts";
import { packModel } from "../../runtime/pack.ts";
import { runTargets } from "./run-targets.ts";
import { targetsText } from "./targets-text.ts";
import { TARGETS } from "./targets.ts";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
let source: ModelPackage;
beforeAll(async () => {
  const folder = `${root}examples/churn/`;
  source = (await packModel(`${folder}churn.joblib`, readFileSync(`${folder}churn.joblib`), { check: { file: "check.csv", text: readFileSync(`${folder}check.csv`, "utf8") } })).package;
});

describe("the checked rows", () => {
  it("are answered alike by every target", async () => {
    const { results, passed, rows } = await runTargets(source, { from: root, browser: browserPath });
    expect([rows, passed]).toEqual([60, true]);
    expect(results.filter((r) => r.verdict !== "pass").map((r) => r.target)).toEqual(browserPath === undefined ? ["@slipway/edge in a browser"] : []);
    expect(results.map((r) => r.target)).toEqual(TARGETS.map((t) => t.name));
  });
  it("are not, where one target turns a label, misses a row or fails, and the table says which", async () => {
    const turned = TARGETS[0]!;
    const report = await runTargets(source, {
      from: root,
      targets: [
        { name: "turned", run: async (request) => {
          const answered = await turned.run(request);
          return "skipped" in answered ? answered : { ...answered, rows: answered.rows.map((row, i) => (i === 3 ? { ...row, label: row["label"] === "stays" ? "leaves" : "stays" } : row)) };
        } },
        { name: "short", run: async ({ rows }) => ({ rows: rows.slice(1), ranIn: "nothing" }) },
        { name: "broken", run: () => Promise.reject(new Error("no such engine")) },
      ],
    });
    expect(report.passed).toBe(false);
    expect(report.results).toMatchObject([{ verdict: "fail", labelFlips: 1, rowsBeyond: 1 }, { verdict: "fail", reason: "59 answers came to 60 rows" }, { verdict: "fail", reason: "no such engine" }]);
    expect(targetsText(report)).toMatch(/FAIL  turned +onnxruntime-node .* 1 +1 /);
  });
  it("have to be there", async () => {
    await expect(runTargets({ ...source, checks: null }, { from: root })).rejects.toMatchObject({ code: "gate-no-checks" });
  });
});
