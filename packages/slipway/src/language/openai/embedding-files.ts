// Pictures and sounds among what is to be embedded: `input` as a data: address, base64 or {"image": ...}, or a list of them, as
// Jina's interface has it; or vLLM's `messages` with parts {"type": "image_url", "image_url": {"url": "data:..."}}, one vector a message.

import type { Signature } from "@slipway/core/package";
import { encodedFiles } from "../../server/index.ts";
import { unsupported, wrong, type Fields } from "./fields.ts";

const MAX_FILES = 2048;

/** @throws SlipwayError language-request, language-unsupported, request-shape */
export function filesOf(fields: Fields, signature: Signature): Uint8Array[] {
  const given = fields.raw("messages") !== undefined ? fields.list("messages", MAX_FILES).map(pictureOf) : listed(fields.raw("input"));
  if (given.length === 0) throw wrong("input", "at least one file", given);
  for (const item of given) {
    const text = typeof item === "string" ? item : Object.values((item ?? {}) as object).find((v) => typeof v === "string");
    if (typeof text === "string" && /^https?:/i.test(text)) throw unsupported("input", "an address is not fetched: send the picture itself, as a data: address or in base64");
    if (typeof item === "object" && item !== null && "text" in item) throw unsupported("input", "this model embeds pictures or sounds, and no texts");
  }
  const files = encodedFiles(given, signature);
  if (files === undefined) throw wrong("input", "files in base64: data: addresses, texts of base64, or {\"image\": ...}", given);
  return files;
}

function listed(input: unknown): readonly unknown[] {
  if (!Array.isArray(input)) return [input];
  if (input.length > MAX_FILES) throw wrong("input", `at most ${MAX_FILES} files`, input);
  return input;
}

function pictureOf(message: unknown): unknown {
  const content = (message as { readonly content?: unknown } | null)?.content;
  const parts = Array.isArray(content) && content.every((part) => typeof part === "object" && part !== null) ? (content as readonly { readonly type?: unknown; readonly text?: unknown; readonly image_url?: unknown }[]) : undefined;
  const pictures = parts?.filter((p) => p.type === "image_url") ?? [];
  if (parts === undefined || pictures.length !== 1) throw wrong("messages", "one part of type image_url in each", content);
  if (parts.some((p) => p.type === "text" && typeof p.text === "string" && p.text.trim() !== "")) throw unsupported("messages", "this model embeds pictures, and no texts beside them");
  const [{ image_url: url }] = pictures as [{ readonly image_url?: unknown }];
  return typeof url === "string" ? url : (url as { readonly url?: unknown } | null)?.url;
}
