import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPostgres, startPostgres, type TestPostgres } from "../../../../scripts/testing-postgres.ts";
import { loadModelPackage } from "../runtime/index.ts";
import { packModel } from "../runtime/pack.ts";
import type { RecommendOptions } from "../runtime/recommend/import-recommender.ts";
import { createServer, makeKey, type App } from "../server/index.ts";
import { inject, type InjectedAnswer } from "../server/testing.ts";
import { Catalogues, CatalogueStore, recommendProtocol } from "./index.ts";
import { readQueries } from "./query.ts";
import { recommend } from "./recommend.ts";

const fixture = (name: string): string => join(import.meta.dirname, "../runtime/recommend/fixtures", name);
const scratch = mkdtempSync(join(tmpdir(), "slipway-recommend-"));
const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const one of opened) await one.close();
  rmSync(scratch, { recursive: true });
});

interface Given { readonly name: string; readonly path: string; readonly bytes: Uint8Array; readonly options?: RecommendOptions }
async function serve(models: readonly Given[], { url, search = "exact" }: { url?: string; search?: "exact" | "hnsw" } = {}): Promise<App> {
  const catalogues = new Catalogues({ store: () => CatalogueStore.open(url ?? "sqlite::memory:"), kept: url !== undefined, intervalMs: 0, search });
  const packed = await Promise.all(models.map(({ name, path, bytes, options }) => packModel(path, bytes, { name, ...(options === undefined ? {} : { recommend: options }) })));
  const app = createServer({ models: await Promise.all(packed.map((p) => loadModelPackage(p.package, { placement: "inline" }))), options: { auth: { administration: "any-port", anonymous: "admin" }, protocols: [recommendProtocol(catalogues)] } });
  opened.push({ close: async () => { await app.context.models.close(); await catalogues.close(); } });
  return app;
}
const ask = (app: App, payload: object, name = "shop"): Promise<InjectedAnswer> => inject(app, { method: "POST", url: `/models/${name}/recommend`, headers: { "content-type": "application/json" }, payload: JSON.stringify(payload) });
const change = (app: App, payload: object, name = "shop"): Promise<InjectedAnswer> => inject(app, { method: "PATCH", url: `/models/${name}/catalogue`, headers: { "content-type": "application/json" }, payload: JSON.stringify(payload) });
interface Answered { readonly items: { readonly id: string; readonly score: number | null; readonly metadata?: object }[]; readonly cold: boolean; readonly prediction_id: string | null }
const ids = (answer: InjectedAnswer): string[] => (answer.json() as Answered).items.map((item) => item.id);
const factors: Given = { name: "shop", path: fixture("factors.npz"), bytes: readFileSync(fixture("factors.npz")), options: { k: 2, cold: "popular" } };

/** What the packed graph itself gives. */
async function byGraph(app: App, row: object): Promise<(string | null)[]> {
  return (await inject(app, { method: "POST", url: "/models/shop/predict", headers: { "content-type": "application/json" }, payload: JSON.stringify(row) })).json().predictions[0].items;
}

describe("recommendations", () => {
  let app: App;
  beforeAll(async () => {
    app = await serve([factors]);
  });

  it("are those of the graph, with as many items as are asked for, and without what is excluded", async () => {
    const all = ids(await ask(app, { user: "ann", k: 6 }));
    expect(all.slice(0, 2)).toEqual(await byGraph(app, { user: "ann" }));
    expect(all).toHaveLength(6);
    expect(ids(await ask(app, { user: "ann", k: 6, exclude: [all[0], 101] }))).toEqual(all.filter((id) => id !== all[0] && id !== "101"));
    const answer = (await ask(app, { user: "ann", k: 1 })).json() as Answered;
    expect(answer).toMatchObject({ cold: false, prediction_id: expect.stringMatching(/-0$/) });
  });

  it("go by what was seen, and leave that out", async () => {
    const seen = await ask(app, { items: ["100", "nothing"], k: 6 });
    expect(ids(seen).slice(0, 2)).toEqual(await byGraph(app, { seen: "100" }));
    expect(ids(seen)).not.toContain("100");
    expect(ids(await ask(app, { user: "nobody", items: ["100"], k: 6 }))).toEqual(ids(seen));
  });

  it("are the most popular, or a list, for who has no history", async () => {
    expect((await ask(app, { k: 2 })).json()).toMatchObject({ cold: true, items: [{ id: "105", score: null }, { id: "104" }], prediction_id: null });
    expect(ids(await ask(app, { user: "nobody", k: 2, exclude: ["105"] }))).toEqual(["104", "103"]);
    expect(ids(await ask(app, { k: 3, cold: ["101", "no such", "100"] }))).toEqual(["101", "100"]);
  });

  it("answers many at once", async () => {
    const { recommendations } = (await ask(app, { queries: [{ k: 1 }, { user: "bob", k: 1 }, { user: "ann", k: 1 }] })).json() as { recommendations: Answered[] };
    expect(recommendations.map((r) => r.prediction_id?.slice(-2) ?? null)).toEqual([null, "-0", "-1"]);
    expect(recommendations[2]!.items[0]!.id).toBe(ids(await ask(app, { user: "ann", k: 1 }))[0]);
  });

  it("refuses what is not understood, by name", async () => {
    for (const [payload, where] of [[{ users: "ann" }, "users"], [{ user: "ann", k: 0 }, "k"], [{ items: [1.5] }, "items[0]"], [{ user: { who: "ann" } }, "user"], [{ filter: { a: {} } }, "filter.a"], [{ filter: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`f${i}`, 1])) }, "filter"], [{ queries: [] }, "queries"]] as const) {
      const answer = await ask(app, payload);
      expect([answer.statusCode, answer.json().error.where], JSON.stringify(payload)).toEqual([400, where]);
    }
  });
});

