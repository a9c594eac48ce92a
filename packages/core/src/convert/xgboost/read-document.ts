// XGBoost's model document, the same in JSON and UBJSON (1.0 to 3.4; doc/model.schema of its repository).

import type { Document } from "../../formats/index.ts";
import { fieldsOf, float32List, integerOf, int32List, isFields, listOf, numberList, textOf, type Fields } from "../boosted/document-fields.ts";
import type { Faults } from "../boosted/faults.ts";
import type { RawForest, RawLinear, RawTree, XgboostModel } from "./model.ts";

const LEAF = -1;
const MOST_OUTPUTS = 100_000;

export function readModelDocument(document: Document, faults: Faults): XgboostModel {
  let top = fieldsOf(document, "the model", faults);
  // What a pickle holds: the model and the settings of training.
  if (isFields(top["Model"])) top = top["Model"];
  if (!isFields(top["learner"])) throw faults.malformed("there is no learner in it");
  const learner = top["learner"];
  const param = fieldsOf(learner["learner_model_param"], "learner_model_param", faults);
  const features = integerOf(param["num_feature"], "num_feature", faults);
  const classes = integerOf(param["num_class"], "num_class", faults, 0);
  const targets = integerOf(param["num_target"], "num_target", faults, 1);
  const outputs = Math.max(classes, targets, 1);
  if (features < 0 || features > 0x7fffffff || classes < 0 || targets < 0 || outputs > MOST_OUTPUTS) throw faults.malformed(`it says that it has ${features} features and ${outputs} outputs`);
  const version = Array.from(numberList(top["version"]) ?? [], (v) => (typeof v === "number" ? v : NaN));
  const [major, minor] = version;
  const booster = fieldsOf(learner["gradient_booster"], "gradient_booster", faults);
  const names = optionalTexts(learner["feature_names"], "feature_names", faults);
  const types = optionalTexts(learner["feature_types"], "feature_types", faults);
  return {
    version,
    objective: textOf(fieldsOf(learner["objective"], "objective", faults)["name"], "the objective's name", faults),
    features, classes, outputs,
    baseScore: readBaseScore(param["base_score"], faults),
    baseIsMargin: false,
    booster: readBooster(booster, faults),
    attributes: new Map(Object.entries(isFields(learner["attributes"]) ? learner["attributes"] : {}).flatMap(([k, v]) => (typeof v === "string" ? [[k, v] as const] : []))),
    featureNames: names, featureTypes: types,
    categories: readCategories(booster, (major ?? 0) < 3 || (major === 3 && (minor ?? 0) < 4), faults),
  };
}

/** "5E-1" up to 3.0, "[5E-1]" or one for each output from 3.1. */
function readBaseScore(v: Document | undefined, faults: Faults): Float32Array {
  const text = typeof v === "number" ? String(v) : textOf(v ?? "0.5", "base_score", faults);
  const numbers = text.trim().replace(/^\[|\]$/g, "").split(",").map((t) => (t.trim() === "" ? NaN : Number(t)));
  if (numbers.some((n) => !Number.isFinite(n))) throw faults.malformed(`base_score is ${JSON.stringify(text.slice(0, 60))}`);
  return Float32Array.from(numbers);
}

function optionalTexts(v: Document | undefined, what: string, faults: Faults): string[] | undefined {
  if (v === undefined || v === null) return undefined;
  const items = listOf(v, what, faults);
  return items.length === 0 ? undefined : items.map((x) => textOf(x, what, faults));
}

function readBooster(booster: Fields, faults: Faults): RawForest | RawLinear {
  const name = textOf(booster["name"], "the booster's name", faults);
  if (name === "gblinear") return { kind: "linear", weights: float32List(fieldsOf(booster["model"], "model", faults)["weights"], "weights", undefined, faults) };
  if (name === "dart") {
    const inner = isFields(booster["gbtree"]) ? booster["gbtree"] : booster;
    return readForest(fieldsOf(inner["model"], "model", faults), booster["weight_drop"] ?? inner["weight_drop"], faults);
  }
  if (name === "gbtree") return readForest(fieldsOf(booster["model"], "model", faults), booster["weight_drop"], faults);
  throw faults.refuse(`booster=${name}`, "this kind of booster is not known");
}

/** `drops`: DART's weights, which lie in the model itself from 3.4, where DART is no booster of its own. */
function readForest(model: Fields, drops: Document | undefined, faults: Faults): RawForest {
  drops ??= model["weight_drop"];
  const items = listOf(model["trees"], "trees", faults);
  const group = int32List(model["tree_info"], "tree_info", items.length, faults);
  const param = isFields(model["gbtree_model_param"]) ? model["gbtree_model_param"] : {};
  const starts = numberList(model["iteration_indptr"]);
  return {
    kind: "trees", group,
    trees: items.map((item, i) => readTree(fieldsOf(item, `tree ${i}`, faults), faults)),
    weights: drops === undefined || (numberList(drops)?.length ?? 0) === 0 ? undefined : float32List(drops, "weight_drop", items.length, faults),
    treesPerRound: integerOf(param["num_parallel_tree"], "num_parallel_tree", faults, 1),
    roundStarts: starts && starts.length > 0 ? int32List(model["iteration_indptr"], "iteration_indptr", undefined, faults) : undefined,
  };
}

