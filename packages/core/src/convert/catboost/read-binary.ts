// .cbm, and what CatBoost's pickles hold: "CBM1", a FlatBuffers message (catboost/libs/model/flatbuffers/*.fbs), then the
// parts it names. Sizes are 32-bit, or 64-bit after 0xffffffff.

import { ByteReader } from "../../base/index.ts";
import { FlatTable } from "../../formats/index.ts";
import type { Faults } from "../boosted/faults.ts";
import { CTR_TYPES, tableKey, type CatboostModel, type CtrFeature, type CtrTable, type CtrType, type FreeTree, type MissingTreatment, type Projection } from "./model.ts";

const CTR_PART = "static_provider_v1";
const MOST_TABLES = 1_000_000;
const BUCKET = 12;
const NO_HASH = -1n;

export function readCatboostBinary(bytes: Uint8Array, faults: Faults): CatboostModel {
  const r = new ByteReader(bytes, 4);
  const core = FlatTable.root(r.slice(size(r), "the model"));
  const version = core.string(0);
  if (version !== "FlabuffersModel_v1") throw faults.refuse(`the format ${JSON.stringify(version ?? "")}`, "only FlabuffersModel_v1 is known", "Save it with CatBoost 1.x.");
  const trees = core.table(1);
  if (!trees) throw faults.malformed("the file holds no trees");
  const parts = core.strings(3);
  const tables = parts[0] === CTR_PART ? readTables(r, faults) : new Map<string, CtrTable>();
  const dimension = trees.int32(0);
  const bias = trees.doubles(16);
  const free = trees.vectorLength(10) > 0;
  return {
    dimension,
    floats: trees.tables(5).map((f) => ({
      index: f.int32(1, -1), flatIndex: f.int32(2, -1), name: f.string(4) ?? "", hasMissing: f.bool(0), missing: treatment(f.int8(5), faults), borders: f.floats(3) })),
    categorical: trees.tables(4).map((f) => ({ index: f.int32(0, -1), flatIndex: f.int32(1, -1), name: f.string(2) ?? "" })),
    oneHot: trees.tables(6).map((f) => ({ categorical: f.int32(0, -1), values: f.int32s(1), texts: f.strings(2) })),
    ctrs: trees.tables(7).map((f) => readCtr(f, faults)),
    tables,
    trees: free ? { kind: "free", trees: readFreeTrees(trees, faults) } : { kind: "oblivious", splits: trees.int32s(1), sizes: trees.int32s(2) },
    leafValues: trees.doubles(8),
    scale: trees.double(14, 1),
    bias: bias.length > 0 ? Array.from(bias) : [trees.double(15, 0)],
    refused: [...(trees.vectorLength(12) > 0 ? ["text" as const] : []), ...(trees.vectorLength(18) > 0 ? ["embedding" as const] : [])],
    info: new Map(core.tables(2).map((pair) => [pair.string(0) ?? "", pair.string(1) ?? ""])),
  };
}

function size(r: ByteReader): number {
  const short = r.u32("a size");
  return short === 0xffffffff ? Number(r.u64("a size")) : short;
}
function treatment(code: number, faults: Faults): MissingTreatment {
  const found = (["AsIs", "AsFalse", "AsTrue"] as const)[code];
  if (!found) throw faults.malformed(`missing values are treated as ${code}`);
  return found;
}
function ctrType(code: number, faults: Faults): CtrType {
  const found = CTR_TYPES[code];
  if (!found) throw faults.malformed(`there is no statistic of type ${code}`);
  return found;
}

function readProjection(t: FlatTable | undefined): Projection {
  const pairs = (id: number): DataView => {
    const b = t?.bytes(id, 8) ?? new Uint8Array(0);
    return new DataView(b.buffer);
  };
  const [floats, oneHot] = [pairs(1), pairs(2)];
  return {
    categorical: Array.from(t?.int32s(0) ?? []),
    floats: Array.from({ length: floats.byteLength / 8 }, (_, i) => [floats.getInt32(i * 8, true), floats.getFloat32(i * 8 + 4, true)] as const),
    oneHot: Array.from({ length: oneHot.byteLength / 8 }, (_, i) => [oneHot.getInt32(i * 8, true), oneHot.getInt32(i * 8 + 4, true)] as const),
  };
}
function readBase(base: FlatTable | undefined, faults: Faults): { projection: Projection; type: CtrType; key: string } {
  const projection = readProjection(base?.table(0));
  const type = ctrType(base?.int8(1) ?? 0, faults);
  return { projection, type, key: tableKey(projection, type, base?.int32(2) ?? 0) };
}
function readCtr(f: FlatTable, faults: Faults): CtrFeature {
  const ctr = f.table(0);
  if (!ctr) throw faults.malformed("a statistic of categories is not described");
  const { projection, type, key } = readBase(ctr.table(0), faults);
  return {
    projection, type, table: key, targetBorder: ctr.int32(1), priorNumerator: ctr.float(2), priorDenominator: ctr.float(3, 1),
    shift: ctr.float(4), scale: ctr.float(5, 1), borders: f.floats(1),
  };
}

