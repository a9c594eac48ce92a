// pandas objects stay descriptions; these read what a converter or a person may want to know of them (pandas 1.0 to 3.1).

import { arrowStrings } from "./arrow.ts";
import { arrayValues } from "./numpy.ts";
import { NumpyArray, PyDict, PyList, PyObject, PyTuple, type PyValue } from "./values.ts";

/** Longest RangeIndex that is written out. */
const maxRange = 10_000_000;

function inPandas(object: PyObject): string | undefined {
  const cls = object.classGlobal;
  return cls !== undefined && /^pandas(\.|$)/.test(cls.module) ? cls.name : undefined;
}

/** "DataFrame" or "Series" when that is what the value is. */
export function pandasKind(value: PyValue): "DataFrame" | "Series" | "Index" | undefined {
  if (!(value instanceof PyObject)) return undefined;
  const name = inPandas(value);
  if (name === "DataFrame" || name === "Series") return name;
  return name !== undefined && (/^_new_\w*Index$/.test(name) || name.endsWith("Index")) ? "Index" : undefined;
}

/** The values of an Index, RangeIndex, array, Categorical or Series, in order. undefined for other things. */
export function indexValues(value: PyValue, depth = 0): PyValue[] | undefined {
  if (depth > 8) return undefined;
  if (value instanceof NumpyArray) return value.shape.length === 1 ? arrayValues(value) : undefined;
  if (!(value instanceof PyObject)) return undefined;
  const name = inPandas(value);
  if (name === undefined) return undefined;
  if (/^_new_\w*Index$/.test(name)) return newIndexValues(value, depth);
  if (name === "Series") return seriesValues(value, depth);
  return backedValues(value, depth);
}

/** `_new_Index(cls, {data, name})`, or {start, stop, step} for a RangeIndex. */
function newIndexValues(value: PyObject, depth: number): PyValue[] | undefined {
  const d = value.args.items[1];
  if (!(d instanceof PyDict)) return undefined;
  const data = d.get("data");
  if (data !== undefined) return indexValues(data, depth + 1);
  const [start, stop, step] = [d.get("start"), d.get("stop"), d.get("step")];
  if (typeof start !== "bigint" || typeof stop !== "bigint" || typeof step !== "bigint" || step === 0n) return undefined;
  const count = step > 0n ? (stop - start + step - 1n) / step : (start - stop - step - 1n) / -step;
  if (count > BigInt(maxRange)) return undefined;
  return Array.from({ length: Math.max(0, Number(count)) }, (_, i) => start + BigInt(i) * step);
}

/** Extension arrays (NDArrayBacked): state (dtype, ndarray) or {_ndarray} or {_data}; a Categorical's codes are looked up. */
function backedValues(value: PyObject, depth: number): PyValue[] | undefined {
  const parts = value.state instanceof PyTuple ? value.state.items : [...(value.state instanceof PyDict ? value.state.entries() : [])].map(([, v]) => v);
  const array = parts.find((p): p is NumpyArray => p instanceof NumpyArray && p.shape.length === 1);
  if (array === undefined) {
    for (const part of parts) {
      const texts = arrowStrings(part);
      if (texts !== undefined) return texts;
    }
    return undefined;
  }
  const dtype = parts.find((p): p is PyObject => p instanceof PyObject && inPandas(p) === "CategoricalDtype");
  if (dtype === undefined) return arrayValues(array);
  const categories = categoriesOf(dtype, depth + 1);
  if (categories === undefined) return undefined;
  return arrayValues(array).map((code) => (typeof code === "bigint" && code >= 0n ? (categories[Number(code)] ?? null) : null));
}

/** The categories of a CategoricalDtype. */
export function categoriesOf(dtype: PyValue, depth = 0): PyValue[] | undefined {
  if (!(dtype instanceof PyObject) || inPandas(dtype) !== "CategoricalDtype") return undefined;
  const categories = dtype.attributes?.get("categories");
  return categories === undefined ? undefined : indexValues(categories, depth + 1);
}

function managerOf(value: PyObject): PyObject | undefined {
  const manager = value.attributes?.get("_mgr") ?? value.attributes?.get("_data");
  return manager instanceof PyObject ? manager : undefined;
}

/** A Series' manager: state (axes, values, items, {"0.14.1": {axes, blocks}}). */
function seriesValues(value: PyObject, depth: number): PyValue[] | undefined {
  const state = managerOf(value)?.state;
  const arrays = state instanceof PyTuple ? state.items[1] : undefined;
  const first = arrays instanceof PyList ? arrays.items[0] : undefined;
  return first === undefined ? undefined : indexValues(first, depth + 1);
}

