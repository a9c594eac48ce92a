// What a language model's file tells of it, as text.

import type { GgufHead } from "@slipway/core/formats";

const LISTED = ["name", "architecture", "size_label", "license", "file_type"];
const MAX_TEXT = 200;

export function ggufText({ version, metadata, tensors, parameters }: GgufHead): string {
  const general = LISTED.flatMap((key) => {
    const value = metadata.get(`general.${key}`);
    return value === undefined ? [] : [`  ${key.padEnd(14)} ${String(value).slice(0, MAX_TEXT)}`];
  });
  const architecture = metadata.get("general.architecture");
  const context = metadata.get(`${String(architecture)}.context_length`);
  return [
    `a language model (GGUF ${version}): ${(parameters / 1e6).toFixed(parameters < 1e8 ? 1 : 0)} million parameters in ${tensors} tensors`, ...general,
    ...(context === undefined ? [] : [`  context        ${String(context)} tokens`]),
    `  conversations  ${metadata.has("tokenizer.chat_template") ? "it has a template of its own" : "it has no template of its own"}`,
    "", "Not compiled: slipway serve runs it as it is, behind OpenAI's interface.",
  ].join("\n");
}