function readTables(r: ByteReader, faults: Faults): Map<string, CtrTable> {
  const count = size(r);
  if (count > MOST_TABLES) throw faults.malformed(`the file announces ${count} tables of categories`);
  const tables = new Map<string, CtrTable>();
  for (let i = 0; i < count; i++) {
    const t = FlatTable.root(r.slice(size(r), "a table of categories"));
    const { type, key } = readBase(t.table(0), faults);
    tables.set(key, readTable(t, type, faults));
  }
  return tables;
}

function readTable(t: FlatTable, type: CtrType, faults: Faults): CtrTable {
  const buckets = t.bytes(1);
  const blob = t.bytes(2);
  const view = new DataView(blob.buffer);
  const index = new DataView(buckets.buffer);
  if (buckets.length % BUCKET !== 0) throw faults.malformed(`a table of categories has ${buckets.length} bytes of places`);
  const mean = type === "BinarizedTargetMeanValue" || type === "FloatTargetMeanValue";
  const classes = t.int32(4);
  const width = mean ? 2 : type === "Counter" || type === "FeatureFreq" ? 1 : classes;
  if (!(width >= 1)) throw faults.malformed(`a table of categories has ${classes} classes`);
  const rows = Math.floor(blob.length / (4 * width));
  const places: number[] = [];
  for (let at = 0; at < buckets.length; at += BUCKET) {
    if (index.getBigInt64(at, true) === NO_HASH) continue;
    if (index.getUint32(at + 8, true) >= rows) throw faults.malformed("a table of categories names a row that it does not have");
    places.push(at);
  }
  const hashes = new BigInt64Array(places.length);
  const counts = new Float64Array(places.length * width);
  places.forEach((at, i) => {
    hashes[i] = index.getBigInt64(at, true);
    const row = index.getUint32(at + 8, true) * width * 4;
    for (let k = 0; k < width; k++) counts[i * width + k] = mean && k === 0 ? view.getFloat32(row, true) : view.getInt32(row + 4 * k, true);
  });
  return { hashes, counts, width, denominator: t.int32(3) };
}

/** Steps to the left and to the right of every node; 0: the node is the leaf on that side. */
function readFreeTrees(t: FlatTable, faults: Faults): FreeTree[] {
  const steps = t.bytes(10, 4);
  const diffs = new Uint16Array(steps.buffer);
  const splits = t.int32s(1);
  const leaves = t.uint32s(11);
  const sizes = t.int32s(2);
  const nodes = diffs.length / 2;
  if (splits.length !== nodes || leaves.length !== nodes) throw faults.malformed(`${nodes} nodes have ${splits.length} splits and ${leaves.length} leaves`);
  let start = 0;
  return Array.from(sizes, (count) => {
    if (!(count >= 1) || start + count > nodes) throw faults.malformed("a tree has more nodes than the file");
    const left: number[] = [];
    const right: number[] = [];
    const split: number[] = [];
    const leaf: number[] = [];
    const add = (at: number): void => {
      left.push(-1);
      right.push(-1);
      split.push(0);
      leaf.push(leaves[at]!);
    };
    for (let i = 0; i < count; i++) add(start + i);
    for (let i = 0; i < count; i++) {
      const [l, r] = [diffs[2 * (start + i)]!, diffs[2 * (start + i) + 1]!];
      if (l === 0 && r === 0) continue;
      split[i] = splits[start + i]!;
      for (const [side, step] of [[left, l], [right, r]] as const) {
        if (i + step >= count) throw faults.malformed("a step in a tree leads out of it");
        if (step > 0) side[i] = i + step;
        else {
          side[i] = left.length;
          add(start + i);
        }
      }
    }
    start += count;
    return { left: Int32Array.from(left), right: Int32Array.from(right), split: Int32Array.from(split), leaf: Int32Array.from(leaf) };
  });
}
