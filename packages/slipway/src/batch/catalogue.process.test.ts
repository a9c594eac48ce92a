// Recommendations in bulk with a catalogue: what the service answers of the same, and what the graph gives where nothing changed.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeSlip, type ModelPackage } from "@slipway/core/package";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bulkRecommender, Catalogues, CatalogueStore, readCatalogue, recommendProtocol, type CatalogueContents } from "../recommend/index.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import { createServer, type App } from "../server/index.ts";
import { inject } from "../server/testing.ts";
import { TestRuns } from "./testing-run.ts";

const fixture = fileURLToPath(new URL("../runtime/recommend/fixtures/factors.npz", import.meta.url));
let source: ModelPackage;
let runs: TestRuns;
let app: App;
let catalogues: Catalogues;
const USERS = [["ann", "", ""], ["bob", "100", ""], ["nobody", "", ""], ["nobody", "101 102", "100"], ["", "", "105"], ["ann", "", "100 101"]] as const;

beforeAll(async () => {
  source = (await packModel(fixture, readFileSync(fixture), { name: "shop", version: "1.0.0", recommend: { k: 4, cold: "popular" } })).package;
  runs = new TestRuns({ bytes: writeSlip(source), digest: source.digest, name: "shop", version: "1.0.0", profile: null });
  writeFileSync(runs.at("users.csv"), `user,seen,exclude\n${USERS.map((u) => `${u.join(",")}\n`).join("")}`);
  catalogues = new Catalogues({ store: () => CatalogueStore.open(`sqlite:${runs.at("catalogues.db")}`), kept: true, intervalMs: 0, search: "exact" });
  app = createServer({ models: [await loadModelPackage(source, { placement: "inline" })], options: { auth: { administration: "any-port", anonymous: "admin" }, protocols: [recommendProtocol(catalogues)] } });
}, 60_000);
afterAll(async () => {
  await app.context.models.close();
  await catalogues.close();
  runs.remove();
});
const post = async (url: string, body: object, method = "POST") => (await inject(app, { method, url, headers: { "content-type": "application/json" }, payload: JSON.stringify(body) })).json();
async function bulk(out: string, catalogue: CatalogueContents | undefined): Promise<{ items: (string | null)[]; scores: (number | null)[] }[]> {
  await runs.run(runs.at("users.csv"), out, { keep: "none", outputs: ["items", "scores"], maxErrors: { count: 0, text: "0" }, ...(catalogue === undefined ? {} : { catalogue }) });
  return runs.text(out).trim().split("\n").map((line) => {
    const row = JSON.parse(line) as Record<string, never>;
    return { items: [0, 1, 2, 3].map((i) => row[`items.${i}`]!), scores: [0, 1, 2, 3].map((i) => row[`scores.${i}`]!) };
  });
}

