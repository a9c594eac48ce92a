// A network over token ids as a session over texts: tokens of all rows padded to the longest, then what the task makes of the
// network's answer. Pooling after sentence-transformers 5, labels and entities after transformers' pipelines.

import type { EngineTensor, Session } from "@slipway/core/predict";
import { textError } from "./errors.ts";
import type { TextSettings } from "./text-folder.ts";
import { TextTokenizer, type Tokens } from "./text-tokenizer.ts";

export const TEXTS = "slipway.strings";
const KNOWN = /^(?:input_ids|attention_mask|token_type_ids|position_ids)$/;

/** @throws SlipwayError text-unsupported, text-folder */
export function textSession(network: Session, settings: TextSettings): Session {
  const foreign = network.inputs.find((i) => !KNOWN.test(i.name));
  if (foreign !== undefined) throw textError("text-unsupported", `the network takes ${JSON.stringify(foreign.name.slice(0, 100))}, which is made of no text`);
  const tokenizer = tokenizerOf(settings);
  const pad = settings.padToken === undefined ? 0 : (tokenizer.idOf(settings.padToken) ?? 0);
  const source = sourceOf(network, settings);
  return {
    inputs: [{ name: TEXTS, type: "string" }], outputNames: [], ...(network.concurrency === undefined ? {} : { concurrency: network.concurrency }),
    async run(feeds) {
      const { data, dims } = feeds[TEXTS]!;
      const texts = data as string[];
      const width = dims[1] ?? 1;
      const rows = Array.from({ length: dims[0]! }, (_, row) => tokenizer.encode(texts[row * width]!, width > 1 ? texts[row * width + 1] : undefined));
      const given = inputsOf(network, rows, pad);
      const answer = (await network.run(given, [source]))[source]!;
      return read(answer, rows, settings, tokenizer);
    },
    close: () => network.close(),
  };
}

function tokenizerOf(settings: TextSettings): TextTokenizer {
  try {
    return new TextTokenizer(JSON.parse(settings.tokenizer) as object, JSON.parse(settings.tokenizerConfig) as object, settings.maxTokens);
  } catch (cause) {
    throw textError("text-folder", `tokenizer.json cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, { where: "tokenizer.json", cause });
  }
}

/** Which of the network's outputs: vectors that are whole already, then those of tokens. */
function sourceOf({ outputNames }: Session, { task }: TextSettings): string {
  const wanted = task === "embedding" ? ["sentence_embedding", "last_hidden_state", "token_embeddings"] : ["logits"];
  return wanted.find((name) => outputNames.includes(name)) ?? outputNames[0]!;
}

function inputsOf(network: Session, rows: readonly Tokens[], pad: number): Record<string, EngineTensor> {
  const length = Math.max(1, ...rows.map((r) => r.ids.length));
  const dims = [rows.length, length];
  const values: Readonly<Record<string, (row: Tokens, at: number) => number>> = {
    input_ids: (r, i) => r.ids[i] ?? pad, attention_mask: (r, i) => (i < r.ids.length ? 1 : 0), token_type_ids: (r, i) => r.types[i] ?? 0, position_ids: (_, i) => i,
  };
  return Object.fromEntries(network.inputs.map(({ name, type }) => {
    const at = (i: number): number => values[name]!(rows[Math.floor(i / length)]!, i % length);
    const data = type === "int32" ? Int32Array.from({ length: rows.length * length }, (_, i) => at(i)) : BigInt64Array.from({ length: rows.length * length }, (_, i) => BigInt(at(i)));
    return [name, { type, dims, data }];
  }));
}

function read(answer: EngineTensor, rows: readonly Tokens[], settings: TextSettings, tokenizer: TextTokenizer): Record<string, EngineTensor> {
  const data = answer.data as Float32Array;
  if (!(data instanceof Float32Array)) throw textError("text-unsupported", `the network answers in ${answer.type}, not float32`);
  const [count = 0, length = 1, width = 1] = answer.dims.length === 2 ? [answer.dims[0], 1, answer.dims[1]] : answer.dims;
  if (count !== rows.length) throw textError("text-unsupported", `the network gave [${answer.dims.join(", ")}] for ${rows.length} texts`);
  if (settings.task === "embedding") return { embedding: { type: "float32", dims: [count, width], data: vectors(data, rows, length, width, answer.dims.length === 2, settings) } };
  if (settings.task === "tokens") return { entities: { type: "string", dims: [count], data: rows.map((row, i) => entities(data.subarray(i * length * width, (i + 1) * length * width), row, width, settings, tokenizer)) } };
  if (settings.labels.length !== width) throw textError("text-folder", `config.json names ${settings.labels.length} labels, and the network gives ${width}`, { where: "config.json" });
  if (width === 1) return { score: { type: "float32", dims: [count], data: Float32Array.from(data, (x) => 1 / (1 + Math.exp(-x))) } };
  const probabilities = new Float32Array(count * width);
  for (let i = 0; i < count; i++) probabilities.set(settings.multiLabel ? data.subarray(i * width, (i + 1) * width).map((x) => 1 / (1 + Math.exp(-x))) : softmax(data.subarray(i * width, (i + 1) * width)), i * width);
  const label = Array.from({ length: count }, (_, i) => settings.labels[largest(data.subarray(i * width, (i + 1) * width))]!);
  return { label: { type: "string", dims: [count], data: label }, probabilities: { type: "float32", dims: [count, width], data: probabilities } };
}

function vectors(data: Float32Array, rows: readonly Tokens[], length: number, width: number, whole: boolean, { pooling, normalize }: TextSettings): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (const [i, { ids }] of rows.entries()) {
    const vector = out.subarray(i * width, (i + 1) * width);
    if (whole || pooling === "cls") vector.set(data.subarray(i * length * width, i * length * width + width));
    else pool(data.subarray(i * length * width), ids.length, width, pooling, vector);
    if (!normalize) continue;
    // torch.nn.functional.normalize: a vector of nothing stays one.
    const norm = Math.max(1e-12, Math.sqrt(vector.reduce((n, x) => n + x * x, 0)));
    for (let k = 0; k < width; k++) vector[k]! /= norm;
  }
  return out;
}

function pool(tokens: Float32Array, count: number, width: number, pooling: Pooling, out: Float32Array): void {
  for (let k = 0; k < width; k++) {
    let sum = 0;
    let most = -1e9;
    for (let t = 0; t < count; t++) {
      const x = tokens[t * width + k]!;
      sum += x;
      if (x > most) most = x;
    }
    out[k] = pooling === "max" ? most : pooling === "mean_sqrt_len" ? sum / Math.sqrt(Math.max(count, 1e-9)) : sum / Math.max(count, 1e-9);
  }
}
type Pooling = TextSettings["pooling"];

/** As transformers' token-classification pipeline gives them without aggregation: tokens that are something. */
function entities(logits: Float32Array, { ids }: Tokens, width: number, { labels }: TextSettings, tokenizer: TextTokenizer): string {
  const found: object[] = [];
  for (const [index, id] of ids.entries()) {
    if (tokenizer.isSpecial(index, ids.length)) continue;
    const probabilities = softmax(logits.subarray(index * width, (index + 1) * width));
    const best = largest(probabilities);
    if (labels[best] !== "O") found.push({ entity: labels[best], score: probabilities[best], index, word: tokenizer.tokenOf(id) });
  }
  return JSON.stringify(found);
}

function softmax(values: Float32Array): Float32Array {
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const e = Float64Array.from(values, (x) => Math.exp(x - most));
  const sum = e.reduce((a, b) => a + b, 0);
  return Float32Array.from(e, (x) => x / sum);
}
function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