describe.each(["exact", "hnsw"] as const)("a catalogue, with %s search", (search) => {
  it("takes items in, out, and off the shelf without a new package", async () => {
    const app = await serve([factors], { url: `sqlite:${join(scratch, `${search}.db`)}`, search });
    const [first, second] = ids(await ask(app, { user: "ann", k: 2 }));
    expect((await change(app, { items: [{ id: first, available: false }], remove: [second] })).json()).toEqual({ version: 1, kept: true, changed: 2 });
    const left = ids(await ask(app, { user: "ann", k: 6 }));
    expect(left).toHaveLength(4);
    expect(left).not.toContain(first);
    expect((await change(app, { items: [{ id: first, available: true }, { id: second }] })).json().version).toBe(2);
    expect(ids(await ask(app, { user: "ann", k: 2 }))).toEqual([first, second]);

    // Where the one who asks stands, ten times as far: nearer than any other.
    const { embedding } = (await inject(app, { method: "POST", url: "/models/shop/predict", headers: { "content-type": "application/json" }, payload: '{"user": "ann"}' })).json().predictions[0] as { embedding: number[] };
    await change(app, { items: [{ id: "new", popularity: 1000, metadata: { shelf: "garden" }, vector: embedding.map((x) => 10 * x) }, { id: "unplaced" }], cold: ["100"] });
    expect((await ask(app, { user: "ann", k: 1 })).json()).toMatchObject({ items: [{ id: "new", metadata: { shelf: "garden" } }], catalogue: { version: 3 } });
    expect(ids(await ask(app, { user: "ann", k: 9, filter: { shelf: ["garden", "attic"] } }))).toEqual(["new"]);
    expect(ids(await ask(app, { user: "ann", k: 9 }))).not.toContain("unplaced");
    expect(ids(await ask(app, { k: 9 }))).toEqual(["100"]);
    expect((await inject(app, "/models/shop/catalogue?after=6&limit=1")).json()).toEqual({ version: 3, kept: true, changed: { at: expect.any(String), by: "anonymous" }, counts: { items: 8, unavailable: 0, added: 2 }, cold: ["100"], items: [{ id: "new", available: true, popularity: 1000, metadata: { shelf: "garden" }, found: true }], next: 7 });
    expect((await inject(app, "/models/shop/catalogue?text=GARDEN")).json()).toMatchObject({ items: [{ id: "new" }], next: null });
    expect((await inject(app, "/models/shop/catalogue?text=10")).json().items.map((i: { id: string }) => i.id)).toEqual(["100", "101", "102", "103", "104", "105"]);
    expect((await inject(app, `/models/shop/catalogue?text=${"x".repeat(201)}`)).json().error).toMatchObject({ code: "recommend-request", where: "text" });
    await change(app, { items: [{ id: "100", available: false }], remove: ["unplaced", "101"] });
    expect((await inject(app, "/models/shop/catalogue")).json().counts).toEqual({ items: 6, unavailable: 1, added: 1 });
    await change(app, { items: [{ id: "100", available: true }, { id: "101" }, { id: "unplaced" }] });
    expect((await inject(app, "/models/shop/catalogue?after=7")).json()).toMatchObject({ items: [{ id: "unplaced", found: false }], next: null });
  });
});

