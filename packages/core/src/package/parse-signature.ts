// signature.json: written with keys in a fixed order, read with every field checked.
// A limit without an end is null in JSON: [null, 3.4e38]; limits without both ends are left out.
// Unknown fields are passed over, so that an older reader takes what a newer writer added.

import { packageError } from "./errors.ts";
import { asBucketing } from "./text-bucket.ts";
import { asArray, asText, decodeNumber, encodeNumber, JsonObject, oneOf, type Fail } from "./json.ts";
import { parseAudioInput } from "./audio-input.ts";
import { checkForecasting, parseForecasting } from "./forecasting.ts";
import { parseImageInput } from "./image-input.ts";
import { parsePictureTask } from "./picture-task.ts";
import type { ElementType } from "../tensor/index.ts";
import type { Column, Output, Scalar, Signature, HashedTensor, TensorInput, TextInput, TextNormalization } from "./signature.ts";

const MAX_COLUMNS = 1_000_000;
const MAX_OUTPUTS = 1000;
const MAX_HASHED = 10_000;
const MAX_CATEGORIES = 10_000_000;

const fail: Fail = (message, where) => packageError("package-signature", message, { where: `signature.json: ${where}` });

export function parseSignature(json: unknown): Signature {
  const top = new JsonObject(json, "", fail);
  const layout = top.oneOf("layout", ["columns", "matrix", "text", "tensors"]);
  const matrixName = top.optionalString("matrixName");
  if (layout === "matrix" && matrixName === undefined) throw fail("the layout is matrix, but the graph's input is not named", "matrixName");
  const columns = top.array("columns", MAX_COLUMNS, parseColumn);
  const outputs = top.array("outputs", MAX_OUTPUTS, parseOutput);
  if (layout === "tensors" && !top.has("tensors")) throw fail("the layout is tensors, but there are none", "tensors");
  if (layout === "text" && columns.length !== 1) throw fail(`the layout is text, but there are ${columns.length} columns`, "columns");
  if (outputs.length === 0) throw fail("there are no outputs", "outputs");
  unique(columns.map((c) => c.name), "columns", "name");
  unique(outputs.map((o) => o.name), "outputs", "name");
  unique(outputs.map((o) => o.graphName), "outputs", "graphName");
  const signature: Signature = {
    layout,
    ...(matrixName === undefined ? {} : { matrixName }),
    ...(layout === "tensors" ? { tensors: top.array("tensors", MAX_COLUMNS, parseTensor), tensorRows: top.oneOf("tensorRows", ["independent", "together", "one", "none"]) } : {}),
    ...(layout !== "tensors" && top.has("tensorRows") ? { tensorRows: top.oneOf("tensorRows", ["independent", "together"]) } : {}),
    ...(layout === "tensors" && top.has("hashedTensors") ? { hashedTensors: top.array("hashedTensors", MAX_HASHED, parseHashed) } : {}),
    columns,
    ...(top.has("textInputs") ? { textInputs: top.array("textInputs", MAX_COLUMNS, parseTextInput) } : {}),
    ...(top.has("rowCells") ? { rowCells: parseCount(top, "rowCells") } : {}),
    extraColumns: top.oneOf("extraColumns", ["ignored", "refused"]),
    outputs,
    ...(layout === "tensors" && top.has("task") ? { task: parsePictureTask(top.get("task"), "task", fail) } : {}),
    ...(top.has("rowChecks") ? { rowChecks: top.array("rowChecks", 1000, (value, where) => asText(value, where, fail)) } : {}),
    ...(top.has("forecast") ? { forecast: parseForecasting(top.get("forecast"), "forecast", fail) } : {}),
  };
  if (signature.forecast !== undefined) checkForecasting(signature.forecast, signature, "forecast", fail);
  return signature;
}

