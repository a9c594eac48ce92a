// category_encoders.MultiHotEncoder (of 2.11): a cell holds several items between delimiters, "a|c", and every item that
// was seen while fitting gets a column of 0 and 1. Items are stripped of white space, empty ones do not count.
//
// A cell is told to hold an item by one regular expression for each. They agree with splitting the text as long as no two
// delimiters can overlap and no delimiter can begin or end in the white space around an item; other delimiters are refused.

import type { Value } from "../../onnx/index.ts";
import { MISSING_STRING } from "../../package/index.ts";
import { PyDict, PyList, type PyValue } from "../../pickle/index.ts";
import { strings } from "../../tensor/index.ts";
import { defineEstimator, type EstimatorConverter } from "../conversion/contract.ts";
import { memo, type Conversion } from "../conversion/conversion.ts";
import type { Estimator } from "../conversion/estimator.ts";
import { Frame, type Feature } from "../conversion/frame.ts";
import { SPACE } from "../sklearn/text/character-classes.ts";
import { spellPortably } from "../sklearn/text/portable-pattern.ts";
import { placesOf } from "./encoder.ts";

/** Items of one column: an expression each. */
const MOST_ITEMS = 500;
/** Characters of all of them, which one expression lists where unknown items matter. */
const MOST_TEXT = 20_000;
/** One character of white space, as str.strip takes it. */
const BLANK = new RegExp(spellPortably(`^[${SPACE}]$`));

interface ItemColumn {
  readonly j: number;
  readonly names: readonly string[];
  /** Item -> its place among the columns. */
  readonly places: ReadonlyMap<string, number>;
  /** Places of the columns for a missing cell and for unknown items. */
  readonly missing: number | undefined;
  readonly unknown: number | undefined;
}

export const multiHotEncoder: EstimatorConverter = defineEstimator({
  names: ["category_encoders.MultiHotEncoder"],
  convert(est, X, c) {
    const unknown = est.string("handle_unknown", "value");
    const missing = est.string("handle_missing", "value");
    if (unknown === "return_nan") throw c.refuse(est, 'handle_unknown="return_nan"', "what is unknown are parts of a text, which no list of categories tells", 'Use "value", "indicator" or "error".');
    const delimiter = est.raw("delimiter") ?? "|";
    if (typeof delimiter !== "string" || delimiter === "") throw c.malformed(est, "its delimiter is no text");
    if (!delimiter.isWellFormed() || delimiter.includes("\0") || Array.from(delimiter, (_, i) => i).some((i) => i > 0 && delimiter.startsWith(delimiter.slice(i)))) throw overlap(est, c, delimiter);
    const places = placesOf(est, X, c);
    const columns = new Map(est.list("mapping").map((entry) => {
      const column = readColumn(est, c, entry, delimiter, places);
      return [column.j, column];
    }));
    for (const { j } of columns.values()) {
      if (c.kindOf(X, j) === "number") throw c.refuse(est, `numbers in ${X.features[j]!.name ?? `column ${j}`}`, "the step before it gives numbers there, and items are parts of a text", "Turn the column into text before fitting.");
      if (missing === "error") c.refuseMissing(X, j, `${est.className} takes no missing values there`);
    }
    const dropped = est.raw("invariant_cols");
    const gone = new Set(dropped instanceof PyList ? dropped.items.map(String) : []);
    return {
      kind: "transformer",
      transform: memo(() => {
        const parts = Array.from({ length: X.width }, (_, j) => {
          const column = columns.get(j);
          return column ? encodeItems(X, c, column, { delimiter, refuseUnknown: unknown === "error", missingIsNaN: missing === "return_nan" }) : c.select(X, [j]);
        });
        const all = Frame.concat(parts.filter((part) => part.width > 0));
        const kept = all.features.flatMap((f, i) => (f.name !== null && gone.has(f.name) ? [] : [i]));
        return kept.length === all.width ? all : c.select(all, kept);
      }),
    };
  },
});

function overlap(est: Estimator, c: Conversion, delimiter: string): Error {
  return c.refuse(est, `delimiter=${JSON.stringify(delimiter.slice(0, 20))}`, "two of them can overlap, or white space around an item can be part of one", "Use a delimiter of one character.");
}

