// The table of targets: every target here answers the example's checked rows alike, and one that does not is told.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ModelPackage } from "@slipway/core/package";
import { beforeAll, describe, expect, it } from "vitest";
import { browserPath } from "../../../../../scripts/testing-browser.ts";
import { runc } from "../../deploy/index.ts";
import { loadModelPackage, toRows } from "../../runtime/index.ts";
import { packModel } from "../../runtime/pack.ts";
import { predict } from "../predictions.ts";
import { runcRunner } from "./image-runner.ts";
import { IMAGE_TARGETS } from "./image-targets.ts";
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
    expect(results.map((r) => r.target)).toEqual(TARGETS.map((t) => t.name));
    // What this machine lacks is said, with how to get it.
    const others = results.filter((r) => r.verdict !== "pass");
    expect(others.filter((r) => r.verdict !== "skipped")).toEqual([]);
    expect([rows, passed]).toEqual([60, true]);
    for (const { target, reason } of others) expect([target, reason]).toEqual([expect.stringMatching(/^image|arm64|browser/), expect.stringMatching(/apt-get install|--browser PROGRAM|qemu itself crashed/)]);
    if (browserPath !== undefined) expect(results.at(-1)).toMatchObject({ target: "@slipway/edge in a browser, offline", verdict: "pass", ranIn: expect.stringContaining("its server gone") });
    // An image is made for each of two platforms, and loaded.
  }, 600_000);
  it.skipIf(runc === undefined)("are answered alike by the image where runc runs it", async () => {
    const image = await runcRunner(source, runc!);
    try {
      const own = await loadModelPackage(source);
      const { inputs: rows } = source.checks!;
      const direct = await predict(own, rows);
      await own.close();
      const expected = toRows(direct);
      for (const target of IMAGE_TARGETS) {
        const answered = await target.run({ source, rows, direct, from: root, image: () => Promise.resolve(image) });
        expect([target.name, answered]).toEqual([target.name, { rows: JSON.parse(JSON.stringify(expected)) as unknown, ranIn: image.by }]);
      }
    } finally {
      await image.close();
    }
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