export function signatureToJson(signature: Signature): object {
  return {
    layout: signature.layout,
    matrixName: signature.matrixName,
    tensors: signature.tensors,
    tensorRows: signature.tensorRows,
    hashedTensors: signature.hashedTensors,
    columns: signature.columns.map((c) => ({
      name: c.name,
      type: c.type,
      used: c.used,
      missing: c.missing,
      missingReason: c.missingReason,
      infinite: c.infinite,
      limits: c.limits === undefined || (c.limits[0] === -Infinity && c.limits[1] === Infinity) ? undefined : c.limits.map((v) => (Number.isFinite(v) ? v : null)),
      categories: c.categories?.map(encodeScalar),
      unknown: c.unknown,
      seen: c.seen,
      range: c.range?.map(encodeNumber),
      example: c.example === undefined || c.example === null ? c.example : encodeScalar(c.example),
      wholeNumbers: c.wholeNumbers,
      normalize: c.normalize,
    })),
    textInputs: signature.textInputs,
    rowCells: signature.rowCells,
    task: signature.task,
    extraColumns: signature.extraColumns,
    rowChecks: signature.rowChecks,
    forecast: signature.forecast,
    outputs: signature.outputs.map((o) => ({
      name: o.name,
      graphName: o.graphName,
      kind: o.kind,
      type: o.type,
      rowShape: o.rowShape,
      anyRank: o.anyRank,
      columns: o.columns?.map(encodeScalar),
      classes: o.classes?.map(encodeScalar),
      json: o.json,
    })),
  };
}

const NORMALIZATIONS = ["lowercase", "strip_accents_unicode", "strip_accents_ascii", "catboost_hash"] as const;
const TYPES = ["double", "int64", "boolean", "string"] as const;

function parseColumn(value: unknown, where: string): Column {
  const c = new JsonObject(value, where, fail);
  const missingReason = c.optionalString("missingReason");
  return {
    name: c.string("name"),
    type: c.oneOf("type", TYPES),
    used: c.boolean("used"),
    missing: c.oneOf("missing", ["allowed", "refused"]),
    ...(missingReason === undefined ? {} : { missingReason }),
    infinite: c.oneOf("infinite", ["allowed", "refused"]),
    ...(c.has("limits") ? { limits: parsePair(c, "limits", true) } : {}),
    ...(c.has("categories") ? { categories: c.array("categories", MAX_CATEGORIES, parseScalar) } : {}),
    ...(c.has("unknown") ? { unknown: c.oneOf("unknown", ["refused", "allowed"]) } : {}),
    ...(c.has("seen") ? { seen: c.oneOf("seen", TYPES) } : {}),
    ...(c.has("range") ? { range: parsePair(c, "range", false) } : {}),
    ...(c.has("example") ? { example: c.get("example") === null ? null : parseScalar(c.get("example"), c.at("example")) } : {}),
    ...(c.has("wholeNumbers") ? { wholeNumbers: c.boolean("wholeNumbers") } : {}),
    ...(c.has("normalize") ? { normalize: parseNormalize(c) } : {}),
  };
}

function parseNormalize(c: JsonObject): readonly TextNormalization[] {
  return c.array("normalize", 10, (v, at) => (typeof v === "string" && asBucketing(v) !== undefined ? (v as TextNormalization) : oneOf(v, at, NORMALIZATIONS, fail)));
}

function parseCount(c: JsonObject, key: string): number {
  const value = c.get(key);
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) throw fail("expected a positive integer", c.at(key));
  return value;
}

function parseTextInput(value: unknown, where: string): TextInput {
  const t = new JsonObject(value, where, fail);
  return { name: t.string("name"), column: t.string("column"), normalize: parseNormalize(t) };
}

const ELEMENT_TYPES: readonly ElementType[] = ["float", "double", "int64", "string", "bool", "float16", "int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64"];

