// CSV after RFC 4180, with what files in the wild need: a byte order mark, LF or CR LF, and comma, semicolon or tab.
// An unquoted empty field is null (missing); a quoted empty field is an empty text.
// `push` may be called with pieces of any size, so files need not be held whole.

import type { Signature } from "@slipway/core/package";
import { type ModelInput, predictError } from "@slipway/core/predict";
import { runtimeError } from "./errors.ts";
import { tensorCsv } from "./tensor-csv.ts";

export type CsvField = string | null;

export interface CsvOptions {
  /** Found in the first line when not given. */
  readonly delimiter?: string;
  readonly maxFields?: number;
  readonly maxFieldLength?: number;
}

/** Calls `onRow` for every record, the header included; empty lines are passed over. */
export class CsvReader {
  readonly #onRow: (fields: CsvField[], line: number) => void;
  readonly #maxFields: number;
  readonly #maxFieldLength: number;
  #delimiter: number;
  #row: CsvField[] = [];
  #field = "";
  /** start of a field | inside an unquoted field | inside quotes | after a quote inside quotes */
  #state: "start" | "plain" | "quoted" | "quote" = "start";
  #line = 1;
  #rowLine = 1;
  #held = "";
  #first = true;
  #afterCr = false;

  constructor(onRow: (fields: CsvField[], line: number) => void, options: CsvOptions = {}) {
    this.#onRow = onRow;
    this.#delimiter = options.delimiter?.charCodeAt(0) ?? -1;
    this.#maxFields = options.maxFields ?? 100_000;
    this.#maxFieldLength = options.maxFieldLength ?? 2 ** 24;
  }

  push(piece: string): void {
    let text = piece;
    if (this.#first || this.#delimiter < 0) {
      text = this.#held + text;
      this.#held = "";
      if (text === "") return;
      if (this.#first && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
      this.#first = false;
      if (this.#delimiter < 0) {
        const found = findDelimiter(text);
        if (found === undefined && text.length < 2 ** 20) {
          this.#held = text;
          return;
        }
        this.#delimiter = found ?? COMMA;
      }
    }
    this.#read(text);
  }

  end(): void {
    if (this.#held !== "") {
      const text = this.#held;
      this.#held = "";
      this.#delimiter = findDelimiter(`${text}\n`) ?? COMMA;
      this.#read(text);
    }
    if (this.#state === "quoted") throw this.#bad("a quoted field is not closed", this.#rowLine);
    // The last line has no line end: its last field is still open, also where it is empty.
    if (this.#state !== "start" || this.#row.length > 0) {
      this.#endField();
      this.#endRow();
    }
  }

  #read(text: string): void {
    const delimiter = this.#delimiter;
    let from = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (this.#state === "quoted") {
        if (c === QUOTE) {
          this.#append(text, from, i);
          this.#state = "quote";
        } else if (c === LF) this.#line++;
        continue;
      }
      if (this.#state === "quote" && c === QUOTE) {
        from = i;
        this.#state = "quoted";
        continue;
      }
      if (c === LF && this.#afterCr) {
        this.#afterCr = false;
        from = i + 1;
        continue;
      }
      this.#afterCr = false;
      if (c === delimiter || c === LF || c === CR) {
        if (this.#state === "plain") this.#append(text, from, i);
        this.#endField();
        if (c !== delimiter) {
          this.#endRow();
          this.#line++;
          this.#rowLine = this.#line;
          this.#afterCr = c === CR;
        }
        from = i + 1;
      } else if (this.#state === "start") {
        from = c === QUOTE ? i + 1 : i;
        this.#state = c === QUOTE ? "quoted" : "plain";
      } else if (this.#state === "quote") {
        if (c !== SPACE) throw this.#bad("text follows the closing quote of a field; quotes inside a field are written twice", this.#line);
      } else if (c === QUOTE) throw this.#bad("a quote stands inside a field that is not quoted", this.#line);
    }
    if (this.#state === "plain" || this.#state === "quoted") this.#append(text, from, text.length);
  }

  #append(text: string, from: number, to: number): void {
    if (to > from) this.#field += text.slice(from, to);
    if (this.#field.length > this.#maxFieldLength) throw predictError("request-limit", `line ${this.#rowLine} has a field of more than ${this.#maxFieldLength} characters`, { where: `line ${this.#rowLine}` });
  }

  #endField(): void {
    this.#row.push(this.#state === "start" ? null : this.#field);
    if (this.#row.length > this.#maxFields) throw predictError("request-limit", `line ${this.#rowLine} has more than ${this.#maxFields} fields`, { where: `line ${this.#rowLine}` });
    this.#field = "";
    this.#state = "start";
  }

  #endRow(): void {
    const row = this.#row;
    this.#row = [];
    if (row.length === 1 && row[0] === null) return;
    this.#onRow(row, this.#rowLine);
  }

  #bad(what: string, line: number): Error {
    return runtimeError("request-csv", `line ${line}: ${what}`, { where: `line ${line}` });
  }
}

