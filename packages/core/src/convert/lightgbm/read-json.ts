// LightGBM's JSON (Booster.dump_model): the same model with its trees as nested objects, walked without recursion.

import { readJsonDocument, type Document } from "../../formats/index.ts";
import { fieldsOf, float64List, integerOf, int32List, isFields, listOf, type Fields } from "../boosted/document-fields.ts";
import type { Faults } from "../boosted/faults.ts";
import { CATEGORICAL, DEFAULT_LEFT, MISSING_NAN, MISSING_ZERO, type LightgbmModel, type RawTree } from "./model.ts";
import { checkPandasCategories } from "./pandas-categories.ts";

const DEEPEST = 2100;
/** Features beyond are not looked at. */
const MOST_DESCRIBED = 1_000_000;

export function readLightgbmJson(bytes: Uint8Array, faults: Faults): LightgbmModel {
  const top = fieldsOf(readJsonDocument(bytes, DEEPEST), "the model", faults);
  const features = integerOf(top["max_feature_idx"], "max_feature_idx", faults) + 1;
  const names = listOf(top["feature_names"] ?? [], "feature_names", faults).map(String);
  if (features < 1 || (names.length > 0 && names.length !== features)) throw faults.malformed(`it says that it has ${features} features and ${names.length} names of them`);
  const trees = listOf(top["tree_info"], "tree_info", faults).map((tree, i) => readTree(fieldsOf(tree, `tree ${i}`, faults)["tree_structure"], i, faults));
  return {
    objective: typeof top["objective"] === "string" ? top["objective"].split(" ").filter((w) => w !== "") : [],
    features, names,
    treesPerIteration: integerOf(top["num_tree_per_iteration"], "num_tree_per_iteration", faults),
    average: top["average_output"] === true,
    infos: isFields(top["feature_infos"]) ? readInfos(top["feature_infos"], names) : infosOfTrees(trees, features),
    categorical: [], trees,
    pandasCategories: checkPandasCategories(top["pandas_categorical"], faults),
  };
}

/** In the words of the text format. Features that training found useless are left out. */
function readInfos(infos: Fields, names: readonly string[]): string[] {
  return names.map((name) => {
    const info = infos[name];
    if (!isFields(info)) return "none";
    const values = Array.isArray(info["values"]) ? (info["values"] as readonly Document[]) : [];
    return values.length > 0 ? values.map(String).join(":") : `[${String(info["min_value"])}:${String(info["max_value"])}]`;
  });
}

/** Before 3.0 there are none: as far as the trees' questions tell. */
function infosOfTrees(trees: readonly RawTree[], features: number): string[] {
  const codes = Array.from({ length: Math.min(features, MOST_DESCRIBED) }, () => -1);
  const low = codes.map(() => Infinity);
  const high = codes.map(() => -Infinity);
  for (const tree of trees) {
    tree.feature.forEach((f, node) => {
      if (!(f >= 0 && f < codes.length)) return;
      const set = tree.sets.get(node);
      if (set) codes[f] = set.reduce((most, code) => Math.max(most, code), Math.max(0, codes[f]!));
      else {
        low[f] = Math.min(low[f]!, tree.threshold[node]!);
        high[f] = Math.max(high[f]!, tree.threshold[node]!);
      }
    });
  }
  return codes.map((code, f) => (code >= 0 ? String(code) : low[f]! > high[f]! ? "none" : `[${Math.floor(low[f]!)}:${Math.ceil(high[f]!)}]`));
}

function readTree(root: Document | undefined, number: number, faults: Faults): RawTree {
  const left: number[] = [];
  const right: number[] = [];
  const feature: number[] = [];
  const threshold: number[] = [];
  const decision: number[] = [];
  const leaf: number[] = [];
  const sets = new Map<number, readonly number[]>();
  const constant: number[] = [];
  const counts: number[] = [];
  const features: number[] = [];
  const coefficients: number[] = [];
  let linear = false;
  // What is to be visited, and whose child it is on which side.
  const pending: { readonly node: Document | undefined; readonly parent: number; readonly side: number[] | undefined }[] = [{ node: root, parent: -1, side: undefined }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const node = fieldsOf(next.node, `a node of tree ${number}`, faults);
    if (node["split_feature"] === undefined) {
      if (next.side) next.side[next.parent] = ~leaf.length;
      leaf.push(real(node["leaf_value"], "leaf_value", faults));
      linear ||= node["leaf_const"] !== undefined;
      constant.push(node["leaf_const"] === undefined ? leaf.at(-1)! : real(node["leaf_const"], "leaf_const", faults));
      const of = node["leaf_features"] === undefined ? new Int32Array(0) : int32List(node["leaf_features"], "leaf_features", undefined, faults);
      const by = of.length === 0 ? [] : float64List(node["leaf_coeff"], "leaf_coeff", of.length, faults);
      counts.push(of.length);
      for (let i = 0; i < of.length; i++) {
        features.push(of[i]!);
        coefficients.push(by[i]!);
      }
      continue;
    }
    const at = feature.length;
    if (next.side) next.side[next.parent] = at;
    feature.push(integerOf(node["split_feature"], "split_feature", faults));
    const categories = node["decision_type"] === "==";
    const missing = node["missing_type"] === "Zero" ? MISSING_ZERO : node["missing_type"] === "NaN" ? MISSING_NAN : 0;
    decision.push((categories ? CATEGORICAL : 0) | (node["default_left"] === true ? DEFAULT_LEFT : 0) | (missing << 2));
    if (categories) {
      sets.set(at, String(node["threshold"]).split("||").filter((t) => t !== "").map((t) => {
        const v = Number(t);
        if (!Number.isInteger(v) || v < 0 || v > 0x7fffffff) throw faults.malformed(`a node of tree ${number} asks for the category ${JSON.stringify(t.slice(0, 40))}`);
        return v;
      }));
      threshold.push(0);
    } else threshold.push(real(node["threshold"], "threshold", faults));
    left.push(0);
    right.push(0);
    pending.push({ node: node["right_child"], parent: at, side: right }, { node: node["left_child"], parent: at, side: left });
  }
  return {
    left: Int32Array.from(left), right: Int32Array.from(right), feature: Int32Array.from(feature), threshold: Float64Array.from(threshold),
    decision: Uint8Array.from(decision), sets, leaf: Float64Array.from(leaf),
    linear: linear ? { constant: Float64Array.from(constant), counts: Int32Array.from(counts), features: Int32Array.from(features), coefficients: Float64Array.from(coefficients) } : undefined,
  };
}
function real(v: Document | undefined, what: string, faults: Faults): number {
  if (typeof v === "number") return v;
  throw faults.malformed(`${what} is not a number`);
}