function parseTensor(value: unknown, where: string): TensorInput {
  const t = new JsonObject(value, where, fail);
  const shape = t.array("shape", 64, (d, at) => {
    if (typeof d === "string" ? d === "" : typeof d !== "number" || !Number.isSafeInteger(d) || d < -1) throw fail("expected a size, -1 or a name", at);
    return d as number | string;
  });
  const least = t.has("least") ? t.array("least", 64, (d, at) => {
    if (typeof d !== "number" || !Number.isSafeInteger(d) || d < 0) throw fail("expected a size", at);
    return d;
  }) : undefined;
  if (least !== undefined && least.length !== shape.length) throw fail(`expected ${shape.length} sizes`, t.at("least"));
  return { name: t.string("name"), type: t.oneOf("type", ELEMENT_TYPES), shape, ...(least === undefined ? {} : { least }), ...(t.has("anyRank") && t.boolean("anyRank") ? { anyRank: true } : {}), ...(t.has("image") ? { image: parseImageInput(t.get("image"), t.at("image"), fail) } : {}), ...(t.has("audio") ? { audio: parseAudioInput(t.get("audio"), t.at("audio"), fail) } : {}) };
}

function parseHashed(value: unknown, where: string): HashedTensor {
  const t = new JsonObject(value, where, fail);
  const of = t.array("of", 1000, (v, at) => asText(v, at, fail));
  const method = t.oneOf("method", ["farmhash64", "siphash24", "crossed"]);
  const key = method === "siphash24" ? t.array("key", 2, (v, at) => {
    if (typeof v !== "string" || !/^\d{1,20}$/.test(v) || BigInt(v) >= 2n ** 64n) throw fail("expected a number of 64 bits, as a text", at);
    return v;
  }) : undefined;
  if (of.length === 0 || (key !== undefined && key.length !== 2)) throw fail("expected the names of tensors, and a key of two numbers for siphash24", where);
  return { name: t.string("name"), of, method, ...(key === undefined ? {} : { key: [key[0]!, key[1]!] as const }), buckets: parseCount(t, "buckets") };
}

function parseOutput(value: unknown, where: string): Output {
  const o = new JsonObject(value, where, fail);
  const rowShape = o.array("rowShape", 8, (v, at) => {
    // -1: only known when the model runs.
    if (typeof v !== "number" || !Number.isSafeInteger(v) || v < -1) throw fail("expected a whole number", at);
    return v;
  });
  const width = rowShape.reduce((a, b) => a * b, 1);
  const columns = o.has("columns") ? o.array("columns", MAX_COLUMNS, parseScalar) : undefined;
  if (columns !== undefined && !rowShape.includes(-1) && columns.length !== width) {
    throw fail(`${columns.length} names for ${width} ${width === 1 ? "entry" : "entries"} a row`, o.at("columns"));
  }
  return {
    name: o.string("name"),
    graphName: o.string("graphName"),
    kind: o.oneOf("kind", ["label", "probabilities", "score", "value", "transformed", "mask"]),
    type: o.oneOf("type", ELEMENT_TYPES),
    rowShape,
    ...(o.has("anyRank") && o.boolean("anyRank") ? { anyRank: true as const } : {}),
    ...(columns === undefined ? {} : { columns }),
    ...(o.has("classes") ? { classes: o.array("classes", MAX_COLUMNS, parseScalar) } : {}),
    ...(o.has("json") && o.boolean("json") ? { json: true as const } : {}),
  };
}

function encodeScalar(value: Scalar): Scalar | { readonly float: string } {
  return typeof value === "number" ? encodeNumber(value) : value;
}

function parseScalar(value: unknown, where: string): Scalar {
  if (typeof value === "boolean") return value;
  const number = decodeNumber(value);
  return number ?? asText(value, where, fail);
}

function parsePair(object: JsonObject, key: string, open: boolean): readonly [number, number] {
  const where = object.at(key);
  const pair = asArray(object.get(key), where, fail, 2);
  const end = (i: number): number => {
    const value = open && pair[i] === null ? [-Infinity, Infinity][i] : decodeNumber(pair[i]);
    if (value === undefined) throw fail("expected two numbers", where);
    return value;
  };
  const [low, high] = [end(0), end(1)];
  if (!(low <= high)) throw fail(`the lower end ${low} is not below the upper end ${high}`, where);
  return [low, high];
}

function unique(names: readonly string[], where: string, what: string): void {
  const seen = new Set<string>();
  names.forEach((name, i) => {
    if (seen.has(name)) throw fail(`${JSON.stringify(name.slice(0, 100))} is there twice`, `${where}[${i}].${what}`);
    seen.add(name);
  });
}