function readColumn(est: Estimator, c: Conversion, entry: PyValue, delimiter: string, places: (column: PyValue) => number): ItemColumn {
  const wrong = (): Error => c.malformed(est, "its mapping is no list of columns with their items");
  if (!(entry instanceof PyDict)) throw wrong();
  const [names, items, column] = [entry.get("columns"), entry.get("item_pos"), entry.get("col")];
  if (!(names instanceof PyList) || !(items instanceof PyDict) || column === undefined) throw wrong();
  const width = names.items.length;
  const place = (v: PyValue | undefined): number | undefined => {
    if (v === undefined || v === null) return undefined;
    if (typeof v !== "bigint" || v < 0n || v >= BigInt(width)) throw wrong();
    return Number(v);
  };
  const known = new Map<string, number>();
  let length = 0;
  for (const [item, at] of items.entries()) {
    const found = place(at);
    if (typeof item !== "string" || found === undefined) throw wrong();
    if (!item.isWellFormed() || item.includes("\0")) throw c.refuse(est, `the item ${JSON.stringify(item.slice(0, 40))}`, "an expression cannot spell it");
    if (item === "" || item.includes(delimiter) || BLANK.test([...item][0]!) || BLANK.test([...item].at(-1)!)) throw wrong();
    if (delimiter.length > 1 && ((BLANK.test(delimiter.at(-1)!) && item.endsWith(delimiter.trimEnd())) || (BLANK.test(delimiter[0]!) && item.startsWith(delimiter.trimStart())))) throw overlap(est, c, delimiter);
    known.set(item, found);
    length += item.length;
  }
  if (known.size > MOST_ITEMS || length > MOST_TEXT) throw c.refuse(est, `${known.size} items in ${String(column)}`, `${MOST_ITEMS} items of ${MOST_TEXT} characters are compiled at most`, "Group rare items.");
  return { j: places(column), names: names.items.map(String), places: known, missing: place(entry.get("nan_value_pos")) ?? place(entry.get("missing_pos")), unknown: place(entry.get("unknown_pos")) };
}

interface ItemOptions {
  readonly delimiter: string;
  readonly refuseUnknown: boolean;
  readonly missingIsNaN: boolean;
}

/** string [N, 1] -> double [N, C]. */
function encodeItems(X: Frame, c: Conversion, column: ItemColumn, options: ItemOptions): Frame {
  const { o } = c;
  const { j, names, places } = column;
  if (names.length === 0) return new Frame([]);
  const text = c.stringColumn(X, j);
  const missing = o.equal(text, strings([MISSING_STRING], [1, 1]));
  const [delimiter, blank] = [quote(options.delimiter), `[${SPACE}]*`];
  const matches = (pattern: string): Value => c.graph.op("RegexFullMatch", [text], { pattern: spellPortably(`(?s)${pattern}`) });
  const zero = o.mul(o.cast(missing, "double"), 0);
  const cells: Value[] = names.map(() => zero);
  for (const [item, at] of places) cells[at] = o.cast(matches(`(?:.*${delimiter})?${blank}${quote(item)}${blank}(?:${delimiter}.*)?`), "double");
  if (column.missing !== undefined) cells[column.missing] = o.cast(missing, "double");
  if (options.refuseUnknown || column.unknown !== undefined) {
    const one = `${blank}(?:(?:${[...places.keys()].map(quote).join("|")})${blank})?`;
    const strange = o.and(o.not(matches(`${one}(?:${delimiter}${one})*`)), o.not(missing));
    if (column.unknown !== undefined) cells[column.unknown] = o.cast(strange, "double");
    else c.rowChecks.push({ refused: o.squeeze(strange, 1), reason: `${JSON.stringify(X.features[j]!.name ?? `column ${j}`)} holds an item that MultiHotEncoder was not fitted with` });
  }
  const all = o.concat(cells);
  const value = options.missingIsNaN ? o.where(missing, o.doubles([NaN], [1, 1]), all) : all;
  const flows = X.features[j]!.flows.map((flow) => ({ column: flow.column, missing: flow.missing && options.missingIsNaN, infinite: false }));
  return c.frame(value, names.map((name): Feature => ({ name, flows })));
}

/** Characters that mean something in an expression, as themselves. */
function quote(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}\-/]/g, (v) => `\\x{${v.codePointAt(0)!.toString(16)}}`);
}
