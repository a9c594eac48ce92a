// A check file: rows with the columns a model takes and, beside them, what it predicted where it was trained.
// From it come the golden checks and what the signature tells about ranges, types and examples.
// The caller has parsed CSV or JSON already; texts that hold numbers are understood, so a CSV reader need not guess types.

import { nearest } from "../base/index.ts";
import { matchOutputs, rowWidth, textsOf, type ExpectedColumn } from "./check-columns.ts";
import type { CheckValue, Checks, Tolerance } from "./checks.ts";
import { packageError } from "./errors.ts";
import type { Column, Output, Scalar, Signature } from "./signature.ts";

export type CheckRow = Readonly<Record<string, string | number | boolean | null>>;

export interface CheckFile {
  /** All rows. `sampleChecks` picks those to keep in the package. */
  readonly checks: Checks;
  /** The signature with `seen`, `range` and `example` of the file's rows. */
  readonly signature: Signature;
  readonly expected: readonly ExpectedColumn[];
  /** Columns that are neither an input nor a recognised output: not used, to be told to the user. */
  readonly unknown: readonly { readonly column: string; readonly suggestion?: string }[];
}

const MAX_COLUMNS = 100_000;

/** @throws SlipwayError package-check-empty, package-check-columns, package-check-value */
export function readCheckFile(rows: readonly CheckRow[], signature: Signature, source: Pick<Checks["source"], "file" | "sha256">): CheckFile {
  if (rows.length === 0) throw packageError("package-check-empty", "the check file has no rows", { where: source.file });
  const present = columnsOf(rows, source.file);
  const inputs = matchInputs(signature, present, source.file);
  const taken = new Set(inputs.values());
  const rest = present.filter((c) => !taken.has(c));
  const matcher = matchOutputs(signature, rest);
  const expected: ExpectedColumn[] = [];
  const unknown: CheckFile["unknown"][number][] = [];
  for (const column of rest) {
    const match = matcher.match(column);
    const twin = match && expected.find((e) => e.output === match.output && e.index === match.index);
    if (twin) {
      throw packageError("package-check-columns", `the columns ${shown(twin.column)} and ${shown(column)} both mean the output ${twin.output}`, {
        where: source.file, hint: "Keep one of them." });
    }
    if (match) expected.push(match);
    else {
      const suggestion = nearest(column, [...signature.columns.map((c) => c.name), ...matcher.names]);
      unknown.push({ column, ...(suggestion === undefined ? {} : { suggestion }) });
    }
  }
  if (expected.length === 0) {
    throw packageError("package-check-columns", "the check file has no column with what the model predicted", {
      where: source.file, hint: `Add one named ${[...new Set(matcher.names)].slice(0, 6).join(", ")} ... beside the inputs.`, data: { columns: present.slice(0, 100) } });
  }
  const records = readInputs(rows, signature, inputs, source.file);
  const outputs = readExpected(rows, signature, expected, source.file);
  return {
    checks: { source: { file: source.file, ...(source.sha256 === undefined ? {} : { sha256: source.sha256 }), rows: rows.length }, inputs: records, ...outputs },
    signature: { ...signature, columns: signature.columns.map((column) => {
      const name = inputs.get(column.name);
      return name === undefined ? column : sharpen(column, records.map((record, i) => [record[column.name]!, rows[i]![name]!]));
    }) },
    expected,
    unknown,
  };
}

/** At most `max` rows, evenly spaced over the file: what is kept in the package. */
export function sampleChecks(checks: Checks, max: number): Checks {
  const rows = checks.inputs.length;
  if (rows <= max) return checks;
  const picks = Array.from({ length: max }, (_, i) => Math.floor((i * rows) / max));
  return {
    ...checks,
    inputs: picks.map((row) => checks.inputs[row]!),
    expected: Object.fromEntries(Object.entries(checks.expected).map(([name, values]) => [name, picks.map((row) => values[row]!)])),
  };
}

function columnsOf(rows: readonly CheckRow[], file: string): string[] {
  const names = new Set<string>();
  for (const [i, row] of rows.entries()) {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      throw packageError("package-check-value", "expected an object with one value a column", { where: `${file}, row ${i + 1}` });
    }
    for (const name of Object.keys(row)) names.add(name);
    if (names.size > MAX_COLUMNS) throw packageError("package-too-large", `more than ${MAX_COLUMNS} columns`, { where: file });
  }
  return [...names];
}

