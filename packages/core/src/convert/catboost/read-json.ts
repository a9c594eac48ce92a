// CatBoost's JSON export (save_model(format="json"); catboost/libs/model/model_export/json_model_helpers.cpp).

import { readJsonDocument, type Document } from "../../formats/index.ts";
import { fieldsOf, integerOf, isFields, listOf, textOf, type Fields } from "../boosted/document-fields.ts";
import type { Faults } from "../boosted/faults.ts";
import { CTR_TYPES, type CatboostModel, type CtrFeature, type CtrTable, type CtrType, type FreeTree, type MissingTreatment, type Projection } from "./model.ts";

/** Trees grown leaf by leaf are nested objects. */
const DEEPEST = 4000;

export function readCatboostJson(bytes: Uint8Array, faults: Faults): CatboostModel {
  const top = fieldsOf(readJsonDocument(bytes, DEEPEST), "the file", faults);
  const features = fieldsOf(top["features_info"] ?? {}, "features_info", faults);
  const list = (name: string): readonly Fields[] => (features[name] === undefined || features[name] === null ? [] : listOf(features[name], name, faults).map((f) => fieldsOf(f, name, faults)));
  const categorical = list("categorical_features");
  const [scale, bias] = top["scale_and_bias"] === undefined ? [1, [0]] as const : listOf(top["scale_and_bias"], "scale_and_bias", faults);
  const biases = typeof bias === "number" ? [bias] : listOf(bias, "the bias", faults).map((b) => numberOf(b, "the bias", faults));
  const place = (f: Fields): { index: number; flatIndex: number; name: string } => ({
    index: integerOf(f["feature_index"], "feature_index", faults), flatIndex: integerOf(f["flat_feature_index"], "flat_feature_index", faults),
    name: typeof f["feature_name"] === "string" ? f["feature_name"] : typeof f["feature_id"] === "string" ? f["feature_id"] : "",
  });
  const trees = top["oblivious_trees"] === undefined ? freeTrees(listOf(top["trees"], "trees", faults), faults) : obliviousTrees(listOf(top["oblivious_trees"] ?? [], "oblivious_trees", faults), faults);
  return {
    ...trees,
    floats: list("float_features").map((f) => ({
      ...place(f), hasMissing: f["has_nans"] === true, missing: treatment(f["nan_value_treatment"], faults), borders: floatsOf(f["borders"], "borders", faults) })),
    categorical: categorical.map(place),
    oneHot: categorical.filter((f) => f["values"] !== undefined).map((f) => ({
      categorical: integerOf(f["feature_index"], "feature_index", faults),
      values: Int32Array.from(listOf(f["values"], "values", faults), (v) => integerOf(v, "a category's hash", faults)),
      texts: f["string_values"] === undefined ? [] : listOf(f["string_values"], "string_values", faults).map((v) => textOf(v, "a category", faults)) })),
    ctrs: list("ctrs").map((f) => readCtr(f, faults)),
    tables: readTables(top["ctr_data"], faults),
    scale: numberOf(scale, "the scale", faults), bias: biases.length === 0 ? [0] : biases,
    refused: [...(list("text_features").length > 0 ? ["text" as const] : []), ...(list("embedding_features").length > 0 ? ["embedding" as const] : [])],
    info: new Map(Object.entries(fieldsOf(top["model_info"] ?? {}, "model_info", faults))),
  };
}

function numberOf(v: Document | undefined, what: string, faults: Faults): number {
  if (typeof v === "number") return v;
  throw faults.malformed(`${what} is not a number`);
}
function floatsOf(v: Document | undefined, what: string, faults: Faults): Float32Array {
  return v === undefined || v === null ? new Float32Array(0) : Float32Array.from(listOf(v, what, faults), (b) => numberOf(b, what, faults));
}
function treatment(v: Document | undefined, faults: Faults): MissingTreatment {
  if (v === "AsIs" || v === "AsFalse" || v === "AsTrue") return v;
  throw faults.malformed(`missing values are treated as ${JSON.stringify(v)?.slice(0, 40) ?? "nothing"}`);
}

function obliviousTrees(list: readonly Document[], faults: Faults): Pick<CatboostModel, "trees" | "leafValues" | "dimension"> {
  const splits: number[] = [];
  const values: number[] = [];
  let dimension = 0;
  const sizes = Int32Array.from(list, (item) => {
    const tree = fieldsOf(item, "a tree", faults);
    const levels = tree["splits"] === undefined || tree["splits"] === null ? [] : listOf(tree["splits"], "splits", faults);
    for (const level of levels) splits.push(integerOf(fieldsOf(level, "a split", faults)["split_index"], "split_index", faults));
    const leaves = listOf(tree["leaf_values"], "leaf_values", faults);
    for (const leaf of leaves) values.push(numberOf(leaf, "a leaf", faults));
    const own = leaves.length / 2 ** levels.length;
    if (dimension !== 0 && own !== dimension) throw faults.malformed(`trees have ${dimension} and ${own} numbers a leaf`);
    dimension = own;
    return levels.length;
  });
  return { trees: { kind: "oblivious", splits: Int32Array.from(splits), sizes }, leafValues: Float64Array.from(values), dimension: dimension || 1 };
}

