// Predictions in the form that the client's Accept header asks for: JSON lines, CSV, Arrow; or else the protocol's JSON.

import { toRows, type Prediction, type Value } from "../../../runtime/index.ts";
import type { Answer, AnswerBody, Call } from "../../http/call.ts";
import { csvAnswer } from "./csv-text.ts";
import { acceptedKind } from "./media-types.ts";
import { ROWS_AT_ONCE } from "./pieces.ts";

export interface RowsOptions {
  /** Whether CSV begins with the columns' names, unless the client says `header=present` or `header=absent`. */
  readonly header: boolean;
}

/** The answer, unless it is to be JSON. */
export async function negotiated(call: Call, prediction: Prediction, options: RowsOptions): Promise<Answer | undefined> {
  const accepted = acceptedKind(call);
  switch (accepted?.kind) {
    case "csv": {
      const header = /header=(present|absent)/.exec(accepted.parameters)?.[1];
      const present = header === undefined ? options.header : header === "present";
      return { headers: { "content-type": `text/csv; charset=utf-8; header=${present ? "present" : "absent"}` }, body: csvAnswer(prediction, present) };
    }
    case "lines": return { headers: { "content-type": accepted.type }, body: lines(prediction) };
    case "arrow": return { headers: { "content-type": accepted.type }, body: (await import("./arrow-answer.ts")).arrowBytes(prediction, accepted.type) };
    default: return undefined;
  }
}

function lines(prediction: Prediction): AnswerBody {
  const text = (start: number, end: number): string => plainRows(prediction, start, end).map((row) => `${JSON.stringify(row)}\n`).join("");
  if (prediction.rows <= ROWS_AT_ONCE) return text(0, prediction.rows);
  return inPieces(prediction.rows, text);
}

async function* inPieces(rows: number, text: (start: number, end: number) => string): AsyncGenerator<string> {
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    yield text(start, Math.min(rows, start + ROWS_AT_ONCE));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** An object of the outputs a row, or, of one output, its value. */
function plainRows(prediction: Prediction, start = 0, end: number = prediction.rows): Value[] {
  const rows = toRows(prediction, start, end);
  const [only, second] = prediction.outputs;
  return only === undefined || second !== undefined ? rows : rows.map((row) => row[only.output.name]!);
}

/** The rows of `plainRows` as JSON between `head` and `tail`. */
export function plainRowsJson(prediction: Prediction, head: string, tail: string): AnswerBody {
  const text = (start: number, end: number): string => `${start === 0 ? head : ","}${JSON.stringify(plainRows(prediction, start, end)).slice(1, -1)}${end === prediction.rows ? tail : ""}`;
  if (prediction.rows <= ROWS_AT_ONCE) return text(0, prediction.rows);
  return inPieces(prediction.rows, text);
}
