// A folder of a text model -> what packing takes of any model: the network as it is, a signature, digests of its files.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describeOnnx, wholeModel } from "@slipway/core/onnx";
import { sha256 } from "@slipway/core/package";
import type { ImportedFile } from "../import-file.ts";
import { siblingsOf } from "../read-sibling.ts";
import { openSession } from "../session.ts";
import { readTextFolder, signatureOf, type TextSettings } from "./text-folder.ts";
import { textSession, TEXTS } from "./text-session.ts";

/** Beside the network, those that decide what is answered. */
const FILES = ["config.json", "tokenizer.json", "tokenizer_config.json", "modules.json", "sentence_bert_config.json"];

/** @throws SlipwayError text-folder, text-unsupported, runtime-load-failed */
export async function importText(path: string): Promise<ImportedFile> {
  const folder = readTextFolder(path);
  const { settings, className, notes } = folder;
  // Weights may lie in files beside the network.
  const model = wholeModel(folder.model, siblingsOf(join(path, folder.file))).bytes;
  const opsets = Object.fromEntries(describeOnnx(model).opsets.map(({ domain, version }) => [domain, version]));
  const files = [folder.file, ...FILES].flatMap((name) => {
    try {
      return [{ name, bytes: new Uint8Array(readFileSync(join(path, name))) }];
    } catch {
      return [];
    }
  });
  const lines = await Promise.all(files.map(async ({ name, bytes }) => `${await sha256(bytes)}  ${name}\n`));
  return {
    imported: { format: "Hugging Face, ONNX", producer: {}, compiled: { model, signature: signatureOf(settings, await widthOf(model, settings)), opsets, className, warnings: notes } },
    source: { sha256: await sha256(new TextEncoder().encode(lines.join(""))), bytes: files.reduce((n, f) => n + f.bytes.length, 0) }, joined: [], text: settings,
  };
}

/** Numbers of one vector: asked of the network, whose file need not tell. */
async function widthOf(model: Uint8Array, settings: TextSettings): Promise<number> {
  if (settings.task !== "embedding") return 0;
  const session = textSession(await openSession(model), settings);
  try {
    return (await session.run({ [TEXTS]: { type: "string", dims: [1, 1], data: ["a"] } }, ["embedding"]))["embedding"]!.dims[1]!;
  } finally {
    await session.close();
  }
}
