// The JSON Schemas of one model: its columns with types, categories, ranges, which may be missing, and an example; its
// outputs with class names.

import { ANY_RANK, type Column, type Output, type Signature, type TensorInput } from "@slipway/core/package";
import { exampleRequest, exampleValue, isFlag, usedColumns, type Servable } from "../../runtime/index.ts";
import { ref, type Json } from "./descriptions.ts";

/** Longer lists would make the document unreadable; the signature has them all. */
const MAX_ENUM = 500;
const MAX_PROPERTIES = 2000;

export const TENSOR: Json = {
  type: "object",
  properties: { name: { type: "string" }, shape: { type: "array", items: { type: "integer" } }, datatype: { type: "string" }, parameters: { type: "object" }, data: { type: "array" } },
  required: ["name", "shape", "datatype"],
};

/** Component names may hold letters, digits, ".", "-" and "_" only, which package names keep to. */
export function schemaName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, "_");
}

export function rowSchema(model: Servable): Json {
  if (model.signature.tensors) return tensorsRowSchema(model.signature.tensors, model.signature.tensorRows === "none");
  const columns = usedColumns(model.signature).slice(0, MAX_PROPERTIES);
  return {
    type: "object",
    properties: Object.fromEntries(columns.map((c) => [c.name, columnSchema(c)])),
    required: columns.filter((c) => c.missing === "refused").map((c) => c.name),
    ...(model.signature.extraColumns === "refused" ? { additionalProperties: false } : {}),
    example: Object.fromEntries(columns.map((c) => [c.name, exampleValue(c)])),
  };
}

/** One nested list an input: of one row, or (`whole`) of the whole request. */
function tensorsRowSchema(tensors: readonly TensorInput[], whole: boolean): Json {
  return { type: "object", properties: Object.fromEntries(tensors.map((t) => [t.name, nestedSchema(t, whole ? 0 : 1)])), required: tensors.map((t) => t.name), additionalProperties: false };
}
function nestedSchema(input: TensorInput, depth: number): Json {
  if (input.anyRank === true) return { type: "array", items: {}, description: `Nested lists of ${ANY_RANK} dimensions at most.` };
  const size = input.shape[depth];
  if (size === undefined) return { type: input.type === "string" ? "string" : input.type === "bool" ? "boolean" : /int/.test(input.type) ? "integer" : ["number", "null"] };
  const fixed = typeof size === "number" && size >= 0 && depth > 0;
  const least = input.least?.[depth] ?? 0;
  return { type: "array", items: nestedSchema(input, depth + 1), ...(fixed ? { minItems: size, maxItems: size } : least > 1 && depth > 0 ? { minItems: least } : {}) };
}

/** null is among the types where the column may be missing. */
function columnSchema(column: Column): Json {
  const nullable = column.missing === "allowed";
  const type = { double: "number", int64: "integer", boolean: "boolean", string: "string" }[column.type];
  const notes = [
    isFlag(column) && type === "number" ? "Usually true or false." : column.range === undefined ? "" : `Usually ${column.range[0]} to ${column.range[1]}.`,
    column.categories !== undefined && column.unknown === "allowed" ? `Known: ${column.categories.slice(0, 30).map((c) => JSON.stringify(c)).join(", ")}${column.categories.length > 30 ? ", ..." : ""}; any other value counts as unknown.` : "",
    column.missingReason === undefined ? "" : `May not be missing: ${column.missingReason}.`,
    type === "number" && column.infinite === "allowed" ? '"Infinity" and "-Infinity" are taken as numbers.' : "",
  ].filter((note) => note !== "");
  const closed = column.categories !== undefined && column.unknown === "refused" && column.categories.length <= MAX_ENUM;
  const [low, high] = column.limits ?? [-Infinity, Infinity];
  return {
    type: column.wholeNumbers === true ? [type, "integer"] : isFlag(column) && type === "number" ? ["boolean", type, ...(nullable ? ["null"] : [])] : nullable ? [type, "null"] : type,
    ...(closed ? { enum: [...column.categories!, ...(nullable ? [null] : [])] } : {}),
    ...(Number.isFinite(low) ? { minimum: low } : {}),
    ...(Number.isFinite(high) ? { maximum: high } : {}),
    ...(notes.length > 0 ? { description: notes.join(" ") } : {}),
    examples: [exampleValue(column)],
  };
}