it("who changes a catalogue sees the change in the next answer, however many ask meanwhile", async () => {
  const app = await serve([factors], { url: `sqlite:${join(scratch, "busy.db")}` });
  for (const available of [false, true, false, true]) {
    const asking = Array.from({ length: 20 }, () => ask(app, { user: "ann", k: 6 }));
    await change(app, { items: [{ id: "100", available }] });
    expect(ids(await ask(app, { user: "ann", k: 6 })).includes("100")).toBe(available);
    await Promise.all(asking);
  }
});

it("a request of many queries ends where its time is over, or nobody waits for it", async () => {
  const model = await loadModelPackage((await packModel(factors.path, factors.bytes, { name: "shop", recommend: factors.options! })).package, { placement: "inline" });
  const catalogues = new Catalogues({ store: () => CatalogueStore.open("sqlite::memory:"), kept: false, intervalMs: 0, search: "exact" });
  opened.push(model, catalogues);
  const { queries } = readQueries({ queries: Array.from({ length: 5 }, () => ({ k: 1 })) });
  const never = (): Promise<never> => Promise.reject(new Error("there is nothing to ask the model"));
  const over = new AbortController();
  expect(await recommend(model, await catalogues.of(model), queries, never, over.signal)).toHaveLength(5);
  over.abort(new Error("over"));
  await expect(recommend(model, await catalogues.of(model), queries, never, over.signal)).rejects.toThrow("over");
});

it("a change of a catalogue is done whole or not at all", async () => {
  const app = await serve([factors]);
  for (const [payload, status] of [[{ items: [{ id: "100", available: "no" }] }, 400], [{ items: [{ id: "100", vector: [1] }] }, 400], [{ items: [{ id: "100", colour: "red" }] }, 400], [{ remove: ["100", "no such"] }, 404], [{}, 400], [{ items: [{ id: "100" }], remove: ["100"] }, 400], [{ remove: ["100"], if_version: 3 }, 409]] as const) {
    expect((await change(app, payload)).statusCode, JSON.stringify(payload)).toBe(status);
  }
  expect((await inject(app, "/models/shop/catalogue")).json().version).toBe(0);
  expect((await change(app, { remove: ["100"], if_version: 0 })).json()).toEqual({ version: 1, kept: false, changed: 1 });
});

const postgresThere = hasPostgres();
describe.each([["a SQLite file"], ["Postgres"]])("replicas over %s", (kind) => {
  let postgres: TestPostgres | undefined;
  beforeAll(async () => {
    if (kind === "Postgres" && postgresThere) postgres = await startPostgres();
  });
  afterAll(() => postgres?.stop());

  it.skipIf(kind === "Postgres" && !postgresThere)("agree on what is in the catalogue, also when both change it at once", async () => {
    const url = postgres?.create("catalogues") ?? `sqlite:${join(scratch, "shared.db")}`;
    const [one, other] = [await serve([factors], { url }), await serve([factors], { url })];
    await change(one, { remove: ["100"] });
    expect(ids(await ask(other, { user: "ann", k: 6 }))).not.toContain("100");
    await Promise.all(["101", "102", "103", "104"].map((id, i) => change(i % 2 === 0 ? one : other, { items: [{ id, available: false }] })));
    for (const app of [one, other]) expect([(await inject(app, "/models/shop/catalogue")).json().version, ids(await ask(app, { user: "ann", k: 6 }))]).toEqual([5, ["105"]]);
  });
});

/** A tower of one layer: [N, wide] floats to [N, 2]. */
function tower(weights: readonly number[]): Uint8Array {
  const o = new Ops(new GraphBuilder());
  const x = o.graph.input("x", "float", ["N", weights.length / 2]);
  o.graph.output("vector", o.graph.op("MatMul", [x, o.graph.constant({ type: "float", shape: [weights.length / 2, 2], data: Float32Array.from(weights) })]));
  return serializeModel(o.graph.finish());
}