/** Input name -> the file's column. */
function matchInputs(signature: Signature, present: readonly string[], file: string): Map<string, string> {
  const there = new Set(present);
  const columns = signature.columns;
  const found = new Map(columns.filter((c) => there.has(c.name)).map((c) => [c.name, c.name]));
  if (found.size === 0) {
    // Models without column names: a lone column of texts, and numbered columns such as 0, 1 or x1, x2.
    if (columns.length === 1) {
      const outputs = matchOutputs(signature, present);
      const others = present.filter((c) => outputs.match(c) === undefined);
      if (others.length === 1) return new Map([[columns[0]!.name, others[0]!]]);
    }
    if (columns.every((c, i) => c.name === `x${i}`)) {
      const numbered = present.flatMap((c) => {
        const match = /^(x|f|v|feature|col|column)?[_ ]?(\d{1,6})$/i.exec(c);
        return match ? [[Number(match[2]), c] as const] : [];
      }).sort(([a], [b]) => a - b);
      const first = numbered[0]?.[0];
      if (numbered.length === columns.length && first !== undefined && first <= 1 && numbered.every(([n], i) => n === first + i)) {
        return new Map(columns.map((c, i) => [c.name, numbered[i]![1]]));
      }
    }
  }
  const missing = columns.filter((c) => c.used && !found.has(c.name)).map((c) => c.name);
  if (missing.length > 0) {
    const near = nearest(missing[0]!, present);
    throw packageError("package-check-columns", `the check file lacks ${missing.length === 1 ? "the column" : `${missing.length} columns, the first is`} ${shown(missing[0]!)}, which the model takes`, {
      where: file,
      hint: near === undefined ? "Write the file with all columns the model was fitted with." : `Did you mean it by ${shown(near)}?`,
      data: { missing: missing.slice(0, 100), columns: present.slice(0, 100) },
    });
  }
  return found;
}

function readInputs(rows: readonly CheckRow[], signature: Signature, inputs: ReadonlyMap<string, string>, file: string): Record<string, CheckValue>[] {
  const columns = signature.columns.filter((c) => c.used && inputs.has(c.name));
  return rows.map((row, i) => Object.fromEntries(columns.map((column) => {
    const name = inputs.get(column.name)!;
    const value = Object.hasOwn(row, name) ? row[name]! : null;
    const read = readInput(value, column);
    if (read === undefined) {
      throw packageError("package-check-value", `expected ${column.type === "boolean" ? "true or false" : "a number"}, found ${shown(value)}`, {
        where: `${file}, row ${i + 1}, column ${name}` });
    }
    return [column.name, read];
  })));
}

/** undefined: not a value of this column. */
function readInput(value: string | number | boolean | null, column: Column): CheckValue | undefined {
  if (value === null) return null;
  if (column.type === "string") {
    // The caller tells null from an empty text.
    if (typeof value === "string") return value;
    const texts = textsOf(value);
    return texts.find((t) => column.categories?.includes(t)) ?? texts[0]!;
  }
  if (column.type === "boolean") return readBoolean(value);
  return typeof value === "boolean" ? Number(value) : readNumber(value, null);
}

function readBoolean(value: string | number | boolean): boolean | null | undefined {
  if (value === "" || (typeof value === "string" && /^nan$/i.test(value))) return null;
  if (typeof value === "boolean") return value;
  const text = String(value).toLowerCase();
  return text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : undefined;
}

