// A folder as Hugging Face's libraries keep a text model with its network in ONNX: config.json, tokenizer.json, model.onnx
// (also in onnx/), and sentence-transformers' modules beside them. Only read: nothing in it is run, nothing is fetched.

import { lstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Column, Output, Signature } from "@slipway/core/package";
import { textError } from "./errors.ts";

export type TextTask = "embedding" | "classification" | "tokens";
export type Pooling = "mean" | "cls" | "max" | "mean_sqrt_len";

/** What a session needs beside the network. Plain data. */
export interface TextSettings {
  readonly task: TextTask;
  readonly tokenizer: string;
  readonly tokenizerConfig: string;
  readonly padToken: string | undefined;
  readonly maxTokens: number;
  readonly labels: readonly string[];
  /** Probabilities of their own, which do not add up to one. */
  readonly multiLabel: boolean;
  /** Whether it judges two texts together. */
  readonly pairs: boolean;
  readonly pooling: Pooling;
  readonly normalize: boolean;
}
export interface TextFolder {
  readonly model: Uint8Array;
  /** The network's own path. */
  readonly file: string;
  readonly settings: TextSettings;
  readonly className: string;
  readonly notes: readonly string[];
}

const NETWORKS = ["model.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx"];
const MAX_JSON = 256 * 2 ** 20;
const USUAL_TOKENS = 512;
/** What libraries write for "no limit". */
const NO_LIMIT = 1e9;

export function isTextFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && plainFile(path, "tokenizer.json") && plainFile(path, "config.json");
}

/** @throws SlipwayError text-folder, text-unsupported */
export function readTextFolder(path: string): TextFolder {
  const config = json(path, "config.json")!;
  const tokenizerConfig = json(path, "tokenizer_config.json", true) ?? {};
  const file = NETWORKS.find((name) => plainFile(path, name));
  if (file === undefined) {
    throw textError("text-folder", `the folder has a tokenizer but no network in ONNX (${NETWORKS.slice(0, 2).join(" or ")})`, {
      where: path, hint: "Export it: optimum-cli export onnx --model FOLDER OUT." });
  }
  const architecture = Array.isArray(config["architectures"]) ? String(config["architectures"][0]).slice(0, 100) : "";
  const labels = labelsOf(config["id2label"]);
  const task = taskOf(architecture, path);
  const notes: string[] = [];
  const { pooling, normalize } = poolingOf(path, task, notes);
  // Natural language inference: does one text follow from another?
  const entails = labels.some((l) => /entail/i.test(l));
  return {
    model: readFileSync(join(path, file)), file, className: architecture === "" ? "a text model" : architecture, notes,
    settings: {
      task, labels, pooling, normalize, tokenizer: readFileSync(join(path, "tokenizer.json"), "utf8"), tokenizerConfig: JSON.stringify(tokenizerConfig),
      padToken: tokenText(tokenizerConfig["pad_token"]), maxTokens: maxTokens(path, config, tokenizerConfig),
      multiLabel: config["problem_type"] === "multi_label_classification",
      pairs: task === "classification" && (labels.length === 1 || entails),
    },
  };
}

function taskOf(architecture: string, where: string): TextTask {
  if (architecture.endsWith("ForSequenceClassification")) return "classification";
  if (architecture.endsWith("ForTokenClassification")) return "tokens";
  if (/For(?:CausalLM|ConditionalGeneration|Seq2SeqLM|QuestionAnswering|MultipleChoice|NextSentencePrediction)$/.test(architecture)) {
    throw textError("text-unsupported", `${architecture} is served for no task: embeddings, classification (of texts, of pairs and of tokens) are`, { where, hint: "A model that writes texts is served from a GGUF file: docs/language.md." });
  }
  return "embedding";
}

function labelsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return ["LABEL_0", "LABEL_1"];
  return Object.entries(value).map(([id, label]) => [Number(id), String(label)] as const).sort(([a], [b]) => a - b).map(([, label]) => label);
}