const COMMA = 44;
const QUOTE = 34;
const SPACE = 32;
const LF = 10;
const CR = 13;

/** The commonest of comma, semicolon and tab outside quotes in the first line; undefined until the line is complete. */
function findDelimiter(text: string): number | undefined {
  const counts = new Map([[COMMA, 0], [59, 0], [9, 0]]);
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === QUOTE) quoted = !quoted;
    else if (!quoted && (c === LF || c === CR)) return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
    else if (!quoted && counts.has(c)) counts.set(c, counts.get(c)! + 1);
  }
  return undefined;
}

/**
 * A whole CSV text as a request. The first line names the columns; a matrix model also takes a file without a header,
 * and a text model a file with one column of any name.
 */
export function readCsv(text: string, signature: Signature, options: CsvOptions = {}): ModelInput {
  const rows: CsvField[][] = [];
  const lines: number[] = [];
  const reader = new CsvReader((fields, line) => {
    rows.push(fields);
    lines.push(line);
  }, options);
  reader.push(text);
  reader.end();
  const header = rows[0];
  if (header === undefined) throw runtimeError("request-csv", "the CSV is empty", { hint: `Its first line names the columns: ${csvHeader(signature)}` });
  const uneven = rows.findIndex((row) => row.length !== header.length);
  if (uneven >= 0) {
    throw runtimeError("request-csv", `line ${lines[uneven]} has ${rows[uneven]!.length} fields, the first line has ${header.length}`, {
      where: `line ${lines[uneven]}`, hint: "Fields that hold the separator or line breaks are written in double quotes." });
  }
  if (signature.layout === "tensors") return tensorCsv(rows, signature);
  if (signature.layout === "matrix" && header.every((field) => field === null || (field.trim() !== "" && Number.isFinite(Number(field))))) {
    return { kind: "rows", rows, source: "csv" };
  }
  const names = checkHeader(header, signature);
  if (rows.length === 1) throw runtimeError("request-csv", "the CSV has a header line and no rows", { where: "line 1" });
  const columns: Record<string, CsvField[]> = Object.create(null) as Record<string, CsvField[]>;
  names.forEach((name, j) => (columns[name] = rows.slice(1).map((row) => row[j]!)));
  return { kind: "columns", columns, source: "csv" };
}

function checkHeader(header: readonly CsvField[], signature: Signature): string[] {
  const names = header.map((field) => (field ?? "").trim());
  const known = new Set(signature.columns.map((c) => c.name));
  const text = signature.columns[0];
  if (signature.layout === "text" && names.length === 1 && text !== undefined) return [text.name];
  if (!names.some((name) => known.has(name)) && known.size > 0) {
    throw runtimeError("request-csv", `the first line names none of the model's columns: ${names.slice(0, 8).map((n) => JSON.stringify(n.slice(0, 40))).join(", ")}`, {
      where: "line 1", hint: `The first line names the columns: ${csvHeader(signature)}` });
  }
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name) && known.has(name)) throw runtimeError("request-csv", `the first line names ${JSON.stringify(name)} twice`, { where: "line 1" });
    seen.add(name);
  }
  return names;
}

function csvHeader(signature: Signature): string {
  const names = signature.columns.filter((c) => c.used).map((c) => (/[",\n]/.test(c.name) ? `"${c.name.replaceAll('"', '""')}"` : c.name));
  return names.slice(0, 40).join(",") + (names.length > 40 ? ",..." : "");
}
