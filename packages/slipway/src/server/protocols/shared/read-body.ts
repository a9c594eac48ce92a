// A body of any kind that rows come in -> the runtime's input. What only some requests need is imported when one comes.

import type { Signature } from "@slipway/core/package";
import { type Batch, type ModelInput, parseJson, predictError, readCsv, readInput, readNumbersJson, type Servable } from "../../../runtime/index.ts";
import { bodyText, mediaType } from "../../body.ts";
import { serverError } from "../../errors.ts";
import type { Call } from "../../http/call.ts";
import { readHeadlessCsv } from "./headless-csv.ts";
import { encodedFiles, filesInput, readFiles, takesFiles } from "./read-encoded.ts";
import { bodyKind, kindOf, type BodyKind } from "./media-types.ts";

export interface BodyOptions {
  /** A CSV without a header line is read by the columns' order, where it has as many fields. */
  readonly headless?: boolean;
}

/** A body, or one part of a form. */
export interface Part {
  readonly kind: BodyKind | undefined;
  /** With its parameters. */
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** @throws SlipwayError content-type-unsupported, body-damaged, request-json, request-csv, request-shape, table-damaged, image-damaged ... */
export function readBody(call: Call, model: Servable, options: BodyOptions = {}): ModelInput | Promise<ModelInput> {
  const kind = bodyKind(call);
  const batch = kind === "json" ? model.readJson?.(call.body) : undefined;
  if (batch !== undefined) return readBatch(batch, partOf(call, kind), model.signature);
  if (kind !== "json") return readPart(partOf(call, kind), call, model.signature, options);
  return takesFiles(model.signature) ? readJsonOrFiles(partOf(call, kind), call, model.signature) : readJson(partOf(call, kind), model.signature);
}

function partOf(call: Call, kind: BodyKind | undefined): Part {
  return { kind, contentType: call.header("content-type") ?? "", bytes: call.body };
}

function readBatch(batch: Batch, part: Part, signature: Signature): ModelInput {
  return { kind: "batch", batch, sent: () => readJson(part, signature) };
}

function readJson(part: Part, signature: Signature): ModelInput {
  return readInput((signature.layout === "tensors" ? readNumbersJson(part.bytes) : undefined) ?? parseJson(textOf(part)), signature);
}

export function readPart(part: Part, call: Call, signature: Signature, options: BodyOptions): ModelInput | Promise<ModelInput> {
  switch (part.kind) {
    case "json": return readJson(part, signature);
    case "csv": return options.headless === true ? readHeadlessCsv(textOf(part), signature) : readCsv(textOf(part), signature);
    case "lines": return readLines(textOf(part), call, signature);
    case "text": return readText(textOf(part), signature);
    case undefined: throw unsupported(mediaType({ "content-type": part.contentType }));
    default: return readBinary(part.kind, part, call, signature, options);
  }
}

/** Pictures and sounds in base64 stand where numbers would. */
function readJsonOrFiles(part: Part, call: Call, signature: Signature): ModelInput | Promise<ModelInput> {
  const body = readNumbersJson(part.bytes) ?? parseJson(textOf(part));
  const files = encodedFiles(body, signature);
  return files === undefined ? readInput(body, signature) : readFiles(files, call, signature);
}

function textOf({ bytes, contentType }: Part): string {
  return bodyText(bytes, contentType);
}

export function unsupported(type: string): Error {
  return serverError("content-type-unsupported", `bodies of type ${JSON.stringify(type.slice(0, 80))} are not understood`, { hint: "Send JSON, JSON lines, CSV, Arrow, Parquet, a form, or, to a model of images, PNG or JPEG, to one of sounds, WAV." });
}

/** A JSON value a line; each is a row. */
function readLines(text: string, call: Call, signature: Signature): ModelInput | Promise<ModelInput> {
  const values = text.split(/\r?\n/).filter((line) => line.trim() !== "").map((line) => parseJson(line));
  if (values.length === 0) throw predictError("request-shape", "the body has no lines", { hint: "Send one JSON value a line." });
  const files = filesInput(values, call, signature);
  if (files !== undefined) return files;
  // SageMaker's own algorithms call a row of numbers its features.
  const rows = values.map((v) => (typeof v === "object" && v !== null && Object.keys(v).length === 1 && Array.isArray((v as { features?: unknown }).features) && !signature.columns.some((c) => c.name === "features") ? (v as { features: unknown }).features : v));
  if (rows.every((v) => typeof v === "object" && v !== null && !Array.isArray(v))) return { kind: "records", records: rows };
  if (rows.every(Array.isArray)) return { kind: "rows", rows };
  return readInput(rows, signature);
}

/** A text model's text; else JSON that was sent without its type. */
function readText(text: string, signature: Signature): ModelInput {
  if (signature.layout === "text" && !/^\s*[[{"]/.test(text)) {
    if (text === "") throw predictError("request-shape", "the body is empty", { hint: "Send the text." });
    return { kind: "texts", texts: [text] };
  }
  return readInput(parseJson(text), signature);
}

async function readBinary(kind: BodyKind, part: Part, call: Call, signature: Signature, options: BodyOptions): Promise<ModelInput> {
  switch (kind) {
    case "parquet":
    case "arrow": return (await import("./read-table.ts")).readTable(kind, part.bytes, call, signature);
    case "image": return (await import("./read-image.ts")).readImages([part.bytes], call, signature);
    case "audio": return (await import("./read-audio.ts")).readSounds([part.bytes], call, signature);
    case "form": return (await import("./read-form.ts")).readForm(part, call, signature, options);
    default: {
      const found = sniff(part.bytes);
      if (found === undefined) throw unsupported("application/octet-stream");
      return readPart({ ...part, kind: found }, call, signature, options);
    }
  }
}

/** What bytes without a type are, by how they begin. */
export function sniff(bytes: Uint8Array): BodyKind | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  if (start.startsWith("PAR1")) return "parquet";
  if (start.startsWith("ARROW1") || start.startsWith("\xff\xff\xff\xff")) return "arrow";
  if (start.startsWith("\x89PNG\r\n\x1a\n") || start.startsWith("\xff\xd8\xff")) return "image";
  if (start.startsWith("RIFF") && String.fromCharCode(...bytes.subarray(8, 12)) === "WAVE") return "audio";
  return /^\s*[[{]/.test(start) ? "json" : undefined;
}

/** By the end of a file's name, for parts of a form that have no type of their own. */
export function kindOfFile(name: string, type: string): BodyKind | undefined {
  const told = type === "application/octet-stream" || type === "" ? undefined : kindOf(type);
  if (told !== undefined) return told;
  const ending = /\.(\w{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const kinds: Readonly<Record<string, BodyKind>> = { csv: "csv", tsv: "csv", json: "json", jsonl: "lines", ndjson: "lines", parquet: "parquet", arrow: "arrow", arrows: "arrow", feather: "arrow", png: "image", jpg: "image", jpeg: "image", wav: "audio", txt: "text" };
  return Object.hasOwn(kinds, ending) ? kinds[ending] : undefined;
}