function readTree(tree: Fields, faults: Faults): RawTree {
  const left = int32List(tree["left_children"], "left_children", undefined, faults);
  const count = left.length;
  const right = int32List(tree["right_children"], "right_children", count, faults);
  const feature = int32List(tree["split_indices"], "split_indices", count, faults);
  const condition = float32List(tree["split_conditions"], "split_conditions", count, faults);
  const defaultLeft = int32List(tree["default_left"], "default_left", count, faults);
  const param = isFields(tree["tree_param"]) ? tree["tree_param"] : {};
  const size = integerOf(param["size_leaf_vector"], "size_leaf_vector", faults, 0);
  return {
    left, right, feature, condition, defaultLeft,
    sets: readSets(tree, count, faults),
    ...(tree["loss_changes"] === undefined || tree["sum_hessian"] === undefined ? {} : { gains: float32List(tree["loss_changes"], "loss_changes", count, faults), covers: float32List(tree["sum_hessian"], "sum_hessian", count, faults) }),
    ...(size > 1 ? { vector: readVectorLeaves(tree, size, left, right, faults) } : {}),
  };
}

/** Up to 3.1 a node's numbers are its base_weights; then leaves have theirs apart, and their place in `right_children`. */
function readVectorLeaves(tree: Fields, size: number, left: Int32Array, right: Int32Array, faults: Faults): NonNullable<RawTree["vector"]> {
  if (size > MOST_OUTPUTS) throw faults.malformed(`a leaf has ${size} numbers`);
  const apart = numberList(tree["leaf_weights"]);
  if (!apart || apart.length === 0) {
    return { size, values: float32List(tree["base_weights"], "base_weights", left.length * size, faults), at: (node) => node * size };
  }
  const values = float32List(tree["leaf_weights"], "leaf_weights", undefined, faults);
  for (let i = 0; i < left.length; i++) {
    if (left[i] === LEAF && (right[i]! < 0 || (right[i]! + 1) * size > values.length)) throw faults.malformed(`leaf ${i} of a tree has no numbers`);
  }
  return { size, values, at: (node) => right[node]! * size };
}

function readSets(tree: Fields, nodes: number, faults: Faults): ReadonlyMap<number, readonly number[]> {
  const members = numberList(tree["categories_nodes"]);
  const sets = new Map<number, readonly number[]>();
  if (!members || members.length === 0) return sets;
  const where = int32List(tree["categories_nodes"], "categories_nodes", undefined, faults);
  const starts = int32List(tree["categories_segments"], "categories_segments", where.length, faults);
  const sizes = int32List(tree["categories_sizes"], "categories_sizes", where.length, faults);
  const all = int32List(tree["categories"], "categories", undefined, faults);
  let taken = 0;
  for (let i = 0; i < where.length; i++) {
    const [from, size] = [starts[i]!, sizes[i]!];
    taken += size;
    if (where[i]! < 0 || where[i]! >= nodes || from < 0 || size < 0 || from + size > all.length || taken > all.length) throw faults.malformed("the categories of a tree's nodes lie outside of their list");
    const set = Array.from(all.subarray(from, from + size));
    if (set.some((v) => v < 0 || v >= 2 ** 24)) throw faults.malformed("a node's set holds a number that is no category");
    sets.set(where[i]!, set);
  }
  const types = numberList(tree["split_type"]);
  if (types) for (const node of sets.keys()) if (types[node] === 0) sets.delete(node);
  return sets;
}

/** `cats` of the booster's model: names of categories by feature, texts as bytes one after the other. */
function readCategories(booster: Fields, damaged: boolean, faults: Faults): (readonly (string | number)[] | undefined)[] {
  const inner = isFields(booster["gbtree"]) ? booster["gbtree"] : booster;
  const model = inner["model"];
  const cats = isFields(model) ? model["cats"] : undefined;
  if (!isFields(cats) || cats["enc"] === undefined) return [];
  return listOf(cats["enc"], "cats.enc", faults).map((item) => {
    const column = fieldsOf(item, "cats.enc", faults);
    const values = column["values"];
    if (values === undefined || (numberList(values)?.length ?? 0) === 0) return undefined;
    if (column["offsets"] === undefined) return Array.from(numberList(values)!, (v) => (typeof v === "number" ? v : NaN));
    const offsets = int32List(column["offsets"], "offsets", undefined, faults);
    return readTexts(offsets, Uint8Array.from(int32List(values, "values", undefined, faults)), damaged, faults);
  });
}

function readTexts(offsets: Int32Array, bytes: Uint8Array, damaged: boolean, faults: Faults): string[] {
  if (damaged && bytes.some((b) => b > 0x7f)) {
    throw faults.refuse("names of categories beyond ASCII", "XGBoost before 3.4 counts their letters instead of their bytes and stores them cut up", "Encode the column before the model (OrdinalEncoder), or fit with XGBoost 3.4.");
  }
  const utf8 = new TextDecoder("utf-8");
  return Array.from({ length: Math.max(0, offsets.length - 1) }, (_, i) => {
    const [from, to] = [offsets[i]!, offsets[i + 1]!];
    if (from < 0 || to < from || to > bytes.length) throw faults.malformed("the names of categories lie outside of their text");
    return utf8.decode(bytes.subarray(from, to));
  });
}
