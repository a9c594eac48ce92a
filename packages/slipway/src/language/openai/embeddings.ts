// POST /v1/embeddings: a vector for each text.

import { jsonAnswer, type Answer, type Call } from "../../server/index.ts";
import type { LanguageModel } from "../engine/language-model.ts";
import { Fields, unsupported, wrong } from "./fields.ts";

const MAX_TEXTS = 2048;

export async function embeddings(call: Call, body: unknown, find: (name: string) => LanguageModel): Promise<Answer> {
  const fields = new Fields(body);
  const input = fields.raw("input");
  const texts = typeof input === "string" ? [input] : fields.list("input", MAX_TEXTS).map((t) => {
    if (typeof t === "number" || Array.isArray(t)) throw unsupported("input", "texts are embedded, not tokens");
    if (typeof t !== "string") throw wrong("input", "a text, or a list of them", t);
    return t;
  });
  if (texts.length === 0 || texts.some((t) => t === "")) throw wrong("input", "texts that are not empty", input);
  const format = fields.optionalText("encoding_format") ?? "float";
  if (format !== "float" && format !== "base64") throw wrong("encoding_format", "float or base64", format);
  const model = find(fields.text("model"));
  const dimensions = fields.count("dimensions", 1, 2 ** 20);
  if (dimensions !== undefined && dimensions !== model.info.embeddingLength) throw unsupported("dimensions", `${model.name} gives ${model.info.embeddingLength} of them`);
  const { vectors, tokens } = await model.embed(texts, call);
  return jsonAnswer({
    object: "list", model: model.name, usage: { prompt_tokens: tokens, total_tokens: tokens },
    data: vectors.map((vector, index) => ({ object: "embedding", index, embedding: format === "float" ? vector : Buffer.from(Float32Array.from(vector).buffer).toString("base64") })),
  });
}
