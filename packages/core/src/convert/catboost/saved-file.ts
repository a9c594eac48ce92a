// A model saved by CatBoost itself (.cbm, JSON) enters as the object that CatBoost would load it into, so that it takes
// the same way as one from a pickle.

import { PyBytes, PyDict, PyGlobal, PyObject, PyTuple, type PickleFile } from "../../pickle/index.ts";

export function savedCatboost(bytes: Uint8Array): PickleFile {
  const value = new PyObject(new PyGlobal("catboost.core", "CatBoost"), "newobj", new PyTuple([]));
  const state = new PyDict();
  state.set("__model", new PyBytes(bytes));
  state.set("saved_file", true);
  value.state = state;
  return { value, protocol: 0, compression: null, globals: [], indirectCalls: [], trailingBytes: 0, bytes: bytes.length };
}
