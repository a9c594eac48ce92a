// POST /v1/embeddings: a vector for each text, from a language model or from a served model of texts.

import { infer, jsonAnswer, type Answer, type Call, type ServerContext } from "../../server/index.ts";
import type { LanguageModel } from "../engine/language-model.ts";
import { Fields, unsupported, wrong } from "./fields.ts";

const MAX_TEXTS = 2048;
/** What models of texts call it. */
const EMBEDDING = "embedding";

interface Vectors {
  readonly vectors: readonly ArrayLike<number>[];
  /** Tokens that were read, where they are counted. */
  readonly tokens?: number;
  readonly length: number;
}

export async function embeddings(call: Call, body: unknown, find: (name: string) => LanguageModel, context: ServerContext): Promise<Answer> {
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
  const name = fields.text("model");
  const { vectors, tokens, length } = context.models.entries.has(name) ? await ofTexts(call, name, texts, context) : await ofLanguage(call, find(name), texts);
  const dimensions = fields.count("dimensions", 1, 2 ** 20);
  if (dimensions !== undefined && dimensions !== length) throw unsupported("dimensions", `${name} gives ${length} of them`);
  return jsonAnswer({
    object: "list", model: name, ...(tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
    data: vectors.map((vector, index) => ({ object: "embedding", index, embedding: format === "float" ? Array.from(vector) : Buffer.from(Float32Array.from(vector).buffer).toString("base64") })),
  });
}

async function ofLanguage(call: Call, model: LanguageModel, texts: readonly string[]): Promise<Vectors> {
  return { ...(await model.embed(texts, call)), length: model.info.embeddingLength };
}

async function ofTexts(call: Call, name: string, texts: readonly string[], context: ServerContext): Promise<Vectors> {
  const model = await context.models.select(call, { name });
  if (!model.signature.outputs.some((o) => o.name === EMBEDDING)) throw unsupported("model", `${name} gives no embeddings`);
  const { prediction } = await infer(context, call, model, { kind: "texts", texts }, { outputs: [EMBEDDING] });
  const { data, width } = prediction.outputs[0]!;
  return { vectors: texts.map((_, i) => (data as Float32Array).subarray(i * width, (i + 1) * width)), length: width };
}