it("two towers: items by their own tower, also those that come later", async () => {
  const itemTower = join(scratch, "item-tower.onnx");
  writeFileSync(itemTower, tower([1, 0, 0, 1]));
  const items = { file: "items.json", text: JSON.stringify([{ id: "east", x: "[1, 0]" }, { id: "north", x: "[0, 1]" }, { id: "west", x: "[-1, 0]" }]) };
  const odd = { file: "items.json", text: JSON.stringify([{ id: "east", x: "[-]" }]) };
  await expect(packModel("user.onnx", tower([1, 0, 0, 1, 0, 0]), { name: "shop", recommend: { k: 1, cold: "refused", items: odd, tower: itemTower } })).rejects.toMatchObject({ code: expect.stringMatching(/^request-/) });
  const app = await serve([
    { name: "shop", path: "user.onnx", bytes: tower([1, 0, 0, 1, 0, 0]), options: { k: 3, cold: "refused", items, tower: itemTower, similarity: "cosine" } },
    { name: "items", path: itemTower, bytes: readFileSync(itemTower) },
    { name: "far", path: "far.onnx", bytes: tower([10, 0, 0, 10]) },
  ]);
  expect(ids(await ask(app, { user: { x: [2, 1, 9] } }))).toEqual(["east", "north", "west"]);
  expect((await ask(app, { user: "somebody" })).statusCode).toBe(400);
  expect((await ask(app, {})).json().error.code).toBe("recommend-without-history");
  expect((await change(app, { tower: "items", items: [{ id: "north-east", row: { x: [2, 1] } }] })).statusCode).toBe(200);
  expect((await change(app, { tower: "far", items: [{ id: "nowhere", row: { x: [3e38, 0] } }] })).json().error).toMatchObject({ code: "catalogue-invalid", where: "items[0].row" });
  expect((await ask(app, { user: { x: [2, 1, 0] }, k: 1 })).json().items).toEqual([{ id: "north-east", score: expect.closeTo(1, 6) }]);
  expect(ids(await ask(app, { items: ["north-east"], k: 2 }))).toEqual(["east", "north"]);
  expect((await inject(app, { method: "POST", url: "/models/items/recommend", headers: { "content-type": "application/json" }, payload: "{}" })).json().error.code).toBe("recommend-none");
});

it("only who may use the model is answered, only operators change its catalogue, and a tower is a model as any other", async () => {
  const keys = { shop: makeKey({ name: "shop", roles: ["predictor"], models: ["shop"] }), other: makeKey({ name: "other", roles: ["predictor", "viewer", "operator"], models: ["other"] }), operator: makeKey({ name: "operator", roles: ["operator"], models: ["shop"] }) };
  const catalogues = new Catalogues({ store: () => CatalogueStore.open("sqlite::memory:"), kept: false, intervalMs: 0, search: "exact" });
  const models = await Promise.all([factors, { name: "items", path: "items.onnx", bytes: tower([1, 0, 0, 1]), options: undefined }].map(async ({ name, path, bytes, options }) => loadModelPackage((await packModel(path, bytes, { name, ...(options === undefined ? {} : { recommend: options }) })).package, { placement: "inline" })));
  const app = createServer({ models, options: { auth: { administration: "any-port", keys: { keys: Object.values(keys).map((k) => k.record) } }, protocols: [recommendProtocol(catalogues)] } });
  opened.push(catalogues, { close: () => app.context.models.close() });
  const status = async (who: keyof typeof keys | undefined, method: "GET" | "POST" | "PATCH", path: string, payload?: object): Promise<number> =>
    (await inject(app, { method, url: `/models/shop/${path}`, headers: { "content-type": "application/json", ...(who === undefined ? {} : { authorization: `Bearer ${keys[who].key}` }) }, ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }) })).statusCode;
  expect(await status("shop", "POST", "recommend", { k: 1 })).toBe(200);
  const gone = { remove: ["100"] };
  for (const [who, denied] of [[undefined, 401], ["other", 403]] as const) {
    expect([await status(who, "POST", "recommend", { k: 1 }), await status(who, "POST", "search", { query: "x" }), await status(who, "GET", "catalogue"), await status(who, "PATCH", "catalogue", gone)], who).toEqual([denied, denied, denied, denied]);
  }
  expect(await status("shop", "PATCH", "catalogue", gone)).toBe(403);
  expect(await status("operator", "PATCH", "catalogue", { tower: "items", items: [{ id: "new", row: { x: [1, 2] } }] })).toBe(403);
  expect(await status("operator", "PATCH", "catalogue", gone)).toBe(200);
});

it("nearest neighbours: the shop's own model", async () => {
  const folder = join(import.meta.dirname, "../../../../examples/shop-recommendations");
  const app = await serve([{ name: "shop", path: "recommend.joblib", bytes: readFileSync(join(folder, "recommend.joblib")), options: { k: 8, cold: "popular", popularity: "views", items: { file: "items.json", text: readFileSync(join(folder, "items.json"), "utf8") } } }]);
  const found = ids(await ask(app, { items: ["duvet", "pillow"], k: 8 }));
  expect(found).toContain("bed-linen");
  expect(found).not.toContain("duvet");
  await change(app, { items: [{ id: "bed-linen", available: false }] });
  expect(ids(await ask(app, { items: ["duvet", "pillow"], k: 8 }))).toEqual([...found.filter((id) => id !== "bed-linen"), expect.any(String)]);
});