describe("a catalogue in bulk", () => {
  it("that changes nothing gives what the packed graph gives", async () => {
    const plain = await bulk("plain.jsonl", undefined);
    const same = await bulk("same.jsonl", { states: [], cold: [] });
    expect(same.map((r) => r.items)).toEqual(plain.map((r) => r.items));
    same.forEach((r, i) => r.scores.forEach((s, k) => s !== null && expect(s).toBeCloseTo(plain[i]!.scores[k]!, 9)));
  });
  it("gives what the service answers, from its store and from the same change in a file", async () => {
    const change = { items: [{ id: "100", available: false }, { id: "new", popularity: 1000, vector: Array.from({ length: source.signature.outputs.find((o) => o.name === "embedding")!.rowShape[0]! }, () => 3) }, { id: "unplaced", popularity: 2000 }], remove: ["103"] };
    await post("/models/shop/catalogue", change, "PATCH");
    const asked = await post("/models/shop/recommend", { queries: USERS.map(([user, seen, exclude]) => ({ ...(user === "" ? {} : { user }), items: seen.split(" ").filter((s) => s !== ""), exclude: exclude.split(" ").filter((s) => s !== ""), k: 4 })) }) as { recommendations: { items: { id: string; score: number | null }[] }[] };
    const wanted = asked.recommendations.map(({ items }) => ({ items: [0, 1, 2, 3].map((i) => items[i]?.id ?? null), scores: [0, 1, 2, 3].map((i) => items[i]?.score ?? null) }));
    expect(wanted.flatMap((w) => w.items)).toContain("new");
    writeFileSync(runs.at("change.json"), JSON.stringify(change));
    expect(await bulk("store.jsonl", await readCatalogue(runs.at("catalogues.db"), source))).toEqual(wanted);
    expect(await bulk("file.jsonl", await readCatalogue(runs.at("change.json"), source))).toEqual(wanted);
    await expect(bulk("store.jsonl", { states: [], cold: [] })).rejects.toMatchObject({ code: "batch-output-exists" });
  });
  it("refuses rows without history where the model was packed so, and what it cannot take by name", async () => {
    const strict = await loadModelPackage((await packModel(fixture, readFileSync(fixture), { name: "strict", recommend: { k: 4, cold: "refused" } })).package);
    const { batch } = strict.encode({ kind: "records", records: USERS.map(([user, seen, exclude]) => ({ user, seen, exclude })) });
    const made = await bulkRecommender(strict, { states: [], cold: [] }, ["items"])(batch);
    expect([[...made.refused!.keys()], made.outputs.map((o) => o.output.name)]).toEqual([[2, 4], ["items"]]);
    expect(() => bulkRecommender(strict, { states: [], cold: [] }, ["embedding"])).toThrow(expect.objectContaining({ code: "recommend-request" }));
    await strict.close();
    for (const [body, code] of [[{ tower: "t", items: [{ id: "a", row: {} }] }, "catalogue-invalid"], [{ items: [{ id: "a", colour: 1 }] }, "catalogue-invalid"], [{}, "catalogue-invalid"]] as const) {
      writeFileSync(runs.at("bad.json"), JSON.stringify(body));
      await expect(readCatalogue(runs.at("bad.json"), source)).rejects.toMatchObject({ code });
    }
    writeFileSync(runs.at("bad.json"), JSON.stringify({ items: [{ id: "new", vector: [1, 2] }] }));
    await expect(bulk("bad.jsonl", await readCatalogue(runs.at("bad.json"), source))).rejects.toMatchObject({ code: "catalogue-invalid", where: 'the item "new"' });
    await expect(readCatalogue(runs.at("none.db"), source)).rejects.toMatchObject({ code: "catalogue-invalid", where: runs.at("none.db") });
    await expect(readCatalogue(runs.at("none.json"), source)).rejects.toMatchObject({ code: "catalogue-invalid" });
    const { recommend: _, ...other } = source;
    await expect(readCatalogue(runs.at("change.json"), other)).rejects.toMatchObject({ code: "recommend-none" });
  });
});

it("a catalogue grows to its bound and no further; what is refused leaves no trace", async () => {
  const store = await CatalogueStore.open("sqlite::memory:", 3);
  const change = (ids: readonly string[], state: object) => store.change("shop", { states: new Map(ids.map((id) => [id, state])), cold: undefined, ifVersion: undefined, by: "test" });
  expect(await change(["a", "b", "c"], { available: true })).toBe(1);
  await expect(change(["d"], { available: true })).rejects.toMatchObject({ code: "catalogue-full", kind: "limit", data: { items: 4, most: 3 } });
  expect((await store.newer("shop", 0))!.items.size).toBe(3);
  expect(await change(["a"], { removed: true })).toBe(2);
  expect(await change(["d"], { available: true })).toBe(3);
  for (let i = 0; i < 8; i++) await change([`gone${i}`], { removed: true });
  await expect(change(["gone8"], { removed: true })).rejects.toMatchObject({ code: "catalogue-full", message: expect.stringContaining("remember") });
  await store.close();
});
