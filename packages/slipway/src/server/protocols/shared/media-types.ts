// The kinds of body that rows come and go in, by their media types.

import type { Call } from "../../http/call.ts";
import { mediaType } from "../../body.ts";

export type BodyKind = "json" | "csv" | "lines" | "text" | "parquet" | "arrow" | "image" | "audio" | "form" | "bytes";

const KINDS: Readonly<Record<string, BodyKind>> = {
  "text/csv": "csv", "application/csv": "csv", "text/tab-separated-values": "csv",
  "application/jsonlines": "lines", "application/x-jsonlines": "lines", "application/json-lines": "lines", "application/jsonl": "lines", "application/x-jsonl": "lines", "application/x-ndjson": "lines", "application/ndjson": "lines",
  "text/plain": "text",
  "application/vnd.apache.parquet": "parquet", "application/x-parquet": "parquet", "application/parquet": "parquet",
  "application/vnd.apache.arrow.stream": "arrow", "application/vnd.apache.arrow.file": "arrow", "application/x-arrow": "arrow",
  "image/png": "image", "image/jpeg": "image", "image/jpg": "image", "application/x-image": "image",
  "audio/wav": "audio", "audio/x-wav": "audio", "audio/wave": "audio", "audio/vnd.wave": "audio",
  "multipart/form-data": "form",
  "application/octet-stream": "bytes",
  // curl -d sends JSON as a form unless told otherwise; clients in the field send no type at all.
  "": "json", "application/x-www-form-urlencoded": "json", "text/json": "json",
};

/** undefined: not understood. */
export function bodyKind(call: Call): BodyKind | undefined {
  return kindOf(mediaType(call.headers));
}
export function kindOf(type: string): BodyKind | undefined {
  if (Object.hasOwn(KINDS, type)) return KINDS[type];
  return /^application\/(?:[\w.-]+\+)?json$/.test(type) ? "json" : undefined;
}

export interface Accepted {
  readonly kind: "json" | "csv" | "lines" | "arrow";
  /** As the client wrote it, in lower case. */
  readonly type: string;
  readonly parameters: string;
}

/** The first of what the client takes, by its weights, that rows can be written in; undefined: nothing of the kind, or anything. */
export function acceptedKind(call: Call): Accepted | undefined {
  const header = call.header("accept");
  if (header === undefined || header === "*/*" || header.length > 1000) return undefined;
  const wanted = header.split(",").map((part, place) => {
    const [type = "", ...parameters] = part.split(";").map((p) => p.trim().toLowerCase());
    const weight = Number(parameters.find((p) => p.startsWith("q="))?.slice(2) ?? 1);
    return { type, parameters: parameters.join(";"), weight: Number.isNaN(weight) ? 0 : weight, place };
  }).filter((w) => w.weight > 0).sort((a, b) => b.weight - a.weight || a.place - b.place);
  for (const { type, parameters } of wanted) {
    const kind = kindOf(type);
    if (type !== "" && (kind === "json" || kind === "csv" || kind === "lines" || kind === "arrow")) return { kind, type, parameters };
    if (type === "*/*" || type === "application/*") return undefined;
  }
  return undefined;
}
