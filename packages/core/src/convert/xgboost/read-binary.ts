// XGBoost's first binary format, written by save_model up to 1.7 (and in pickles of versions before 1.2): little-endian C
// structs one after the other. Layout: LearnerModelParamLegacy (136 bytes), objective and booster as texts, then
// GBTreeModelParam (160), for each tree TreeParam (148), nodes of 20 bytes and statistics of 16, tree_info; DART's weights;
// GBLinear: 136 bytes and the weights; attributes. Texts and lists begin with their length in 64 bits.
// Source: src/learner.cc, src/gbm/gbtree_model.h and include/xgboost/tree_model.h of 1.7.

import { ByteReader } from "../../base/index.ts";
import type { Faults } from "../boosted/faults.ts";
import type { RawForest, RawLinear, RawTree, XgboostModel } from "./model.ts";

const utf8 = new TextDecoder("utf-8");
const OUT_OF_RANGE = -0x7fffffff;

export function readModelBinary(bytes: Uint8Array, faults: Faults): XgboostModel {
  const reader = new ByteReader(bytes);
  if (utf8.decode(bytes.subarray(0, 4)) === "binf") reader.take(4, "the magic");
  const at = reader.take(136, "the learner's parameters");
  const { view } = reader;
  const major = view.getUint32(at + 20, true);
  const minor = view.getUint32(at + 24, true);
  const features = view.getUint32(at + 4, true);
  const classes = view.getInt32(at + 8, true);
  const targets = major > 1 || (major === 1 && minor >= 6) ? view.getUint32(at + 28, true) : 1;
  const base = view.getFloat32(at, true);
  if (features > 0x7fffffff || classes < 0 || classes > 100_000 || targets > 100_000 || !Number.isFinite(base)) throw faults.malformed("its first parameters are those of no model");
  const objective = text(reader, faults);
  const name = text(reader, faults);
  if (name !== "gbtree" && name !== "dart" && name !== "gblinear") throw faults.refuse(`booster=${name}`, "this kind of booster is not known");
  const booster = name === "gblinear" ? readLinear(reader, faults) : readForest(reader, name === "dart", faults);
  const attributes = new Map<string, string>();
  if (view.getInt32(at + 12, true) !== 0) {
    for (let left = length(reader, 16, faults); left > 0; left--) attributes.set(text(reader, faults), text(reader, faults));
  }
  return {
    version: [major, minor], objective, features, classes, outputs: Math.max(classes, targets, 1),
    baseScore: Float32Array.of(base), baseIsMargin: major < 1, booster, attributes,
    featureNames: undefined, featureTypes: undefined, categories: [],
  };
}

/** A count of things of at least `size` bytes. */
function length(reader: ByteReader, size: number, faults: Faults): number {
  const n = Number(reader.u64("a length"));
  if (n > reader.left / size) throw faults.malformed(`a list of ${n} does not fit into the ${reader.left} bytes that are left`);
  return n;
}
function text(reader: ByteReader, faults: Faults): string {
  return utf8.decode(reader.slice(length(reader, 1, faults), "a text"));
}
function floats(reader: ByteReader, count: number, what: string): Float32Array {
  const at = reader.take(count * 4, what);
  return Float32Array.from({ length: count }, (_, i) => reader.view.getFloat32(at + 4 * i, true));
}

function readLinear(reader: ByteReader, faults: Faults): RawLinear {
  reader.take(136, "the booster's parameters");
  return { kind: "linear", weights: floats(reader, length(reader, 4, faults), "the weights") };
}

function readForest(reader: ByteReader, dart: boolean, faults: Faults): RawForest {
  const at = reader.take(160, "the booster's parameters");
  const count = reader.view.getInt32(at, true);
  const perRound = reader.view.getInt32(at + 4, true);
  if (count < 0 || count > reader.left / 148) throw faults.malformed(`it says that it has ${count} trees`);
  const trees: RawTree[] = [];
  for (let i = 0; i < count; i++) trees.push(readTree(reader, faults));
  const info = reader.take(4 * count, "the trees' outputs");
  const group = Int32Array.from({ length: count }, (_, i) => reader.view.getInt32(info + 4 * i, true));
  let weights: Float32Array | undefined;
  if (dart && count > 0) {
    weights = floats(reader, length(reader, 4, faults), "the trees' weights");
    if (weights.length !== count) throw faults.malformed(`it has ${weights.length} weights for ${count} trees`);
  }
  return { kind: "trees", trees, group, weights, treesPerRound: Math.max(1, perRound), roundStarts: undefined };
}

function readTree(reader: ByteReader, faults: Faults): RawTree {
  const at = reader.take(148, "a tree's parameters");
  const { view } = reader;
  const count = view.getInt32(at + 4, true);
  const size = view.getUint32(at + 20, true);
  if (count < 1 || count > reader.left / 36) throw faults.malformed(`a tree says that it has ${count} nodes`);
  if (size > 1) throw faults.refuse("leaves of several numbers in the old binary format", "no released version wrote them");
  const nodes = reader.take(20 * count, "a tree's nodes");
  reader.take(16 * count, "a tree's statistics");
  const left = new Int32Array(count);
  const right = new Int32Array(count);
  const feature = new Int32Array(count);
  const condition = new Float32Array(count);
  const defaultLeft = new Uint8Array(count);
  for (let i = 0, p = nodes; i < count; i++, p += 20) {
    left[i] = view.getInt32(p + 4, true);
    right[i] = view.getInt32(p + 8, true);
    const split = view.getUint32(p + 12, true);
    feature[i] = split === 0xffffffff ? OUT_OF_RANGE : split & 0x7fffffff;
    defaultLeft[i] = split >>> 31;
    condition[i] = view.getFloat32(p + 16, true);
  }
  return { left, right, feature, condition, defaultLeft, sets: new Map() };
}
