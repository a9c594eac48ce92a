// The nodes that our compilations write for counts of words: StringNormalizer, Tokenizer, LabelEncoder, perhaps a number for
// words that a pattern matches or does not, perhaps a shift that closes the gaps of words that are left out, and
// TfIdfVectorizer (convert/sklearn/text); those for characters and for characters inside of words too.

import type { Node } from "../../onnx/index.ts";
import { Build, NodeView } from "../node-view.ts";
import { findSpread } from "./find-spread.ts";
import type { TermOptions } from "./term-counts.ts";
import type { WordCheck } from "./tokenizer.ts";

export type Made = (name: string | undefined, op: string) => Node | undefined;
/** A constant of a few numbers, or of one text. */
export type Numbers = (name: string | undefined) => readonly number[] | undefined;
export type Text = (name: string | undefined) => string | undefined;

const view = (node: Node): NodeView => new NodeView(node, [], new Build());

export function findTerms(node: Node, made: Made, numbers: Numbers, text: Text): { readonly input: string; readonly options: TermOptions } | undefined {
  const closed = made(node.inputs[0], "ScatterElements");
  const gaps = closed && findGaps(closed, made, numbers);
  if (closed && gaps === undefined) return undefined;
  const spread = gaps?.nothing === undefined ? undefined : findSpread(made(gaps.ids, "Reshape"), made, numbers, gaps.nothing);
  if (gaps?.nothing !== undefined && !spread) return undefined;
  const found = spread ? { ids: spread.chars, check: checkOf(spread.run, spread.options.space, undefined) } : findCheck(gaps?.ids ?? node.inputs[0], made, numbers);
  const encoder = made(found?.ids, "LabelEncoder");
  const tokenizer = made(encoder?.inputs[0], "Tokenizer");
  if (!found || !encoder || !tokenizer || tokenizer.domain !== "com.microsoft" || (found.check && found.check.of !== encoder.inputs[0])) return undefined;
  const padded = spread ? paddedInput(tokenizer, made, text) : undefined;
  if (spread && padded === undefined) return undefined;
  const normalizer = made(padded ?? tokenizer.inputs[0], "StringNormalizer");
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
  const check = found.check && { pattern: found.check.pattern, matched: found.check.matched, other: found.check.other };
  if (![...ids, unknown, check?.matched ?? 0, check?.other ?? 0].every((id) => id === (id | 0))) return undefined;
  // Rows are filled with the empty text: nothing else may stand for nothing, and a run is told by the number of a space.
  if (spread && (words.some((word, i) => (ids[i] === gaps!.nothing) !== (word === "")) || !words.includes("") || unknown === gaps!.nothing || unknown === spread.options.space)) return undefined;
  const tokens = { pattern, lower, words, ids, unknown, ...(check ? { check } : {}) };
  const input = (normalizer ?? { inputs: [padded ?? tokenizer.inputs[0]!] }).inputs[0]!;
  return { input, options: { tokens, closeGaps: closed !== undefined && !spread, ...(spread ? { spread: spread.options } : {}) } };
}

type FoundCheck = WordCheck & { readonly of: string };

function checkOf(match: Node, matched: number | undefined, other: number | undefined): FoundCheck | undefined {
  const pattern = view(match).string("pattern", "");
  return pattern === "" ? undefined : { pattern, matched, other, of: match.inputs[0]! };
}

/** Where(RegexFullMatch(words), ids, number) or Where(RegexFullMatch(words), number, ids): the name of ids, and the check. */
function findCheck(name: string | undefined, made: Made, numbers: Numbers): { readonly ids: string; readonly check: FoundCheck | undefined } | undefined {
  const where = made(name, "Where");
  if (name === undefined || !where) return name === undefined ? undefined : { ids: name, check: undefined };
  const match = made(where.inputs[0], "RegexFullMatch");
  const [yes, no] = [numbers(where.inputs[1]), numbers(where.inputs[2])];
  if (!match || (yes === undefined) === (no === undefined) || (yes ?? no)!.length !== 1) return undefined;
  const check = checkOf(match, yes?.[0], no?.[0]);
  return check && { ids: where.inputs[yes ? 2 : 1]!, check };
}

/** Tokenizer(StringConcat(StringConcat(" ", texts), " ")): the name of the texts. */
function paddedInput(tokenizer: Node, made: Made, text: Text): string | undefined {
  const after = made(tokenizer.inputs[0], "StringConcat");
  const before = made(after?.inputs[0], "StringConcat");
  return text(after?.inputs[1]) === " " && text(before?.inputs[0]) === " " ? before!.inputs[1] : undefined;
}

/**
 * ScatterElements(blank, Where(keep, CumSum(keep) - 1, end), Where(keep, ids, nothing)): the name of ids. With
 * keep = ids >= 0, or, which tells `nothing`, keep = not (ids = nothing).
 */
function findGaps(scatter: Node, made: Made, numbers: Numbers): { readonly ids: string; readonly nothing: number | undefined } | undefined {
  const [target, kept] = [made(scatter.inputs[1], "Where"), made(scatter.inputs[2], "Where")];
  const least = made(kept?.inputs[0], "GreaterOrEqual");
  const unlike = made(made(kept?.inputs[0], "Not")?.inputs[0], "Equal");
  const keep = least ?? unlike;
  const place = made(target?.inputs[1], "Sub");
  const order = made(place?.inputs[0], "CumSum");
  const counted = made(order?.inputs[0], "Cast");
  const blank = made(scatter.inputs[0], "ConstantOfShape");
  const ids = kept?.inputs[1];
  const nothing = numbers(kept?.inputs[2]);
  if (!target || !kept || !keep || !place || !order || !counted || !blank || ids === undefined) return undefined;
  const v = view(scatter);
  const bound = numbers(keep.inputs[1]);
  if (v.int("axis", 0) !== 1 || v.string("reduction", "none") !== "none" || keep.inputs[0] !== ids || bound?.length !== 1 || nothing?.length !== 1 || !(nothing[0]! < 0)) return undefined;
  if (bound[0] !== (least ? 0 : nothing[0])) return undefined;
  if (target.inputs[0] !== kept.inputs[0] || counted.inputs[0] !== kept.inputs[0] || numbers(place.inputs[1])?.[0] !== 1 || numbers(order.inputs[1])?.[0] !== 1 || order.attributes.size > 0) return undefined;
  return { ids, nothing: least ? undefined : nothing[0] };
}
