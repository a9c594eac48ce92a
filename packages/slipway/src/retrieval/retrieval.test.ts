import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSlip, writeSlip } from "@slipway/core/package";
import { afterAll, describe, expect, it } from "vitest";
import { Catalogues, CatalogueStore, recommendProtocol } from "../recommend/index.ts";
import { loadModelPackage, openModel } from "../runtime/index.ts";
import { createServer } from "../server/index.ts";
import { inject } from "../server/testing.ts";
import { makeIndex, readFolder } from "./index.ts";
import { passagesOf } from "./passages.ts";

const corpus = fileURLToPath(new URL("../../../../corpus/language/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-index-"));
afterAll(() => rmSync(folder, { recursive: true }));
const code = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a document", () => {
  it("is cut into paragraphs under its headings", () => {
    expect(passagesOf("a.md", "# Lamps\n\nThey are\nbright.\n\n## Care\n\n- wipe\n- dry\n\n### Wet ones ###\nNot outside.\n\n## Sale\n\n```\n# no heading\n\nx\n```\n")).toEqual([
      { document: "a.md", title: "Lamps", section: "", text: "They are bright." },
      { document: "a.md", title: "Lamps", section: "Care", text: "- wipe - dry" },
      { document: "a.md", title: "Lamps", section: "Care > Wet ones", text: "Not outside." },
      { document: "a.md", title: "Lamps", section: "Sale", text: "``` # no heading x ```" },
    ]);
    expect(passagesOf("b.txt", "\ufeffplain\r\n\r\ntext")).toEqual([{ document: "b.txt", title: "b.txt", section: "", text: "plain" }, { document: "b.txt", title: "b.txt", section: "", text: "text" }]);
  });

  it("has no passage that is too long, and loses nothing", () => {
    const words = Array.from({ length: 700 }, (_, i) => (i % 30 === 29 ? `word${i}.` : `word${i}`));
    const parts = passagesOf("a.txt", words.join(" ")).map((p) => p.text);
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts) expect(part.length).toBeLessThanOrEqual(1200);
    for (const part of parts.slice(0, -1)) expect(part.endsWith(".")).toBe(true);
    expect(parts.join(" ")).toBe(words.join(" "));
    expect(passagesOf("a.txt", "x".repeat(3000)).map((p) => p.text.length)).toEqual([1200, 1200, 600]);
  });
});

describe("a folder", () => {
  it("is read with what is below it; what is no text is left out and named", () => {
    mkdirSync(join(folder, "docs", "more"), { recursive: true });
    writeFileSync(join(folder, "docs", "one.md"), "# One\n\nthe cat sat\n");
    writeFileSync(join(folder, "docs", "more", "two.TXT"), "a dog ran\n");
    writeFileSync(join(folder, "docs", "picture.png"), "png");
    expect(readFolder(join(folder, "docs"))).toMatchObject({ documents: 2, left: ["picture.png"], passages: [{ document: "more/two.TXT" }, { document: "one.md" }] });
    mkdirSync(join(folder, "empty"));
    expect([code(() => readFolder(join(folder, "empty"))), code(() => readFolder(join(folder, "nowhere")))]).toEqual(["index-folder", "index-folder"]);
    writeFileSync(join(folder, "empty", "latin.txt"), Buffer.from([0x63, 0xe9]));
    expect(code(() => readFolder(join(folder, "empty")))).toBe("index-folder");
  });

  it("is found in as its embedder says, also one with a tokenizer of its own", async () => {
    const { package: embedder } = await openModel(join(corpus, "wordpiece-embedding"));
    const { texts, embeddings } = JSON.parse(readFileSync(join(corpus, "wordpiece-embedding", "expected.json"), "utf8")) as { texts: string[]; embeddings: number[][] };
    // The texts alone, so that what the embedder's own library computed can be compared with.
    const passages = texts.map((text, i) => ({ document: `${i}.txt`, title: text, section: "", text: "" }));
    const made = await makeIndex(embedder, passages, { name: "docs" });
    const model = await loadModelPackage(await readSlip(writeSlip(made)), { placement: "inline" });
    const catalogues = new Catalogues({ store: () => CatalogueStore.open("sqlite::memory:"), kept: false, intervalMs: 0, search: "exact" });
    const app = createServer({ models: [model], options: { auth: { administration: "any-port", anonymous: "admin" }, protocols: [recommendProtocol(catalogues)] } });
    try {
      const search = (payload: object): ReturnType<typeof inject> => inject(app, { method: "POST", url: "/models/docs/search", headers: { "content-type": "application/json" }, payload: JSON.stringify(payload) });
      const cosine = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b);
      const { results } = (await search({ query: texts[15]!, k: texts.length })).json() as { results: { id: string; document: string; score: number }[] };
      expect(results).toHaveLength(texts.length);
      for (const { id, document, score } of results) {
        expect(id).toBe(`${document}#1`);
        expect(score).toBeCloseTo(cosine(embeddings[15]!, embeddings[Number.parseInt(document)]!), 5);
      }
      expect(results.map((r) => r.score)).toEqual(results.map((r) => r.score).toSorted((a, b) => b - a));
      expect((await search({ query: texts[15]!, k: 50, filter: { document: ["0.txt", "1.txt"] } })).json().results).toHaveLength(2);
      for (const payload of [{}, { query: " " }, { query: "x", user: "y" }, { query: 7 }]) expect((await search(payload)).statusCode).toBe(400);
      // What is said of a passage takes the place of nothing that was found.
      await inject(app, { method: "PATCH", url: "/models/docs/catalogue", headers: { "content-type": "application/json" }, payload: JSON.stringify({ items: [{ id: "15.txt#1", metadata: { id: "another", score: 7, shelf: "a" } }] }) });
      expect((await search({ query: texts[15]!, k: 1 })).json().results).toEqual([expect.objectContaining({ id: "15.txt#1", score: expect.closeTo(1, 5), shelf: "a" })]);
      // It is the embedder still.
      const [row] = (await model.predict([texts[0]!])) as unknown as { embedding: number[] }[];
      row!.embedding.forEach((x, i) => expect(x).toBeCloseTo(embeddings[0]![i]!, 5));
    } finally {
      await app.context.models.close();
      await catalogues.close();
    }
  });

  it("is not indexed by what gives no vector", async () => {
    const { package: classifier } = await openModel(join(corpus, "bpe-classifier"));
    await expect(makeIndex(classifier, passagesOf("a.txt", "x"), { name: "docs" })).rejects.toMatchObject({ code: "index-embedder" });
  });
});
