// Recommenders packed from their libraries' own files give what these recommend (fixtures/make_recommenders.py).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModelPackage } from "../model.ts";
import { readSlip, writeSlip } from "@slipway/core/package";
import { packModel } from "../pack.ts";
import type { RecommendOptions } from "./import-recommender.ts";

const path = (name: string): string => join(import.meta.dirname, "fixtures", name);
const text = (name: string): { file: string; text: string } => ({ file: name, text: readFileSync(path(name), "utf8") });
const expected = JSON.parse(readFileSync(path("expected.json"), "utf8")) as { als: { seen: number[][]; items: number[][]; scores: number[][] }; svd: Record<string, [number, string][]> };
const USUAL: RecommendOptions = { k: 5, cold: "refused" };

interface Row { readonly items: (string | null)[]; readonly scores: number[]; readonly error?: { readonly found: string } }
async function predict(name: string, options: RecommendOptions, rows: readonly object[]): Promise<Row[]> {
  const packed = await packModel(path(name), readFileSync(path(name)), { recommend: options });
  // As it comes out of a file.
  const model = await loadModelPackage(await readSlip(writeSlip(packed.package)), { placement: "inline" });
  try {
    return (await model.predict(rows, { onInvalid: "rows" })) as unknown as Row[];
  } finally {
    await model.close();
  }
}
const code = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => "nothing", (error: { code?: string }) => error.code);

describe("a packed recommender", () => {
  it("recommends what implicit does, without what a user has seen", async () => {
    const { seen, items, scores } = expected.als;
    const rows = await predict("als.pkl", USUAL, seen.map((ids, user) => ({ user, exclude: ids.join(" ") })));
    for (const [user, row] of rows.entries()) {
      expect(row.items.map(Number), `user ${user}`).toEqual(items[user]);
      row.scores.forEach((score, i) => expect(score).toBeCloseTo(scores[user]![i]!, 5));
    }
  });

  it("recommends what surprise does, biases included", async () => {
    const users = Object.keys(expected.svd);
    const rows = await predict("svd.pkl", { ...USUAL, cold: "popular" }, users.map((user) => ({ user })));
    for (const [i, user] of users.entries()) {
      expect(rows[i]!.items).toEqual(expected.svd[user]!.map(([, id]) => id));
      rows[i]!.scores.forEach((score, j) => expect(score).toBeCloseTo(expected.svd[user]![j]![0], 9));
    }
  });

  it("goes by what was seen where the user is unknown, by popularity where nothing is, and has no more than there are", async () => {
    const [seen, cold, few] = await predict("factors.npz", { k: 4, cold: "popular" }, [{ seen: "100 unheard-of" }, { user: "nobody" }, { user: "ann", exclude: "100 101 102 103", seen: "104" }]);
    expect(seen!.items).not.toContain("100");
    expect(cold!.items).toEqual(["105", "104", "103", "102"]);
    expect(few!.items).toEqual(["105", null, null, null]);
    expect(few!.scores.slice(1)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    const [refused] = await predict("factors.npz", { k: 2, cold: "refused" }, [{ user: "nobody" }]);
    expect(refused!.error!.found).toContain("not known");
  });

  it("compares by angle where that is asked for", async () => {
    const [row] = await predict("factors.npz", { k: 6, cold: "popular", similarity: "cosine" }, [{ user: "ann" }]);
    expect(row!.scores.every((score) => score <= 1 && score >= -1)).toBe(true);
  });

  it("adds items to a model that gives a vector", async () => {
    const seen = Object.fromEntries(Array.from({ length: 18 }, (_, i) => [`i${i}`, i < 4 ? 1 : 0]));
    const [row] = await predict("nmf.joblib", { ...USUAL, k: 18, items: text("items.csv"), vectors: readFileSync(path("nmf-items.npy")) }, [seen]);
    expect(row!.items).toHaveLength(18);
    expect(row!.scores).toEqual(row!.scores.toSorted((a, b) => b - a));
  });

  it("refuses what does not go together", async () => {
    const pack = (name: string, options: RecommendOptions): Promise<unknown> => code(packModel(path(name), readFileSync(path(name)), { recommend: options }));
    expect(await pack("als.pkl", { ...USUAL, cold: "popular" })).toBe("recommend-cold");
    expect(await pack("als.pkl", { ...USUAL, items: { file: "two.csv", text: "id\na\nb\n" } })).toBe("recommend-file");
    expect(await pack("nmf.joblib", { ...USUAL })).toBe("recommend-file");
    expect(await pack("nmf.joblib", { ...USUAL, items: text("items.csv") })).toBe("recommend-unsupported");
    expect(await pack("nmf.joblib", { ...USUAL, items: { file: "two.csv", text: "id\na\nb\n" }, vectors: readFileSync(path("nmf-items.npy")) })).toBe("recommend-items");
    expect(await pack("nmf.joblib", { ...USUAL, items: { file: "none.csv", text: "name\na\n" }, vectors: readFileSync(path("nmf-items.npy")) })).toBe("recommend-file");
    expect(await pack("nothing.joblib", { ...USUAL, items: text("items.csv") })).toBe("not-a-model");
  });
});

it("what stands beside the graph is not lost when a package is optimised: that is refused", async () => {
  const { optimize } = await import("../../optimize/index.ts");
  const packed = await packModel(path("als.pkl"), readFileSync(path("als.pkl")), { recommend: USUAL });
  await expect(optimize(packed.package, { maxDrop: 0.01, maxFlips: 0.01, prefer: "size" })).rejects.toMatchObject({ code: "optimize-unsupported" });
});
