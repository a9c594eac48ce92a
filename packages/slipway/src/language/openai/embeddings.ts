// POST /v1/embeddings: a vector for each text, from a language model or a served model of texts; for each picture or sound, from
// a model of those.

import type { ModelInput } from "@slipway/core/predict";
import { infer, jsonAnswer, readFiles, takesFiles, type Answer, type Call, type ServerContext } from "../../server/index.ts";
import type { LanguageModel } from "../engine/language-model.ts";
import { filesOf } from "./embedding-files.ts";
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
  const name = fields.text("model");
  const format = fields.optionalText("encoding_format") ?? "float";
  if (format !== "float" && format !== "base64") throw wrong("encoding_format", "float or base64", format);
  const { vectors, tokens, length } = await vectorsOf(call, name, fields, find, context);
  const dimensions = fields.count("dimensions", 1, 2 ** 20);
  if (dimensions !== undefined && dimensions !== length) throw unsupported("dimensions", `${name} gives ${length} of them`);
  return jsonAnswer({
    object: "list", model: name, ...(tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
    data: vectors.map((vector, index) => ({ object: "embedding", index, embedding: format === "float" ? Array.from(vector) : Buffer.from(Float32Array.from(vector).buffer).toString("base64") })),
  });
}

async function vectorsOf(call: Call, name: string, fields: Fields, find: (name: string) => LanguageModel, context: ServerContext): Promise<Vectors> {
  if (!context.models.entries.has(name)) return ofLanguage(call, find(name), textsOf(fields));
  const model = await context.models.select(call, { name });
  if (!model.signature.outputs.some((o) => o.name === EMBEDDING)) throw unsupported("model", `${name} gives no embeddings`);
  const input: ModelInput = takesFiles(model.signature) ? await readFiles(filesOf(fields, model.signature), call, model.signature) : { kind: "texts", texts: textsOf(fields) };
  const { prediction: { outputs: [found], rows } } = await infer(context, call, model, input, { outputs: [EMBEDDING] });
  const { data, width } = found!;
  return { vectors: Array.from({ length: rows }, (_, i) => (data as Float32Array).subarray(i * width, (i + 1) * width)), length: width };
}

function textsOf(fields: Fields): string[] {
  const input = fields.raw("input");
  const texts = typeof input === "string" ? [input] : fields.list("input", MAX_TEXTS).map((t) => {
    if (typeof t === "number" || Array.isArray(t)) throw unsupported("input", "texts are embedded, not tokens");
    if (typeof t !== "string") throw wrong("input", "a text, or a list of them", t);
    return t;
  });
  if (texts.length === 0 || texts.some((t) => t === "")) throw wrong("input", "texts that are not empty", input);
  return texts;
}

async function ofLanguage(call: Call, model: LanguageModel, texts: readonly string[]): Promise<Vectors> {
  return { ...(await model.embed(texts, call)), length: model.info.embeddingLength };
}