/** Column names of a DataFrame. */
export function columnNames(value: PyValue): PyValue[] | undefined {
  if (pandasKind(value) !== "DataFrame" || !(value instanceof PyObject)) return undefined;
  const manager = managerOf(value);
  // pandas 1.3 and later: BlockManager(blocks, axes); before: state (axes, ...).
  const axes = manager?.args.items[1] ?? (manager?.state instanceof PyTuple ? manager.state.items[0] : undefined);
  const columns = axes instanceof PyList || axes instanceof PyTuple ? axes.items[0] : undefined;
  return columns === undefined ? undefined : indexValues(columns);
}

/** A Series: its values and their index. */
export function readSeries(value: PyValue): { readonly index: PyValue[]; readonly values: PyValue[] } | undefined {
  if (pandasKind(value) !== "Series" || !(value instanceof PyObject)) return undefined;
  const state = managerOf(value)?.state;
  const axes = state instanceof PyTuple ? state.items[0] : undefined;
  const labels = axes instanceof PyList ? axes.items[0] : undefined;
  const index = labels === undefined ? undefined : indexValues(labels);
  const values = seriesValues(value, 0);
  return index && values && index.length === values.length ? { index, values } : undefined;
}

/** A DataFrame: its columns' names, its index, and the values of every column. */
export function readDataFrame(value: PyValue): { readonly names: PyValue[]; readonly index: PyValue[]; readonly columns: PyValue[][] } | undefined {
  const names = columnNames(value);
  if (names === undefined || !(value instanceof PyObject)) return undefined;
  const manager = managerOf(value)!;
  const found = manager.args.items.length === 2 ? newBlocks(manager.args) : manager.state instanceof PyTuple ? oldBlocks(manager.state) : undefined;
  const index = found && indexValues(found.labels);
  if (!found || !index) return undefined;
  const columns: (PyValue[] | undefined)[] = names.map(() => undefined);
  for (const { values, places } of found.blocks) {
    const cells = blockColumns(values, index.length);
    if (!cells || cells.length !== places.length) return undefined;
    for (const [i, place] of places.entries()) {
      if (!(place >= 0 && place < columns.length)) return undefined;
      columns[place] = cells[i]!;
    }
  }
  return columns.every((x) => x !== undefined) ? { names, index, columns: columns as PyValue[][] } : undefined;
}

interface Blocks {
  readonly labels: PyValue;
  readonly blocks: readonly { readonly values: PyValue; readonly places: readonly number[] }[];
}

/** BlockManager((_unpickle_block(values, places, 2), ...), [columns, index]): pandas 1.3 and later. */
function newBlocks(args: PyTuple): Blocks | undefined {
  const [blocks, axes] = args.items;
  const labels = axes instanceof PyList ? axes.items[1] : undefined;
  if (!(blocks instanceof PyTuple) || labels === undefined) return undefined;
  return blockList(labels, blocks.items.map((block) => (block instanceof PyObject ? [block.args.items[0], block.args.items[1]] : [])));
}
/** (axes, ..., {"0.14.1": {"axes": ..., "blocks": [{"values": ..., "mgr_locs": ...}]}}) before. */
function oldBlocks(state: PyTuple): Blocks | undefined {
  const axes = state.items[0];
  const labels = axes instanceof PyList ? axes.items[1] : undefined;
  const versions = state.items[3];
  const inner = versions instanceof PyDict ? versions.get("0.14.1") : undefined;
  const blocks = inner instanceof PyDict ? inner.get("blocks") : undefined;
  if (!(blocks instanceof PyList) || labels === undefined) return undefined;
  return blockList(labels, blocks.items.map((block) => (block instanceof PyDict ? [block.get("values"), block.get("mgr_locs")] : [])));
}
function blockList(labels: PyValue, pairs: readonly (readonly (PyValue | undefined)[])[]): Blocks | undefined {
  const blocks = pairs.map(([values, where]) => {
    const places = where === undefined ? undefined : placesOf(where);
    return values === undefined || places === undefined ? undefined : { values, places };
  });
  return blocks.every((b) => b !== undefined) ? { labels, blocks } : undefined;
}

/** slice(start, stop, step), or an array. */
function placesOf(where: PyValue): readonly number[] | undefined {
  if (where instanceof NumpyArray) return indexValues(where)?.map(Number);
  const [start, stop, step = 1n] = where instanceof PyObject ? where.args.items : [];
  if (typeof start !== "bigint" || typeof stop !== "bigint" || typeof step !== "bigint" || step <= 0n) return undefined;
  const count = (stop - start + step - 1n) / step;
  return count < 0n || count > BigInt(maxRange) ? undefined : Array.from({ length: Number(count) }, (_, i) => Number(start) + i * Number(step));
}

/** A block [columns, rows], or the one column of an extension array. */
function blockColumns(values: PyValue, rows: number): PyValue[][] | undefined {
  if (values instanceof NumpyArray && values.shape.length === 2) {
    const [count = 0, width] = values.shape;
    if (width !== rows) return undefined;
    const all = arrayValues(values);
    return Array.from({ length: count }, (_, i) => all.slice(i * rows, (i + 1) * rows));
  }
  const one = indexValues(values);
  return one?.length === rows ? [one] : undefined;
}