function poolingOf(path: string, task: TextTask, notes: string[]): Pick<TextSettings, "pooling" | "normalize"> {
  const modules = task === "embedding" && plainFile(path, "modules.json") ? (json(path, "modules.json") as unknown as readonly { readonly path?: unknown; readonly type?: unknown }[]) : undefined;
  if (modules === undefined || !Array.isArray(modules)) {
    if (task === "embedding") notes.push("the folder does not say how tokens become one vector (modules.json): their mean is taken, and its length is left as it is");
    return { pooling: "mean", normalize: false };
  }
  const place = modules.find((m) => String(m.type).endsWith("Pooling"))?.path;
  const settings = (typeof place === "string" && /^[\w-]+$/.test(place) ? json(path, join(place, "config.json"), true) : undefined) ?? {};
  const chosen = ([["cls", "pooling_mode_cls_token"], ["max", "pooling_mode_max_tokens"], ["mean_sqrt_len", "pooling_mode_mean_sqrt_len_tokens"], ["mean", "pooling_mode_mean_tokens"]] as const).filter(([, key]) => settings[key] === true);
  const others = Object.keys(settings).filter((key) => /^pooling_mode_(?:lasttoken|weightedmean)/.test(key) && settings[key] === true);
  if (others.length > 0 || chosen.length > 1) throw textError("text-unsupported", `tokens are joined to one vector by ${[...others, ...chosen.map(([, k]) => k)].join(" and ")}`, { where: join(path, String(place)) });
  const unknown = modules.find((m) => !/(?:Transformer|Pooling|Normalize)$/.test(String(m.type)));
  if (unknown !== undefined) throw textError("text-unsupported", `the step ${String(unknown.type).slice(0, 100)} is not done`, { where: join(path, "modules.json") });
  return { pooling: chosen[0]?.[0] ?? "mean", normalize: modules.some((m) => String(m.type).endsWith("Normalize")) };
}

function maxTokens(path: string, config: Json, tokenizerConfig: Json): number {
  const sentences = json(path, "sentence_bert_config.json", true)?.["max_seq_length"];
  const positions = config["max_position_embeddings"];
  // RoBERTa's positions begin after the padding's.
  const usable = typeof positions === "number" ? (/roberta|camembert|mpnet/.test(String(config["model_type"])) ? positions - 2 : positions) : undefined;
  const limits = [sentences, tokenizerConfig["model_max_length"], usable].filter((n): n is number => typeof n === "number" && n > 2 && n < NO_LIMIT);
  return limits.length === 0 ? USUAL_TOKENS : Math.floor(Math.min(...limits));
}

/** The signature of what is served: texts in, and what the task gives. */
export function signatureOf({ task, labels, multiLabel, pairs }: TextSettings, width: number): Signature {
  const text = (name: string, example: string): Column => ({ name, type: "string", used: true, missing: "refused", infinite: "refused", example });
  const columns = [text("text", "some text"), ...(pairs ? [text("text_pair", "another text")] : [])];
  const output = (name: string, kind: Output["kind"], type: Output["type"], rowShape: readonly number[], more: Partial<Output> = {}): Output => ({ name, graphName: name, kind, type, rowShape, ...more });
  const outputs = task === "embedding" ? [output("embedding", "transformed", "float", [width])]
    : task === "tokens" ? [output("entities", "value", "string", [])]
      : labels.length === 1 ? [output("score", "value", "float", [])]
        : [...(multiLabel ? [] : [output("label", "label", "string", [], { classes: labels })]), output("probabilities", "probabilities", "float", [labels.length], { columns: labels })];
  return { layout: pairs ? "columns" : "text", columns, extraColumns: "ignored", outputs };
}

type Json = Readonly<Record<string, unknown>>;

function plainFile(folder: string, name: string): boolean {
  return lstatSync(join(folder, name), { throwIfNoEntry: false })?.isFile() === true;
}
function json(folder: string, name: string, optional = false): Json | undefined {
  if (!plainFile(folder, name)) {
    if (optional) return undefined;
    throw textError("text-folder", `${name} is not there`, { where: folder });
  }
  const path = join(folder, name);
  if (lstatSync(path).size > MAX_JSON) throw textError("text-folder", `${name} is larger than ${MAX_JSON} bytes`, { where: folder });
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as unknown;
    if (typeof value !== "object" || value === null) throw new Error("no object");
    return value as Json;
  } catch (cause) {
    throw textError("text-folder", `${name} cannot be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { where: folder, cause });
  }
}
function tokenText(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  const content = (token as { readonly content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : undefined;
}