export function requestSchema(model: Servable, id: string): Json {
  const { signature } = model;
  const row = ref(`${id}.Row`);
  if (signature.tensors) {
    const named = { type: "object", properties: Object.fromEntries(signature.tensors.map((t) => [t.name, nestedSchema(t, 0)])), required: signature.tensors.map((t) => t.name) };
    const whole = { type: "object", properties: { inputs: { anyOf: [named, { type: "array", items: TENSOR }] } }, required: ["inputs"] };
    return { anyOf: [whole, row, ...(signature.tensorRows === "none" ? [] : [{ type: "array", minItems: 1, items: row }])], examples: [exampleRequest(signature)] };
  }
  const cells = signature.columns.length;
  const list = { type: "array", minItems: cells, maxItems: cells, description: `The ${cells} columns in order: ${signature.columns.slice(0, 30).map((c) => c.name).join(", ")}${cells > 30 ? ", ..." : ""}` };
  const records = { type: "array", minItems: 1, items: row };
  const rows = { type: "array", minItems: 1, items: list };
  const text = { type: "string" };
  const texts = { type: "array", minItems: 1, items: text };
  const columns = { type: "object", additionalProperties: { type: "array" } };
  const forms: Json[] = signature.layout === "text"
    ? [texts, text, { type: "object", properties: { texts }, required: ["texts"] }, records, row]
    : [records, row, { type: "object", properties: { records }, required: ["records"] }, rows, { type: "object", properties: { rows }, required: ["rows"] }, { type: "object", properties: { columns }, required: ["columns"] }];
  return { anyOf: forms, examples: [exampleRequest(signature)] };
}

export function predictionSchema(model: Servable): Json {
  return {
    type: "object",
    description: "Every output by name, or those that were asked for.",
    properties: Object.fromEntries(model.signature.outputs.map((o) => [o.name, o.json === true ? jsonSchema(model.signature) : outputSchema(o)])),
  };
}

/** Of texts that are answered as the JSON they hold. */
function jsonSchema({ task }: Signature): Json {
  if (task === undefined) return { description: "JSON." };
  const label = { type: "string", examples: task.labels.slice(0, 5) };
  if (task.kind === "segmentation") {
    const whole = { type: "integer", minimum: 0 };
    const counts = { type: "string", description: "COCO's run lengths: with `size` what pycocotools.mask.decode takes. Not there with ?mask=png." };
    const segments = { type: "array", description: "Of the classes that the picture has, by number.", items: { type: "object", properties: { label, class: whole, pixels: whole, counts }, required: ["label", "class", "pixels"] } };
    return { type: "object", properties: { size: { type: "array", items: whole, minItems: 2, maxItems: 2, description: "Height and width of the picture that was sent." }, segments, png: { type: "string", description: "With ?mask=png: the class of every pixel as a PNG in base64." } }, required: ["size", "segments"] };
  }
  const box = { type: "array", items: { type: "number", minimum: 0 }, minItems: 4, maxItems: 4, description: "Left, top, right, bottom, in pixels of the picture." };
  return { type: "array", description: "The highest score first.", items: { type: "object", properties: { box, label, score: { type: "number" } }, required: ["box", "label", "score"] } };
}

function outputSchema(output: Output): Json {
  const scalar = { type: /^(double|float)/.test(output.type) ? ["number", "null"] : output.type === "string" ? ["string", "null"] : output.type === "bool" ? "boolean" : output.type.endsWith("64") ? ["integer", "string"] : "integer" };
  if (output.anyRank === true) return { description: "A value, or nested lists of them." };
  if (output.rowShape.length === 0) return output.classes !== undefined && output.classes.length <= MAX_ENUM ? { enum: [...output.classes] } : scalar;
  const names = output.columns?.map(String);
  if (names !== undefined && output.kind !== "transformed" && new Set(names).size === names.length && names.length <= MAX_PROPERTIES) {
    return { type: "object", properties: Object.fromEntries(names.map((n) => [n, scalar])), required: names };
  }
  const [width, ...inner] = output.rowShape as [number, ...number[]];
  const items = inner.reduceRight((of: Json, d) => ({ type: "array", items: of, ...(d >= 0 ? { minItems: d, maxItems: d } : {}) }), scalar);
  return { type: "array", items, ...(width >= 0 ? { minItems: width, maxItems: width } : {}) };
}

export function answerSchema(id: string): Json {
  return {
    type: "object",
    properties: {
      predictions: { type: "array", items: { anyOf: [ref(`${id}.Prediction`), ref("RowError")] }, description: "One a row, in the request's order." },
      model: ref("Model"),
      prediction_id: { type: "string", format: "uuid", description: "Row i of this answer is called <prediction_id>-<i>." },
    },
    required: ["predictions", "model", "prediction_id"],
  };
}