function freeTrees(list: readonly Document[], faults: Faults): Pick<CatboostModel, "trees" | "leafValues" | "dimension"> {
  const values: number[] = [];
  let dimension = 0;
  const trees = list.map((root): FreeTree => {
    const [left, right, split, leaf]: [number[], number[], number[], number[]] = [[], [], [], []];
    // Parents before their children, without recursion.
    const waiting: { node: Document | undefined; side: number[] | undefined; parent: number }[] = [{ node: root, side: undefined, parent: -1 }];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const node = fieldsOf(next.node, "a node", faults);
      const at = left.length;
      if (next.side) next.side[next.parent] = at;
      left.push(-1);
      right.push(-1);
      split.push(0);
      leaf.push(0);
      if (node["value"] !== undefined) {
        const own = typeof node["value"] === "number" ? [node["value"]] : listOf(node["value"], "a leaf", faults).map((v) => numberOf(v, "a leaf", faults));
        if (dimension !== 0 && own.length !== dimension) throw faults.malformed(`leaves have ${dimension} and ${own.length} numbers`);
        dimension = own.length;
        leaf[at] = values.length;
        values.push(...own);
      } else {
        split[at] = integerOf(fieldsOf(node["split"], "a split", faults)["split_index"], "split_index", faults);
        waiting.push({ node: node["right"], side: right, parent: at }, { node: node["left"], side: left, parent: at });
      }
    }
    return { left: Int32Array.from(left), right: Int32Array.from(right), split: Int32Array.from(split), leaf: Int32Array.from(leaf) };
  });
  return { trees: { kind: "free", trees }, leafValues: Float64Array.from(values), dimension: dimension || 1 };
}

function readProjection(list: readonly Document[], faults: Faults): Projection {
  const categorical: number[] = [];
  const floats: [number, number][] = [];
  const oneHot: [number, number][] = [];
  for (const item of list) {
    const e = fieldsOf(item, "an element of a combination", faults);
    const kind = e["combination_element"];
    if (kind === "cat_feature_value") categorical.push(integerOf(e["cat_feature_index"], "cat_feature_index", faults));
    else if (kind === "float_feature") floats.push([integerOf(e["float_feature_index"], "float_feature_index", faults), Math.fround(numberOf(e["border"], "border", faults))]);
    else oneHot.push([integerOf(e["cat_feature_index"], "cat_feature_index", faults), integerOf(e["value"], "value", faults)]);
  }
  return { categorical, floats, oneHot };
}
function ctrType(v: Document | undefined, faults: Faults): CtrType {
  const found = CTR_TYPES.find((t) => t === v);
  if (!found) throw faults.malformed(`there is no statistic ${JSON.stringify(v)?.slice(0, 60) ?? ""}`);
  return found;
}
function readCtr(f: Fields, faults: Faults): CtrFeature {
  const float = (name: string): number => Math.fround(numberOf(f[name], name, faults));
  return {
    projection: readProjection(listOf(f["elements"], "elements", faults), faults), type: ctrType(f["ctr_type"], faults), table: textOf(f["identifier"], "identifier", faults),
    targetBorder: integerOf(f["target_border_idx"], "target_border_idx", faults), priorNumerator: float("prior_numerator"), priorDenominator: float("prior_denomerator"),
    shift: float("shift"), scale: float("scale"), borders: floatsOf(f["borders"], "borders", faults),
  };
}

const NO_HASH = 2n ** 64n - 1n;

/** By the text that identifies a table: {"identifier": [...], "type": "Borders"}. */
function readTables(v: Document | undefined, faults: Faults): Map<string, CtrTable> {
  const tables = new Map<string, CtrTable>();
  if (!isFields(v)) return tables;
  for (const [key, entry] of Object.entries(v)) {
    const t = fieldsOf(entry, "a table of categories", faults);
    const stride = integerOf(t["hash_stride"], "hash_stride", faults, 2);
    const flat = t["hash_map"] === null || t["hash_map"] === undefined ? [] : listOf(t["hash_map"], "hash_map", faults);
    if (stride < 2 || flat.length % stride !== 0) throw faults.malformed(`a table of categories has ${flat.length} entries in rows of ${stride}`);
    const width = stride - 1;
    const hashes: bigint[] = [];
    const counts: number[] = [];
    for (let at = 0; at < flat.length; at += stride) {
      const text = flat[at];
      if (typeof text !== "string" || !/^\d{1,20}$/.test(text)) throw faults.malformed("a category's hash is not a number");
      const hash = BigInt(text);
      // An empty place of the table, which the writer does not leave out.
      if (hash === NO_HASH) continue;
      hashes.push(hash);
      for (let k = 1; k <= width; k++) counts.push(numberOf(flat[at + k], "a count", faults));
    }
    tables.set(key, { hashes: BigInt64Array.from(hashes, (h) => BigInt.asIntN(64, h)), counts: Float64Array.from(counts), width, denominator: integerOf(t["counter_denominator"], "counter_denominator", faults, 0) });
  }
  return tables;
}
