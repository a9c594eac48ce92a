// Which column of a check file is which entry of which output. The rules, for users too:
//
// 1. A column with the name of an input is that input, whatever it is called. `expected_NAME` or `expected.NAME` says
//    that NAME is meant as an output.
// 2. An output's own name, or a usual name of its kind, is that output:
//      label          label predict prediction predicted pred y_pred yhat y_hat predicted_label predicted_class
//      value          value and, where the model gives no label, predict prediction predicted pred y_pred yhat y_hat
//      probabilities  of two classes: probabilities probability proba prob predict_proba mean the second class
//      score          score decision_function
//      transformed    transformed transform
// 3. Such a name with "_", ".", ":" or a space and then a class, target or feature, or a number from 0, is one entry:
//    probability_yes, proba_yes, prob_yes, p_yes, predict_proba_0, score_setosa, value_price. [0] is understood as well.
//    After predict_proba a number is a place, as in NumPy, unless those columns together name every class.
// 4. Usual names only count where one output has that kind; its own name always does. Case matters in classes alone.

import type { Output, Scalar, Signature } from "./signature.ts";

export interface ExpectedColumn {
  readonly column: string;
  readonly output: string;
  /** Place in the row's values. */
  readonly index: number;
  /** The class, target or feature; null where the output has one value a row. */
  readonly entry: Scalar | null;
}

const PREDICT = ["predict", "prediction", "predicted", "pred", "y_pred", "yhat", "y_hat"];
const PROBA = "predict_proba";

/** Values a row, or undefined where it is only known when the model runs. */
export function rowWidth(output: Output): number | undefined {
  if (output.rowShape.every((d) => d >= 0)) return output.rowShape.reduce((a, b) => a * b, 1);
  return output.columns?.length;
}

export interface OutputMatcher {
  match(column: string): ExpectedColumn | undefined;
  /** For "did you mean". */
  readonly names: readonly string[];
}

/** `columns` are all columns of the file that are not inputs. */
export function matchOutputs(signature: Signature, columns: readonly string[]): OutputMatcher {
  const readers = signature.outputs.flatMap((output) => {
    const width = rowWidth(output);
    return width === undefined || width === 0 ? [] : [{ output, width, aliases: aliasesOf(output, signature), find: entryFinder(output, width) }];
  });
  const bare = columns.map((c) => withoutExpected(c));
  const probaIsClass = readers.map(({ width, find }) => {
    const rests = bare.flatMap((c) => (c.toLowerCase().startsWith(PROBA) ? [restAfter(c, PROBA)] : [])).filter((r) => r !== undefined);
    return rests.length === width && new Set(rests.map((r) => find.byName(r))).size === width && rests.every((r) => find.byName(r) !== undefined);
  });
  return {
    names: readers.flatMap(({ output, aliases }) => [output.name, ...aliases]),
    match(column) {
      const name = withoutExpected(column);
      const lower = name.toLowerCase();
      for (const { output, width, aliases } of readers) {
        if (lower !== output.name.toLowerCase() && !aliases.includes(lower)) continue;
        if (width === 1) return { column, output: output.name, index: 0, entry: output.rowShape.length === 0 ? null : (output.columns?.[0] ?? 0) };
        if (output.kind === "probabilities" && width === 2) return { column, output: output.name, index: 1, entry: output.columns?.[1] ?? 1 };
      }
      for (const [k, { output, aliases, find }] of readers.entries()) {
        if (output.rowShape.length === 0) continue;
        const own = output.name.toLowerCase();
        // p_yes is usual, p alone is not.
        const prefixes = [own, ...aliases, ...(aliases.includes("proba") ? ["p"] : [])];
        for (const prefix of prefixes) {
          const rest = lower.startsWith(prefix) ? restAfter(name, prefix) : undefined;
          if (rest === undefined) continue;
          const byPlaceFirst = prefix === PROBA && !probaIsClass[k]!;
          const index = byPlaceFirst ? (find.byPlace(rest) ?? find.byName(rest)) : (find.byName(rest) ?? (prefix === "p" ? undefined : find.byPlace(rest)));
          if (index !== undefined) return { column, output: output.name, index, entry: output.columns?.[index] ?? index };
        }
      }
      return undefined;
    },
  };
}

function withoutExpected(column: string): string {
  return column.replace(/^\s*expected[_. :]/i, "").trim();
}

/** What follows the prefix and a separator: "yes" of "proba_yes", "0" of "proba[0]". */
function restAfter(name: string, prefix: string): string | undefined {
  const separator = name[prefix.length];
  const rest = name.slice(prefix.length + 1);
  if (separator === "[") return rest.endsWith("]") ? rest.slice(0, -1) : undefined;
  return separator !== undefined && "_.: ".includes(separator) && rest !== "" ? rest : undefined;
}

function aliasesOf(output: Output, signature: Signature): string[] {
  if (signature.outputs.filter((o) => o.kind === output.kind && (o.kind !== "score" || o.name === output.name)).length > 1) return [];
  switch (output.kind) {
    case "label": return ["label", ...PREDICT, "predicted_label", "predicted_class"];
    case "value": return ["value", ...(signature.outputs.some((o) => o.kind === "label") ? [] : PREDICT)];
    case "probabilities": return ["probabilities", "probability", PROBA, "proba", "prob"];
    case "score": return output.name === "score" ? ["score", "decision_function"] : [];
    case "transformed": return ["transformed", "transform"];
    case "mask": return ["mask"];
  }
}

interface EntryFinder {
  byName(text: string): number | undefined;
  byPlace(text: string): number | undefined;
}

function entryFinder(output: Output, width: number): EntryFinder {
  const places = new Map<string, number>();
  output.columns?.forEach((entry, i) => {
    for (const text of textsOf(entry)) if (!places.has(text)) places.set(text, i);
  });
  return {
    byName: (text) => places.get(text),
    byPlace: (text) => (/^\d{1,9}$/.test(text) && Number(text) < width ? Number(text) : undefined),
  };
}

/** How a class may be written: 1 and 1.0 are the same number, True and true the same truth. */
export function textsOf(value: Scalar): string[] {
  if (typeof value === "boolean") return value ? ["True", "true", "TRUE", "1"] : ["False", "false", "FALSE", "0"];
  if (typeof value === "number" && Number.isInteger(value)) return [String(value), `${value}.0`];
  return [String(value)];
}
