export { readPickleFile, type PickleFile, type PickleGlobal } from "./read-pickle-file.ts";
export { defaultLimits, type PickleLimits } from "./limits.ts";
export { assertInert, classifyGlobal, dangers, type Danger, type DangerKind, type GlobalRole } from "./dangers.ts";
export { categoriesOf, columnNames, indexValues, pandasKind, readDataFrame, readSeries } from "./pandas.ts";
export { pickleError } from "./errors.ts";
export { pickleOfSkops, skopsError } from "./skops.ts";
export { children } from "./depth.ts";
export {
  arrayFloat64, arrayInt64, arrayLength, arrayStrings, arrayValues, structuredColumn, type NumericArray,
} from "./numpy.ts";
export { sparseEntries, sparseToDense } from "./sparse.ts";
export {
  NumpyArray, NumpyDType, NumpyScalar, PyByteArray, PyBytes, PyDict, PyGlobal, PyList, PyObject, PySet, PyTuple, SparseMatrix,
  type Construction, type NumpyField, type NumpyKind, type PyValue,
} from "./values.ts";
export { readNpy } from "./npy.ts";
