// A booster saved by its own library enters as the object that the library would load it into, so that it takes the same
// way as one from a pickle.

import { PyByteArray, PyDict, PyGlobal, PyObject, PyTuple, type PickleFile, type PyValue } from "../../pickle/index.ts";

function savedBooster(module: string, bytes: Uint8Array, attributes: Readonly<Record<string, PyValue>>): PickleFile {
  const value = new PyObject(new PyGlobal(module, "Booster"), "newobj", new PyTuple([]));
  const state = new PyDict();
  for (const [key, v] of Object.entries(attributes)) state.set(key, v);
  value.state = state;
  return { value, protocol: 0, compression: null, globals: [], indirectCalls: [], trailingBytes: 0, bytes: bytes.length };
}
/** XGBoost: JSON, UBJSON or the old binary format. */
export function savedXgboost(bytes: Uint8Array): PickleFile {
  return savedBooster("xgboost.core", bytes, { handle: new PyByteArray(bytes), saved_by_wrapper: true });
}
/** LightGBM: text or JSON. */
export function savedLightgbm(bytes: Uint8Array): PickleFile {
  return savedBooster("lightgbm.basic", bytes, { handle: new PyByteArray(bytes) });
}