/** Numbers as Python prints them. An empty text is null, "nan" is `nan`. */
function readNumber(value: string | number | boolean, nan: number | null): number | null | undefined {
  if (typeof value === "number") return Number.isNaN(value) ? nan : value;
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (text === "") return null;
  if (/^[+-]?nan$/i.test(text)) return nan;
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  if (/^(?:true|false)$/i.test(text)) return Number(text.toLowerCase() === "true");
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

function readExpected(rows: readonly CheckRow[], signature: Signature, expected: readonly ExpectedColumn[], file: string): Pick<Checks, "expected" | "tolerance"> {
  const values: [string, CheckValue[][]][] = [];
  const tolerance: [string, Tolerance][] = [];
  for (const output of signature.outputs) {
    const columns = expected.filter((e) => e.output === output.name);
    if (columns.length === 0) continue;
    const width = rowWidth(output)!;
    // A matrix as wide as the output: bounded before it is made.
    if (width * rows.length > 1 << 26) throw packageError("package-too-large", `${rows.length} rows of ${width} values of ${output.name}`, { where: file, hint: "Use fewer rows." });
    const exact = output.kind === "label" || output.type === "string" || output.type === "bool";
    let decimals = 0;
    let single = !exact;
    const matrix = rows.map((row, i) => {
      const cells: CheckValue[] = new Array<CheckValue>(width).fill(null);
      for (const { column, index } of columns) {
        const value = Object.hasOwn(row, column) ? row[column]! : null;
        if (value === null) continue;
        const read = exact ? readLabel(value, output) : readNumber(value, NaN);
        if (read === undefined) {
          throw packageError("package-check-value", `expected ${exact ? `a label of type ${output.type}` : "a number"}, found ${shown(value)}`, { where: `${file}, row ${i + 1}, column ${column}` });
        }
        if (!exact && typeof read === "number") {
          decimals = Math.max(decimals, decimalsOf(read));
          single &&= isSingle(read);
        }
        cells[index] = read;
      }
      return cells;
    });
    const size = output.type === "float" ? 1e-5 : 1e-9;
    values.push([output.name, matrix]);
    tolerance.push([output.name, exact ? "exact" : { rtol: size, atol: size, ...(decimals >= 2 && decimals <= 9 ? { decimals } : {}), ...(single && decimals > 0 ? { single: true as const } : {}) }]);
  }
  return { expected: Object.fromEntries(values), tolerance: Object.fromEntries(tolerance) };
}

/** A label as the output has it: "1" becomes 1 for whole-number labels, 1 becomes "1" for texts. */
function readLabel(value: string | number | boolean, output: Output): CheckValue | undefined {
  if (value === "") return output.classes?.includes("") ? "" : null;
  switch (output.type) {
    case "string": {
      if (typeof value === "string") return value;
      const texts = textsOf(value);
      return texts.find((t) => output.classes?.includes(t)) ?? texts[0]!;
    }
    case "bool": return readBoolean(value);
    case "int64": {
      if (typeof value === "string" && /^[+-]?\d{16,19}$/.test(value.trim())) return BigInt(value.trim());
      const number = readNumber(value, NaN);
      return number === undefined || (number !== null && !Number.isInteger(number)) ? undefined : number;
    }
    default: return readNumber(value, NaN);
  }
}

/** Digits after the point of the shortest decimal. */
/** Whether it is how NumPy and pandas write some number of single precision: the fewest digits that tell it from others. */
function isSingle(value: number): boolean {
  const single = Math.fround(value);
  if (!Number.isFinite(value) || single === value) return true;
  for (let digits = 6; digits <= 9; digits++) if (Number(single.toPrecision(digits)) === value) return true;
  return false;
}

function decimalsOf(value: number): number {
  if (!Number.isFinite(value)) return 0;
  const match = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  return match ? Math.max(0, (match[1]?.length ?? 0) - Number(match[2] ?? 0)) : 0;
}

/** The signature with `seen`, `range` and `example` of rows that hold what it takes, such as those of the training. */
export function signatureOfRows(signature: Signature, rows: readonly Readonly<Record<string, unknown>>[]): Signature {
  const cells = (column: Column): (readonly [CheckValue, unknown])[] => rows.map((row) => {
    const given = row[column.name];
    if (typeof given === "boolean" && (column.type === "double" || column.type === "int64")) return [Number(given), given];
    const fits = typeof given === (column.type === "string" ? "string" : column.type === "boolean" ? "boolean" : "number");
    return [fits ? given as CheckValue : null, given];
  });
  return { ...signature, columns: signature.columns.map((column) => (column.used ? sharpen(column, cells(column)) : column)) };
}

/** @param cells each value as the model takes it, and as it was given */
function sharpen(column: Column, cells: readonly (readonly [value: CheckValue, given: unknown])[]): Column {
  if (!column.used) return column;
  let low = Infinity;
  let high = -Infinity;
  let example: Scalar | undefined;
  let whole = true;
  let truth = true;
  for (const [value, given] of cells) {
    if (value === null || typeof value === "bigint") continue;
    example ??= value;
    if (typeof value !== "number") continue;
    whole &&= Number.isInteger(value);
    truth &&= typeof given === "boolean" || (typeof given === "string" && /^\s*(?:true|false)\s*$/i.test(given));
    if (Number.isFinite(value)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (example === undefined) return column;
  return {
    ...column,
    ...(column.type === "double" ? { seen: truth ? "boolean" : whole ? "int64" : "double" } : {}),
    ...(low <= high ? { range: [low, high] as const } : {}),
    example,
  };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
