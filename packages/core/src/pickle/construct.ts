// Calling, allocating and setting state, all inert: a few exactly named data constructors give data, the rest is described.

import { constructors } from "./constructors.ts";
import { isArrayWrapper, readWrappedArray, refuseOldWrapper } from "./joblib.ts";
import { cost } from "./cost.ts";
import type { Machine } from "./machine.ts";
import { setArrayState, setDTypeState } from "./numpy-build.ts";
import { setSparseState } from "./scipy.ts";
import {
  NumpyArray, NumpyDType, NumpyScalar, PyByteArray, PyDict, PyGlobal, PyList, PyObject, PySet, PyTuple, SparseMatrix,
  type Construction, type PyValue,
} from "./values.ts";

/** `callable(*args, **kwargs)` or `callable.__new__(callable, *args, **kwargs)`, as a description. */
export function call(m: Machine, callable: PyValue, how: Construction, args: PyTuple, kwargs?: PyDict): PyValue {
  const method = namedMethod(m, callable, how, args);
  if (method !== undefined) return method;
  const allocates = how === "newobj" || how === "newobj_ex";
  if (callable instanceof PyGlobal) {
    if (allocates) m.globals.noteAllocation(callable, m.at);
    else m.globals.noteCall(callable, m.at);
    const construct = constructors.get(callable.module)?.get(callable.name);
    const data = construct?.(m, args, how, kwargs);
    if (data !== undefined) return data;
  } else if (!allocates) {
    m.globals.noteIndirectCall(callable instanceof PyObject ? `the result of ${callable.className}` : "a value that is not a name", m.at);
  }
  m.charge(cost.object);
  return new PyObject(callable, how, args, kwargs);
}

/** BUILD: returns what takes the target's place on the stack, which is the target except for joblib's array wrappers. */
export function setState(m: Machine, target: PyValue, state: PyValue): PyValue {
  if (target instanceof PyObject) {
    mergeState(m, target, state);
    if (isArrayWrapper(target) && !m.isNested) return readWrappedArray(m, target);
    refuseOldWrapper(m, target);
    return target;
  }
  if (target instanceof NumpyArray) setArrayState(m, target, state);
  else if (target instanceof NumpyDType) setDTypeState(m, target, state);
  else if (target instanceof SparseMatrix) setSparseState(m, target, state);
  // Attributes on an OrderedDict, a Counter, a list: not part of its value.
  else if (!(target instanceof PyDict || target instanceof PyList || target instanceof PySet || target instanceof PyByteArray || target instanceof NumpyScalar)) {
    throw m.malformed("BUILD has no object to set the state of");
  }
  return target;
}

function mergeState(m: Machine, target: PyObject, state: PyValue): void {
  if (!(target.state instanceof PyDict && state instanceof PyDict)) {
    target.state = state;
    return;
  }
  m.charge(cost.dict + (target.state.size + state.size) * cost.entry);
  const merged = new PyDict();
  for (const [key, value] of target.state.entries()) merged.set(key, value);
  for (const [key, value] of state.entries()) merged.set(key, value);
  target.state = merged;
}

/** The only methods that saved models name by getattr: of time zones (in a pandas DatetimeIndex), and tokenizers of str. */
const NAMED_METHODS: ReadonlySet<string> = new Set(["zoneinfo.ZoneInfo._unpickle", "builtins.str.split", "builtins.str.lower", "builtins.str.upper", "builtins.str.strip"]);

/**
 * Python pickles a method as getattr(owner, name). The exactly named ones above become the dotted name, which is still
 * only a name; every other getattr is reported.
 */
function namedMethod(m: Machine, callable: PyValue, how: Construction, args: PyTuple): PyValue | undefined {
  if (how !== "reduce" || !(callable instanceof PyGlobal) || callable.name !== "getattr" || !/^(builtins|__builtin__)$/.test(callable.module)) return undefined;
  const [owner, name] = args.items;
  if (args.items.length !== 2 || !(owner instanceof PyGlobal) || typeof name !== "string") return undefined;
  // Protocols 0 to 2 use Python 2's names.
  const old = owner.module === "__builtin__";
  const [module, type] = [old ? "builtins" : owner.module, old && owner.name === "unicode" ? "str" : owner.name];
  if (!NAMED_METHODS.has(`${module}.${type}.${name}`)) return undefined;
  m.charge(cost.object);
  return m.globals.mention(module, `${type}.${name}`, m.at).global;
}
