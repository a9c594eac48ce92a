// joblib's arrays: an instance of NumpyArrayWrapper whose BUILD is followed, outside any frame, by the array's bytes
// (after joblib 1.6, numpy_pickle.py). From 1.2 on a byte with the length of the padding and the padding come first.
// Arrays of objects are a pickle of their own instead. Before 0.10, arrays lay in files beside the pickle: refused.

import { checkedCount, badArray, hasObjects, isArrayClass, makeArray, shapeOf } from "./numpy-build.ts";
import type { Machine } from "./machine.ts";
import { NumpyArray, NumpyDType, PyBytes, type PyObject, type PyValue } from "./values.ts";

const wrapperModules = ["joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle"];
const oldWrapperModules = [...wrapperModules, "joblib.numpy_pickle_compat", "sklearn.externals.joblib.numpy_pickle_compat"];

export function isArrayWrapper(object: PyObject): boolean {
  const cls = object.classGlobal;
  return cls !== undefined && cls.name === "NumpyArrayWrapper" && wrapperModules.includes(cls.module);
}

/** joblib before 0.10: `filename` names another file. */
export function refuseOldWrapper(m: Machine, object: PyObject): void {
  const cls = object.classGlobal;
  if (cls === undefined || (cls.name !== "NDArrayWrapper" && cls.name !== "ZNDArrayWrapper") || !oldWrapperModules.includes(cls.module)) return;
  const filename = object.attributes?.get("filename");
  throw m.external(
    `joblib before 0.10 wrote this file and keeps an array in another one${typeof filename === "string" ? ` (${filename.slice(0, 200)})` : ""}`,
    "Load it with joblib in Python and dump it again: joblib.dump(model, \"model.joblib\").",
  );
}

/** The array that takes the wrapper's place. */
export function readWrappedArray(m: Machine, wrapper: PyObject): PyValue {
  const attributes = wrapper.attributes;
  const dtype = attributes?.get("dtype");
  if (attributes === undefined || !(dtype instanceof NumpyDType)) throw badArray(m, "joblib's array wrapper has no dtype");
  if (!isArrayClass(attributes.get("subclass"))) return wrapperOfOther(m);
  if (m.frameEnd >= 0 && m.position !== m.frameEnd) throw badArray(m, "an array's bytes begin inside a frame");
  m.frameEnd = -1;
  m.limit = m.bytes.length;
  if (hasObjects(dtype)) return readObjects(m);
  const shape = shapeOf(m, attributes.get("shape") ?? null);
  const order = attributes.get("order");
  if (order !== "C" && order !== "F") throw badArray(m, "joblib's array wrapper has an unknown order");
  const length = checkedCount(m, shape, dtype.itemSize) * dtype.itemSize;
  if ((attributes.get("numpy_array_alignment_bytes") ?? null) !== null) m.take(m.u8());
  const left = m.bytes.length - m.position;
  if (length > left) throw m.truncated(`an array of shape (${shape.join(", ")}) needs ${length} bytes, but ${left} are left`);
  const start = m.take(length);
  return makeArray(m, dtype, shape, order === "F", new PyBytes(m.bytes.subarray(start, start + length)));
}

function readObjects(m: Machine): NumpyArray {
  const array = m.nested();
  if (!(array instanceof NumpyArray)) throw badArray(m, "joblib's array of objects is not an array");
  return array;
}

function wrapperOfOther(m: Machine): never {
  throw badArray(m, "joblib's array wrapper is for something that is not a NumPy array");
}
