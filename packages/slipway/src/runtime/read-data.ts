// A data file's text -> rows for a model: JSON, JSON lines or CSV, told by content.

import type { Signature } from "@slipway/core/package";
import { type ModelInput, predictError, readInput } from "@slipway/core/predict";
import { readCsv } from "./csv.ts";
import { parseJson } from "./json/parse-json.ts";

/**
 * A JSON document (as readInput takes it), one JSON value a line, or CSV with a header line. A text model also takes
 * plain CSV with one column.
 * @throws request-json, request-csv, request-shape
 */
export function readData(text: string, signature: Signature): ModelInput {
  const body = text.replace(/^\ufeff/, "");
  const first = body.trimStart()[0];
  if (first === undefined) throw predictError("request-shape", "the data is empty", { hint: "Give JSON records, JSON lines, or CSV with a header line." });
  if (first !== "{" && first !== "[" && !(first === '"' && signature.layout === "text" && isJsonLines(body))) return readCsv(body, signature);
  if (first === "{" && isJsonLines(body)) return { kind: "records", records: lines(body).map((line) => parseJson(line)) };
  if (isJsonLines(body)) return readInput(lines(body).map((line) => parseJson(line)), signature);
  return readInput(parseJson(body), signature);
}

function lines(body: string): string[] {
  return body.split(/\r?\n/).filter((line) => line.trim() !== "");
}

/** More than one line, and the first two are whole JSON values of their own. */
function isJsonLines(body: string): boolean {
  const [a, b] = lines(body.slice(0, 1_000_000));
  if (a === undefined || b === undefined) return false;
  return [a, b].every((line) => {
    try {
      parseJson(line);
      return true;
    } catch {
      return false;
    }
  });
}
