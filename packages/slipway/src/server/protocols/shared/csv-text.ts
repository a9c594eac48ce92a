// Predictions as CSV after RFC 4180, a line a row. Doubles read back exactly; what is missing is an empty field.

import { flatColumns, flatValue, type Prediction } from "../../../runtime/index.ts";
import type { AnswerBody } from "../../http/call.ts";
import { ROWS_AT_ONCE } from "./pieces.ts";

export function csvAnswer(prediction: Prediction, header: boolean): AnswerBody {
  const columns = flatColumns(prediction);
  const { rows } = prediction;
  const head = header ? `${columns.map((c) => field(c.name)).join(",")}\r\n` : "";
  const lines = (start: number, end: number): string => {
    let text = "";
    for (let i = start; i < end; i++) text += `${columns.map((c) => field(flatValue(c, i))).join(",")}\r\n`;
    return text;
  };
  if (rows <= ROWS_AT_ONCE) return head + lines(0, rows);
  return pieces();

  async function* pieces(): AsyncGenerator<string> {
    yield head;
    for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
      yield lines(start, Math.min(rows, start + ROWS_AT_ONCE));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function field(value: string | number | boolean | null): string {
  if (value === null) return "";
  if (value === "") return '""';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
