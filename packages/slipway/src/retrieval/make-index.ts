// An embedder and passages -> a package that finds: the embedder as it is, the passages with where they stand beside it.

import { buildPackage, writeCard, type ModelPackage, type Output, type PackageManifest } from "@slipway/core/package";
import { loadModelPackage, VECTORS_FILE, type Model } from "../runtime/index.ts";
import { unit } from "../vectors/index.ts";
import { retrievalError } from "./errors.ts";
import type { Passage } from "./passages.ts";

export interface IndexOptions {
  readonly name: string;
  readonly version?: string | undefined;
  readonly onProgress?: (done: number) => void;
}

const ROWS_AT_ONCE = 64;
const MAX_WIDTH = 65_536;

/** @throws index-embedder, and what the embedder says of a text */
export async function makeIndex(embedder: ModelPackage, passages: readonly Passage[], { name, version, onProgress }: IndexOptions): Promise<ModelPackage> {
  const model = await loadModelPackage(embedder, { placement: "inline" });
  try {
    const output = vectorOf(model);
    const width = output.rowShape[0]!;
    const vectors = new Float32Array(passages.length * width);
    for (let start = 0; start < passages.length; start += ROWS_AT_ONCE) {
      const some = passages.slice(start, start + ROWS_AT_ONCE);
      const { batch } = model.encode({ kind: "texts", texts: some.map(embeddedText) });
      const { data } = (await model.run(batch, { outputs: [output.name] })).outputs[0]!;
      for (let row = 0; row < some.length; row++) vectors.set(unit(Float64Array.from({ length: width }, (_, i) => Number(data[row * width + i]))), (start + row) * width);
      onProgress?.(start + some.length);
    }
    const { manifest: of } = embedder;
    const manifest: PackageManifest = { ...of, name, version: version ?? of.version, lineage: [embedder.digest, ...of.lineage] };
    const numbered = new Map<string, number>();
    return await buildPackage({
      manifest, model: embedder.model, signature: embedder.signature, checks: embedder.checks, profile: embedder.profile, sbom: embedder.sbom, card: writeCard({ manifest, signature: embedder.signature }),
      ...(embedder.text === undefined ? {} : { text: embedder.text }), vectors: new Uint8Array(vectors.buffer),
      recommend: {
        kind: "embedding", output: output.name, similarity: "cosine", vectors: VECTORS_FILE, separator: " ", cold: "refused",
        items: passages.map(({ document, title, section, text }) => {
          const place = (numbered.get(document) ?? 0) + 1;
          numbered.set(document, place);
          return { id: `${document}#${place}`, metadata: { document, title, ...(section === "" ? {} : { section }), text } };
        }),
      },
    });
  } finally {
    await model.close();
  }
}

/** What the embedder sees of a passage: it says little without what it is about. */
export function embeddedText({ title, section, text }: Pick<Passage, "title" | "section" | "text">): string {
  return [title, section, text].filter((part) => part !== "").join(". ");
}

function vectorOf({ signature, name }: Model): Output {
  const fitting = signature.outputs.filter((o) => (o.type === "float" || o.type === "double") && o.rowShape.length === 1 && o.rowShape[0]! > 1 && o.kind !== "probabilities" && o.kind !== "score");
  const output = fitting.find((o) => o.name === "embedding") ?? (fitting.length === 1 ? fitting[0] : fitting.find((o) => o.kind === "transformed"));
  if (signature.layout !== "text" || output === undefined) {
    throw retrievalError("index-embedder", `${name} takes ${signature.layout === "text" ? "a text" : "no text"} and gives ${signature.outputs.map((o) => `${o.name} [${o.rowShape.join(", ")}]`).join(", ")}`, { hint: "An embedder takes a text and gives a vector: a folder of Hugging Face's with an embedding model, or TfidfVectorizer, alone or before TruncatedSVD." });
  }
  if (output.rowShape[0]! > MAX_WIDTH) throw retrievalError("index-embedder", `a vector of ${name} has ${output.rowShape[0]} numbers; at most ${MAX_WIDTH} are searched`, { hint: "Put TruncatedSVD behind the vectorizer, or give it max_features." });
  return output;
}
