// TensorFlow Serving's {"b64": "..."}: bytes in a text's place, anywhere in a request. Our string tensors hold text, so
// the bytes must be UTF-8.

import { predictError } from "../../../runtime/index.ts";

const MAX_DEPTH = 64;
const utf8 = new TextDecoder("utf-8", { fatal: true });

function isB64(value: unknown): value is { readonly b64: string } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { b64 } = value as { b64?: unknown };
  return typeof b64 === "string" && Object.keys(value).length === 1;
}

/** The same value with every b64 object as its text. What holds none is given back as it is. */
export function decodeB64(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw predictError("request-limit", `the JSON is nested more than ${MAX_DEPTH} deep`);
  if (isB64(value)) return text(value.b64);
  if (Array.isArray(value)) {
    // Numbers, of which most long lists are made, hold no bytes.
    if (typeof value[0] === "number" && value.every((v) => typeof v !== "object" || v === null)) return value;
    return value.map((v) => decodeB64(v, depth + 1));
  }
  const decoded: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, inner] of Object.entries(value)) decoded[key] = decodeB64(inner, depth + 1);
  return decoded;
}

function text(b64: string): string {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(b64)) throw predictError("request-shape", '"b64" does not hold base64', { hint: "It holds the base64 of a text's bytes." });
  try {
    return utf8.decode(Buffer.from(b64, "base64"));
  } catch (cause) {
    throw predictError("request-shape", '"b64" holds bytes that are not UTF-8; the model takes text', { cause });
  }
}
