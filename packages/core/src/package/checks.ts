// Golden rows: inputs with the outputs they must give. Stored as checks.json, run before every release and at warm-up.

import { packageError } from "./errors.ts";
import { asArray, asCount, asText, decodeNumber, encodeNumber, JsonObject, type Fail } from "./json.ts";

/** null: in inputs a missing value, in expected outputs "not stated, do not compare". */
export type CheckValue = string | number | boolean | bigint | null;

/** "exact" for labels. For numbers |actual - expected| <= atol + rtol * |expected|. */
export type Tolerance = "exact" | {
  readonly rtol: number;
  readonly atol: number;
  /** The file was written with so many decimals: a number that rounds to the expected one agrees. */
  readonly decimals?: number;
  /** The file holds numbers of single precision, as text: the same number of single precision agrees. */
  readonly single?: true;
};

export interface Checks {
  readonly source: {
    readonly file: string;
    /** 64 hex digits of the file, where known. */
    readonly sha256?: string;
    readonly rows: number;
  };
  /** One record per row: raw input columns by name. */
  readonly inputs: readonly Readonly<Record<string, CheckValue>>[];
  /** By output name, one list per row, row-major over the output's row shape: [label] or [p0, p1, p2]. */
  readonly expected: Readonly<Record<string, readonly (readonly CheckValue[])[]>>;
  /** By output name. */
  readonly tolerance: Readonly<Record<string, Tolerance>>;
}

const MAX_ROWS = 1_000_000;
const MAX_WIDTH = 1_000_000;

const fail: Fail = (message, where) => packageError("package-checks", message, { where: `checks.json: ${where}` });

export function checksToJson(checks: Checks): object {
  return {
    source: { file: checks.source.file, sha256: checks.source.sha256, rows: checks.source.rows },
    inputs: checks.inputs.map((row) => mapValues(row, encodeValue)),
    expected: mapValues(checks.expected, (rows) => rows.map((row) => row.map(encodeValue))),
    tolerance: mapValues(checks.tolerance, (t) => (t === "exact" ? t : { rtol: t.rtol, atol: t.atol, decimals: t.decimals, single: t.single })),
  };
}

export function parseChecks(json: unknown): Checks {
  const top = new JsonObject(json, "", fail);
  const source = top.object("source");
  const sha256 = source.optionalString("sha256");
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) throw fail("expected 64 hex digits", "source.sha256");
  const inputs = top.array("inputs", MAX_ROWS, (row, where) => mapObject(new JsonObject(row, where, fail), decodeValue));
  const expected = mapObject(top.object("expected"), (rows, where) =>
    asArray(rows, where, fail, MAX_ROWS).map((row, i) =>
      asArray(row, `${where}[${i}]`, fail, MAX_WIDTH).map((value, j) => decodeValue(value, `${where}[${i}][${j}]`))));
  for (const [name, rows] of Object.entries(expected)) {
    if (rows.length !== inputs.length) throw fail(`${rows.length} rows for ${inputs.length} rows of inputs`, `expected.${name}`);
  }
  const tolerance = mapObject(top.object("tolerance"), parseTolerance);
  for (const name of Object.keys(expected)) {
    if (!Object.hasOwn(tolerance, name)) throw fail("there is no tolerance for this output", `tolerance.${name}`);
  }
  return {
    source: { file: source.string("file"), ...(sha256 === undefined ? {} : { sha256 }), rows: source.count("rows") },
    inputs,
    expected,
    tolerance,
  };
}

function parseTolerance(value: unknown, where: string): Tolerance {
  if (value === "exact") return value;
  const t = new JsonObject(value, where, fail);
  const size = (key: string): number => {
    const number = t.get(key);
    if (typeof number !== "number" || !(number >= 0)) throw fail("expected a number that is not negative", t.at(key));
    return number;
  };
  return {
    rtol: size("rtol"),
    atol: size("atol"),
    ...(t.has("decimals") ? { decimals: asCount(t.get("decimals"), t.at("decimals"), fail, 20) } : {}),
    ...(t.get("single") === true ? { single: true } : {}),
  };
}

/** Whole numbers beyond 2^53 are stored as {"int": "9007199254740993"}. */
function encodeValue(value: CheckValue): unknown {
  if (typeof value === "number") return encodeNumber(value);
  if (typeof value !== "bigint") return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : { int: String(value) };
}

function decodeValue(value: unknown, where: string): CheckValue {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "object" && Object.hasOwn(value, "int")) {
    const digits = asText((value as { int: unknown }).int, where, fail);
    if (!/^-?\d{1,20}$/.test(digits)) throw fail("expected the digits of a whole number", where);
    return BigInt(digits);
  }
  return decodeNumber(value) ?? asText(value, where, fail);
}

// Object.fromEntries defines own properties, so that a column may be called __proto__.
function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
function mapObject<T>(object: JsonObject, map: (value: unknown, where: string) => T): Record<string, T> {
  return Object.fromEntries(object.keys().map((key) => [key, map(object.get(key), object.at(key))]));
}
