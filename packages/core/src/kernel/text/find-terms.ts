// The nodes that our compilations write for counts of words: StringNormalizer, Tokenizer, LabelEncoder, perhaps a shift that
// closes the gaps of words that are left out, and TfIdfVectorizer (convert/sklearn/text).

import type { Node } from "../../onnx/index.ts";
import { Build, NodeView } from "../node-view.ts";
import type { TermOptions } from "./term-counts.ts";

type Made = (name: string | undefined, op: string) => Node | undefined;
type Numbers = (name: string | undefined) => readonly number[] | undefined;

const view = (node: Node): NodeView => new NodeView(node, [], new Build());

export function findTerms(node: Node, made: Made, numbers: Numbers): { readonly input: string; readonly options: TermOptions } | undefined {
  const closed = made(node.inputs[0], "ScatterElements");
  const gaps = closed && findGaps(closed, made, numbers);
  if (closed && gaps === undefined) return undefined;
  const encoder = made(gaps ?? node.inputs[0], "LabelEncoder");
  const tokenizer = made(encoder?.inputs[0], "Tokenizer");
  if (!encoder || !tokenizer || tokenizer.domain !== "com.microsoft") return undefined;
  const normalizer = made(tokenizer.inputs[0], "StringNormalizer");
  const [e, t] = [view(encoder), view(tokenizer)];
  const [words, ids] = [e.strings("keys_strings"), e.ints("values_int64s")];
  const pattern = t.string("tokenexp", "");
  if (!words || !ids || words.length !== ids.length || pattern === "" || t.int("mark", 0) !== 0 || t.int("mincharnum", 0) !== 1 || t.string("pad_value", "?") !== "" || t.has("separators")) return undefined;
  let lower = false;
  if (normalizer) {
    const n = view(normalizer);
    const action = n.string("case_change_action", "NONE");
    if ((action !== "LOWER" && action !== "NONE") || n.int("is_case_sensitive", 0) !== 1 || n.has("stopwords")) return undefined;
    lower = action === "LOWER";
  }
  const unknown = e.int("default_int64", -1);
  if (![...ids, unknown].every((id) => id === (id | 0))) return undefined;
  return { input: (normalizer ?? tokenizer).inputs[0]!, options: { tokens: { pattern, lower, words, ids, unknown }, closeGaps: closed !== undefined } };
}

/** ScatterElements(blank, Where(keep, CumSum(keep) - 1, end), Where(keep, ids, nothing)) with keep = ids >= 0: the name of ids. */
function findGaps(scatter: Node, made: Made, numbers: Numbers): string | undefined {
  const [target, kept] = [made(scatter.inputs[1], "Where"), made(scatter.inputs[2], "Where")];
  const keep = made(kept?.inputs[0], "GreaterOrEqual");
  const place = made(target?.inputs[1], "Sub");
  const order = made(place?.inputs[0], "CumSum");
  const counted = made(order?.inputs[0], "Cast");
  const blank = made(scatter.inputs[0], "ConstantOfShape");
  const ids = kept?.inputs[1];
  const nothing = numbers(kept?.inputs[2]);
  if (!target || !kept || !keep || !place || !order || !counted || !blank || ids === undefined) return undefined;
  const v = view(scatter);
  if (v.int("axis", 0) !== 1 || v.string("reduction", "none") !== "none" || keep.inputs[0] !== ids || numbers(keep.inputs[1])?.[0] !== 0) return undefined;
  if (target.inputs[0] !== kept.inputs[0] || counted.inputs[0] !== kept.inputs[0] || numbers(place.inputs[1])?.[0] !== 1 || numbers(order.inputs[1])?.[0] !== 1 || order.attributes.size > 0) return undefined;
  return nothing?.length === 1 && nothing[0]! < 0 ? ids : undefined;
}
