/* oxlint-disable typescript/no-explicit-any -- what Python wrote, as it is */
// Text models of each kind of tokenizer beside what Hugging Face's tokenizers and ONNX Runtime in Python give for hard texts.

import { mkdtempSync, readFileSync, rmSync, writeFileSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSlip, writeSlip } from "@slipway/core/package";
import { afterAll, describe, expect, it } from "vitest";
import { loadModelPackage, openModel, type Model } from "../index.ts";
import { TextTokenizer } from "./text-tokenizer.ts";

const root = fileURLToPath(new URL("../../../../../corpus/language/", import.meta.url));
const json = (name: string, file: string): any => JSON.parse(readFileSync(join(root, name, file), "utf8")) as unknown;
const scratch = mkdtempSync(join(tmpdir(), "slipway-text-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Through a package and back. */
async function load(name: string): Promise<Model> {
  const { package: pkg } = await openModel(join(root, name));
  return loadModelPackage(await readSlip(writeSlip(pkg)));
}
const rowsOf = (expected: { texts: readonly (string | readonly [string, string])[] }): object[] => expected.texts.map((t) => (typeof t === "string" ? { text: t } : { text: t[0], text_pair: t[1] }));

describe("tokens", () => {
  it.each(["wordpiece-embedding", "bpe-classifier", "unigram-reranker", "wordpiece-pairs", "wordpiece-tokens"])("%s: those of the Python library, whole and cut", (name) => {
    const expected = json(name, "expected.json");
    const config = json(name, "tokenizer_config.json");
    const whole = new TextTokenizer(json(name, "tokenizer.json") as object, config as object, 1e6);
    const cut = new TextTokenizer(json(name, "tokenizer.json") as object, config as object, config.model_max_length as number);
    for (const [i, t] of (expected.texts as (string | [string, string])[]).entries()) {
      const [text, pair] = typeof t === "string" ? [t] : t;
      expect(whole.encode(text!, pair).ids, String(t)).toEqual(expected.ids[i]);
      expect(cut.encode(text!, pair).ids, String(t)).toEqual(expected.cut[i]);
    }
  });
});

describe("a folder with a tokenizer and a network", () => {
  it("gives embeddings, pooled and normalized as sentence-transformers has it", async () => {
    const model = await load("wordpiece-embedding");
    const expected = json("wordpiece-embedding", "expected.json");
    const answers = await model.predict(expected.texts);
    answers.forEach((a, i) => (a["embedding"] as number[]).forEach((x, k) => expect(x).toBeCloseTo(expected.embeddings[i][k] as number, 5)));
    // A text alone, whose batch is not padded, is the same.
    const alone = await model.predict([expected.texts[4]]);
    (alone[0]!["embedding"] as number[]).forEach((x, k) => expect(x).toBeCloseTo(expected.embeddings[4][k] as number, 5));
    await model.close();
  });
  it("classifies texts, pairs and tokens", async () => {
    for (const name of ["bpe-classifier", "wordpiece-pairs"]) {
      const model = await load(name);
      const expected = json(name, "expected.json");
      const labels = Object.values(json(name, "config.json").id2label as object) as string[];
      const answers = await model.predict(rowsOf(expected));
      answers.forEach((a, i) => {
        const p = expected.probabilities[i] as number[];
        expect(a["label"]).toBe(labels[p.indexOf(Math.max(...p))]);
        labels.forEach((l, k) => expect((a["probabilities"] as Record<string, number>)[l]).toBeCloseTo(p[k]!, 5));
      });
      await model.close();
    }
    const tokens = await load("wordpiece-tokens");
    const expected = json("wordpiece-tokens", "expected.json");
    const answers = await tokens.predict(expected.texts);
    answers.forEach((a, i) => {
      const found = JSON.parse(a["entities"] as string) as { entity: string; score: number; index: number }[];
      const wanted = (expected.tokens[i] as { label: string; score: number }[]).flatMap((t, index, all) => (t.label === "O" || index === 0 || index === all.length - 1 ? [] : [{ entity: t.label, score: t.score, index }]));
      expect(found.map(({ entity, index }) => [entity, index])).toEqual(wanted.map(({ entity, index }) => [entity, index]));
      found.forEach((f, k) => expect(f.score).toBeCloseTo(wanted[k]!.score, 5));
    });
    await tokens.close();
  });
  it("ranks answers to a question", async () => {
    const model = await load("unigram-reranker");
    const expected = json("unigram-reranker", "expected.json");
    const answers = await model.predict(rowsOf(expected));
    answers.forEach((a, i) => expect(a["score"]).toBeCloseTo(expected.scores[i] as number, 5));
    await expect(model.predict([{ text: "alone" }])).rejects.toMatchObject({ code: "request-invalid" });
    await model.close();
  });
  it("says what is wrong with it", async () => {
    const broken = (name: string, change: (folder: string) => void): string => {
      const folder = join(scratch, name);
      cpSync(join(root, "wordpiece-embedding"), folder, { recursive: true });
      change(folder);
      return folder;
    };
    await expect(openModel(broken("a", (f) => rmSync(join(f, "onnx"), { recursive: true })))).rejects.toMatchObject({ code: "text-folder" });
    await expect(openModel(broken("b", (f) => writeFileSync(join(f, "tokenizer.json"), "{")))).rejects.toMatchObject({ code: "text-folder" });
    await expect(openModel(broken("c", (f) => writeFileSync(join(f, "config.json"), '{"architectures": ["BertForQuestionAnswering"]}')))).rejects.toMatchObject({ code: "text-unsupported" });
    await expect(openModel(broken("d", (f) => writeFileSync(join(f, "1_Pooling", "config.json"), '{"pooling_mode_lasttoken": true}')))).rejects.toMatchObject({ code: "text-unsupported" });
    const { package: pkg } = await openModel(join(root, "wordpiece-embedding"));
    await expect(loadModelPackage({ ...pkg, text: { task: "embedding" } })).rejects.toMatchObject({ code: "text-folder" });
  });
});
