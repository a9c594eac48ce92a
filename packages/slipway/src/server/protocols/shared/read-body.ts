// A body of any kind that rows come in -> the runtime's input. What only some requests need is imported when one comes.

import type { Signature } from "@slipway/core/package";
import { CsvReader, parseJson, readCsv, readInput, runtimeError, type CsvField, type ModelInput, type Servable } from "../../../runtime/index.ts";
import { bodyText, mediaType } from "../../body.ts";
import { serverError } from "../../errors.ts";
import type { Call } from "../../http/call.ts";
import { bodyKind, type BodyKind } from "./media-types.ts";

export interface BodyOptions {
  /** A CSV without a header line is read by the columns' order, where it has as many fields. */
  readonly headless?: boolean;
  /** For JSON; `readInput` by default. */
  readonly json?: (body: unknown, signature: Signature) => ModelInput;
}

/** @throws SlipwayError content-type-unsupported, body-damaged, request-json, request-csv, request-shape ... */
export function readBody(call: Call, model: Servable, options: BodyOptions = {}): ModelInput | Promise<ModelInput> {
  const { signature } = model;
  const kind = bodyKind(call);
  const json = options.json ?? readInput;
  switch (kind) {
    case "json": return json(parseJson(textOf(call)), signature);
    case "csv": return options.headless === true ? readHeadlessCsv(textOf(call), signature) : readCsv(textOf(call), signature);
    case "lines": return readLines(textOf(call), signature);
    case "text": return readText(textOf(call), signature, json);
    case undefined: throw unsupported(mediaType(call.headers));
    default: return readBinary(kind, call, model);
  }
}

function textOf(call: Call): string {
  return bodyText(call.body, call.header("content-type") ?? "");
}

export function unsupported(type: string): Error {
  return serverError("content-type-unsupported", `bodies of type ${JSON.stringify(type.slice(0, 80))} are not understood`, { hint: "Send application/json or text/csv." });
}

/** A JSON value a line; each is a row. */
export function readLines(text: string, signature: Signature): ModelInput {
  const values = text.split(/\r?\n/).filter((line) => line.trim() !== "").map((line) => parseJson(line));
  if (values.length === 0) throw runtimeError("request-shape", "the body has no lines", { hint: "Send one JSON value a line." });
  // SageMaker's own algorithms call a row of numbers its features.
  const rows = values.map((v) => (typeof v === "object" && v !== null && Object.keys(v).length === 1 && Array.isArray((v as { features?: unknown }).features) && !signature.columns.some((c) => c.name === "features") ? (v as { features: unknown }).features : v));
  if (rows.every((v) => typeof v === "object" && v !== null && !Array.isArray(v))) return { kind: "records", records: rows };
  if (rows.every(Array.isArray)) return { kind: "rows", rows };
  return readInput(rows, signature);
}

/** A text model's text; else JSON that was sent without its type. */
function readText(text: string, signature: Signature, json: NonNullable<BodyOptions["json"]>): ModelInput {
  if (signature.layout === "text" && !/^\s*[[{"]/.test(text)) {
    if (text === "") throw runtimeError("request-shape", "the body is empty", { hint: "Send the text." });
    return { kind: "texts", texts: [text] };
  }
  return json(parseJson(text), signature);
}

function readHeadlessCsv(text: string, signature: Signature): ModelInput {
  if (signature.layout !== "columns" && signature.layout !== "text") return readCsv(text, signature);
  const rows: CsvField[][] = [];
  // Only the first record is looked at before it is known which way the file is read.
  const first = new CsvReader((fields) => rows.push(fields), { delimiter: "," });
  first.push(text.slice(0, 2 ** 20));
  if (rows.length === 0 && text.length <= 2 ** 20) first.end();
  const header = rows[0];
  const names = new Set(signature.columns.map((c) => c.name));
  if (header === undefined || header.length !== signature.columns.length || header.some((f) => f !== null && names.has(f.trim()))) return readCsv(text, signature);
  const all: CsvField[][] = [];
  const reader = new CsvReader((fields) => all.push(fields), { delimiter: "," });
  reader.push(text);
  reader.end();
  if (signature.layout === "text") return { kind: "texts", texts: all.map((fields) => fields[0]) };
  return { kind: "rows", rows: all, source: "csv" };
}

async function readBinary(kind: BodyKind, call: Call, model: Servable): Promise<ModelInput> {
  void model;
  throw unsupported(mediaType(call.headers) || kind);
}
