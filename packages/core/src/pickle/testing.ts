// For tests: values as plain JSON, in the words of corpus/makers/pickle_values.py. Byte order is left out: joblib changes it.

import { indexValues, columnNames, pandasKind } from "./pandas.ts";
import { arrayValues } from "./numpy.ts";
import { sparseToDense } from "./sparse.ts";
import {
  NumpyArray, NumpyScalar, PyByteArray, PyBytes, PyDict, PyGlobal, PyList, PyObject, PySet, PyTuple, SparseMatrix, type PyValue,
} from "./values.ts";

const hex = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

function number(value: number): unknown {
  return { float: Number.isFinite(value) ? (Object.is(value, -0) ? "-0" : value) : String(value).toLowerCase().replace("infinity", "inf") };
}

export function toJson(value: PyValue): unknown {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "bigint") return { int: String(value) };
  if (typeof value === "number") return number(value);
  if (value instanceof PyBytes) return { bytes: hex(value.bytes) };
  if (value instanceof PyByteArray) return { bytearray: hex(value.bytes) };
  if (value instanceof PyList) return value.items.map(toJson);
  if (value instanceof PyTuple) return { tuple: value.items.map(toJson) };
  if (value instanceof PySet) return { [value.frozen ? "frozenset" : "set"]: value.items.map(toJson).sort((a, b) => (pythonText(a) < pythonText(b) ? -1 : 1)) };
  if (value instanceof PyDict) return { dict: [...value.entries()].map(([k, v]) => [toJson(k), toJson(v)]) };
  if (value instanceof PyGlobal) return { global: value.name };
  if (value instanceof NumpyArray) return { array: value.dtype.code.replace(">", "<"), shape: value.shape, values: arrayValues(value).map(toJson) };
  if (value instanceof NumpyScalar) return { scalar: value.dtype.code.replace(">", "<"), value: toJson(value.value) };
  if (value instanceof SparseMatrix) return { sparse: value.format, shape: value.shape, dense: [...sparseToDense(value)].map(number) };
  return value instanceof PyObject ? objectToJson(value) : { unknown: String(value) };
}

/** As Python's json.dumps writes it, with its spaces, so that sets sort alike. */
function pythonText(json: unknown): string {
  return JSON.stringify(json).replaceAll('":', '": ').replaceAll(",", ", ");
}

function objectToJson(value: PyObject): unknown {
  const cls = value.classGlobal;
  if (cls?.name === "complex") return { complex: value.args.items.map(toJson) };
  const kind = pandasKind(value);
  if (kind === "DataFrame") return { frame: columnNames(value)?.map(toJson) };
  const index = indexValues(value);
  if (index) return { index: index.map(toJson) };
  const state = value.attributes ? Object.fromEntries([...value.attributes.entries()].map(([k, v]) => [String(k), toJson(v)])) : {};
  if (value.how === "newobj_ex" || value.kwargs) {
    return { object: cls?.name, args: value.args.items.map(toJson), kwargs: Object.fromEntries([...(value.kwargs?.entries() ?? [])].map(([k, v]) => [String(k), toJson(v)])) };
  }
  if (value.state instanceof PyTuple && value.state.items[1] instanceof PyDict) {
    return { object: cls?.name, slots: Object.fromEntries([...value.state.items[1].entries()].map(([k, v]) => [String(k), toJson(v)])) };
  }
  const items = value.dictItems ? [...value.dictItems.entries()].map(([k, v]) => [toJson(k), toJson(v)]) : value.listItems?.map(toJson);
  return { object: cls?.name, ...(items ? { items } : {}), state };
}
