// Predicted rows as JSON text, written at once from the engine's arrays: what JSON.stringify gives for `toRows`, without
// the objects in between. What names and braces stand around the values is made once for an output.

import { MISSING_STRING } from "@slipway/core/package";
import { keysOf, type OutputData, type Prediction, readInt64, shortestFloat, toRows } from "@slipway/core/predict";

/** `{...},{...}` of the rows from `start` to before `end`, without brackets around them. */
export function rowsJson(prediction: Prediction, start = 0, end: number = prediction.rows): string {
  const { outputs } = prediction;
  if (outputs.some((o) => (o.dims?.length ?? 0) > 1)) return JSON.stringify(toRows(prediction, start, end)).slice(1, -1);
  const shapes = outputs.map(shapeOf);
  const cells = outputs.map(cellOf);
  let text = "";
  for (let row = start; row < end; row++) {
    text += row === start ? "{" : ",{";
    for (let o = 0; o < outputs.length; o++) {
      const { width, data } = outputs[o]!;
      const { before, between, after } = shapes[o]!;
      const cell = cells[o]!;
      if (o > 0) text += ",";
      text += before;
      for (let i = 0; i < width; i++) text += between === undefined ? cell(data, row * width + i) : between[i]! + cell(data, row * width + i);
      text += after;
    }
    text += "}";
  }
  return text;
}

interface Shape {
  readonly before: string;
  /** Before each value: a comma and its name. None around a single value. */
  readonly between: readonly string[] | undefined;
  readonly after: string;
}
const shapes = new WeakMap<object, Map<string, Shape>>();

function shapeOf({ output, width, dims }: OutputData): Shape {
  const single = (dims ?? output.rowShape).length === 0;
  const key = `${width} ${single}`;
  let known = shapes.get(output);
  if (known === undefined) shapes.set(output, (known = new Map()));
  let shape = known.get(key);
  if (shape === undefined) {
    const name = `${JSON.stringify(output.name)}:`;
    const names = single ? undefined : keysOf(output, width);
    shape = single ? { before: name, between: undefined, after: "" }
      : names !== undefined ? inOrder(name, names)
      : { before: `${name}[`, between: Array.from({ length: width }, (_, i) => (i === 0 ? "" : ",")), after: "]" };
    known.set(key, shape);
  }
  return shape;
}

/** An object's whole-number names come first when JSON.stringify writes it; here names stay in the order of classes. */
function inOrder(name: string, names: readonly string[]): Shape {
  return { before: `${name}{`, between: names.map((n, i) => `${i === 0 ? "" : ","}${JSON.stringify(n)}:`), after: "}" };
}

/** Texts repeat (labels): what they look like in JSON is remembered, within bounds. */
const texts = new Map<string, string>();
const MAX_TEXTS = 1000;
const MAX_TEXT = 100;

function textJson(value: string): string {
  if (value === MISSING_STRING) return "null";
  let json = texts.get(value);
  if (json === undefined) {
    json = JSON.stringify(value);
    if (value.length > MAX_TEXT) return json;
    if (texts.size >= MAX_TEXTS) texts.clear();
    texts.set(value, json);
  }
  return json;
}

type Cell = (data: OutputData["data"], index: number) => string;

const wholeCell: Cell = (data, i) => {
  const value = readInt64((data as BigInt64Array)[i]!);
  return typeof value === "number" ? String(value) : `"${value}"`;
};
const jsonCell: Cell = (data, i) => (data as readonly string[])[i]!;
const textCell: Cell = (data, i) => textJson((data as readonly string[])[i]!);
const boolCell: Cell = (data, i) => (data[i] === 0 ? "false" : "true");
const floatCell: Cell = (data, i) => numberJson(shortestFloat((data as Float32Array)[i]!));
const doubleCell: Cell = (data, i) => numberJson((data as Float64Array)[i]!);

function cellOf({ data, output }: OutputData): Cell {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return wholeCell;
  if (output.json === true) return jsonCell;
  if (Array.isArray(data)) return textCell;
  if (data instanceof Uint8Array && output.type === "bool") return boolCell;
  return data instanceof Float32Array ? floatCell : doubleCell;
}

/** JSON has no NaN and no infinities: null, as JSON.stringify writes them. -0 is 0 there. */
function numberJson(value: number): string {
  return value - value === 0 ? String(value) : "null";
}
