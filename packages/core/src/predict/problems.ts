// Collects what is wrong with the rows of a request: every bad row is known, the first problems are kept in full.

import { nearest, type SlipwayError } from "../base/index.ts";
import { predictError } from "./errors.ts";

export interface Problem {
  /** 0-based; null when the whole request is meant. */
  readonly row: number | null;
  readonly column: string | null;
  readonly expected: string;
  readonly found: string;
  readonly message: string;
}

/** How many problems an error lists; the rest is counted. */
const SHOWN = 10;

export class Problems {
  count = 0;
  readonly first: Problem[] = [];
  /** The first problem of each bad row. */
  readonly rows: Map<number, Problem> = new Map();
  readonly #missing = new Map<string, number>();
  readonly #unknown = new Set<string>();

  add(row: number | null, column: string | null, expected: string, found: string, hint = ""): void {
    this.count++;
    const list = this.first.length < SHOWN;
    if (!list && (row === null || this.rows.has(row))) return;
    const place = [row === null ? "" : `row ${row + 1}`, column === null ? "" : `column ${JSON.stringify(column)}`].filter(Boolean).join(", ");
    const problem: Problem = { row, column, expected, found, message: `${place}${place === "" ? "" : ": "}expected ${expected}, found ${found}${hint === "" ? "" : ` (${hint})`}` };
    if (list) this.first.push(problem);
    if (row !== null && !this.rows.has(row)) this.rows.set(row, problem);
  }
  missingColumn(row: number | null, column: string, expected: string, reason?: string): void {
    const seen = this.#missing.get(column) ?? 0;
    this.#missing.set(column, seen + 1);
    if (seen === 0 || this.first.length < SHOWN || (row !== null && !this.rows.has(row))) this.add(row, column, expected, "no such column", reason);
    else this.count++;
  }
  unknownColumn(row: number | null, column: string, known: Iterable<string>): void {
    if (this.#unknown.has(column) && row !== null && this.rows.has(row)) {
      this.count++;
      return;
    }
    const near = this.#unknown.size < 20 ? nearest(column, known) : undefined;
    this.#unknown.add(column);
    this.add(row, column, "only columns that the model knows", "a column that it does not know", near === undefined ? "" : `did you mean ${JSON.stringify(near)}?`);
  }

  /** `example` is a valid request body. */
  toError(example: unknown, knownColumns: readonly string[]): SlipwayError {
    const missing = [...this.#missing.keys()];
    const unknown = [...this.#unknown];
    const lines: string[] = [];
    if (missing.length > 0) {
      const pairs = missing.slice(0, 50).map((name) => {
        const near = nearest(name, unknown);
        return near === undefined ? name : `${name} (${JSON.stringify(near)} is not known; was it meant?)`;
      });
      lines.push(`missing ${missing.length === 1 ? "column" : "columns"}: ${pairs.join(", ")}${missing.length > 50 ? ` and ${missing.length - 50} more` : ""}`);
    }
    const shown = this.first.filter((p) => missing.length === 0 || p.found !== "no such column");
    if (shown[0]) lines.push(shown[0].message);
    const more = this.count - (missing.length > 0 ? this.first.length - shown.length : 0) - 1;
    if (shown[0] && more > 0) lines.push(`and ${more} more ${more === 1 ? "problem" : "problems"}`);
    const first = this.first[0];
    return predictError("request-invalid", lines.join("; "), {
      where: first === undefined ? undefined : [first.row === null ? "" : `row ${first.row + 1}`, first.column === null ? "" : `column ${JSON.stringify(first.column)}`].filter(Boolean).join(", ") || undefined,
      hint: missing.length > 0 ? `The model takes ${knownColumns.length} columns: ${knownColumns.slice(0, 40).join(", ")}${knownColumns.length > 40 ? ", ..." : ""}.` : example === undefined ? undefined : "data.example is a valid request.",
      data: {
        problems: this.first.map(({ row, column, expected, found }) => ({ row, column, expected, found })),
        problem_count: this.count,
        bad_rows: this.rows.size,
        ...(missing.length > 0 ? { missing_columns: missing.slice(0, 1000) } : {}),
        ...(example === undefined ? {} : { example }),
      },
    });
  }
}

/** A short, safe picture of a value for an error message. */
export function preview(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return `text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}`;
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : `the number ${value}`;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return "an object";
}
