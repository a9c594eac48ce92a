// What a file would make Python do while loading it. Nothing here protects us: the machine runs nothing whatever the names.
// It is for telling people what a file tried, and for refusing to compile a model out of such a file.
//
// A call (REDUCE, INST, OBJ) is harmless when it makes plain data or an object of a known library, by name; every other
// call is reported. Allocating without a call (NEWOBJ) runs nothing by itself: unknown classes are the converter's business.

import { pickleError } from "./errors.ts";
import type { PickleFile, PickleGlobal } from "./read-pickle-file.ts";

export type DangerKind = "command" | "code" | "files" | "network" | "embedded-code" | "other-framework" | "unknown-call" | "indirect-call";

/** A call that Python would make and that is no part of saving a model. */
export interface Danger {
  readonly kind: DangerKind;
  /** `module.name`. */
  readonly name: string;
  /** What the call does, in a few words. */
  readonly what: string;
  /** Where the call is, in the decompressed pickle. */
  readonly offset: number;
}

export type GlobalRole = "data" | "library" | "other";

/** Exactly named standard-library constructors of data. */
const dataNames: ReadonlySet<string> = new Set([
  ...["set", "frozenset", "bytearray", "bytes", "complex", "slice", "range", "xrange", "object", "list", "dict", "tuple", "str", "unicode", "int", "long", "float", "bool"]
    .flatMap((name) => [`builtins.${name}`, `__builtin__.${name}`]),
  ...["_reconstructor", "__newobj__", "__newobj_ex__"].flatMap((name) => [`copyreg.${name}`, `copy_reg.${name}`]),
  "_codecs.encode",
  ...["OrderedDict", "defaultdict", "Counter", "deque", "ChainMap", "UserDict", "UserList"].map((name) => `collections.${name}`),
  ...["datetime", "date", "time", "timedelta", "timezone"].map((name) => `datetime.${name}`),
  "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "array._array_reconstructor", "array.array", "types.SimpleNamespace", "argparse.Namespace", "types.MappingProxyType", "re._compile",
  ...["PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath", "Path", "PurePath"].flatMap((name) => [`pathlib.${name}`, `pathlib._local.${name}`]),
  "functools.partial", "operator.itemgetter", "operator.attrgetter", "random.Random", "itertools.count", "io.BytesIO", "_io.BytesIO", "io.StringIO", "_io.StringIO",
  "zoneinfo.ZoneInfo._unpickle", "zoneinfo._zoneinfo.ZoneInfo._unpickle", "pytz._UTC", "pytz._p", "logging.getLogger",
]);

/** Exactly named functions of the libraries that rebuild their own objects. */
const rebuilders: ReadonlySet<string> = new Set([
  ...["numpy.core", "numpy._core"].flatMap((core) => [
    `${core}.multiarray._reconstruct`, `${core}.multiarray.scalar`, `${core}.numeric._frombuffer`, `${core}._ufunc_reconstruct`,
    `${core}._internal._convert_to_stringdtype_kwargs`, `${core}._rec_reconstruct`,
  ]),
  "numpy.multiarray._reconstruct", "numpy.multiarray.scalar",
  "numpy.dtype", "numpy.ndarray", "numpy.ma.core._mareconstruct", "numpy.random.__RandomState_ctor", "numpy.random.mtrand.RandomState",
  ...["__randomstate_ctor", "__bit_generator_ctor", "__generator_ctor"].map((name) => `numpy.random._pickle.${name}`),
  "pandas._libs.internals._unpickle_block", "pandas.core.internals.blocks.new_block", "pandas.core.indexes.base._new_Index",
  "pandas.core.indexes.datetimes._new_DatetimeIndex", "pandas.core.indexes.period._new_PeriodIndex", "pandas.core.indexes.interval._new_IntervalIndex",
  "pandas._libs.tslibs.timestamps._unpickle_timestamp", "pandas._libs.tslibs.timedeltas._timedelta_unpickle", "pandas._libs.tslibs.nattype._nat_unpickle",
  "scipy.spatial._ckdtree.cKDTree", "scipy.spatial.ckdtree.cKDTree",
  "pyarrow.lib._restore_array", "pyarrow.lib.py_buffer", "pyarrow.lib.type_for_alias", "pyarrow.lib.chunked_array", "pyarrow.lib.large_string", "pyarrow.lib.string",
  ...["dill._dill", "dill.dill"].flatMap((dill) => [`${dill}._create_array`, `${dill}._load_type`]),
  "joblib.numpy_pickle.NumpyArrayWrapper", "sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper",
]);

/** Top-level packages whose classes, when called, make their own objects: a class is a name that begins with a capital. */
const libraries: ReadonlySet<string> = new Set([
  "sklearn", "_loss", "numpy", "scipy", "pandas", "xgboost", "lightgbm", "catboost", "_catboost", "imblearn", "category_encoders", "feature_engine",
  "sklearn_pandas", "mlxtend", "statsmodels", "hdbscan", "umap", "pynndescent", "interpret", "ngboost", "optbinning", "sktime", "skforecast", "pygam", "skops", "skopt",
]);

/** Parts of those packages that read files, run tests or build code. */
const exceptModules = /(^|\.)(io|testing|_testing|tests|f2py|distutils|ctypeslib|externals|datasets|lib\.npyio|weave|ipython)(\.|$)/;

/** NumPy and pandas also have classes that open files and the like: of theirs, only those that pickles are made of. */
const modulesWithin: Readonly<Record<string, RegExp>> = {
  numpy: /^numpy\.(random|ma|dtypes|polynomial|matrixlib)(\.|$)/,
  pandas: /^pandas(\._libs\b.*|\.core\.(arrays|dtypes|indexes|internals)\b.*|\.arrays)?$/,
};
const pandasTopLevel = /^([A-Z]\w*(Dtype|Index|Array)|Interval|Period|Timestamp|Timedelta|Categorical|DateOffset|Series|DataFrame)$/;

/** The part a name plays when it is called. */
export function classifyGlobal(module: string, name: string): GlobalRole {
  const full = `${module}.${name}`;
  if (dataNames.has(full)) return "data";
  if (rebuilders.has(full)) return "library";
  const top = module.split(".", 1)[0]!;
  if (!libraries.has(top) || exceptModules.test(module)) return "other";
  if (modulesWithin[top]?.test(module) === false || (module === "pandas" && !pandasTopLevel.test(name))) return "other";
  if (name.split(".").every((part) => /^_*[A-Z]\w*$/.test(part))) return "library";
  // Cython's own pickling, and scikit-learn's trees and metrics.
  if (/^__pyx_unpickle_\w+$/.test(name) || (top === "sklearn" && name === "newObj")) return "library";
  return "other";
}

const command = "runs a command on the machine";
const code = "runs Python code";
const known: readonly (readonly [pattern: RegExp, kind: DangerKind, what: string])[] = [
  [/^(os|posix|nt|posixpath)\.(system|popen\w*|exec\w*|spawn\w*|posix_spawn\w*|fork\w*|startfile)$/, "command", command],
  [/^(subprocess|_posixsubprocess|_winapi|pty|commands|popen2|asyncio\.subprocess|multiprocessing|concurrent)\./, "command", command],
  [/^(os|posix|nt|shutil|pathlib|tempfile|io|_io|builtins|__builtin__|codecs|zipfile|tarfile|glob|fileinput)\.(\w*open\w*|file|remove|unlink|rmdir|rmtree|rename\w*|replace|mkdir|makedirs|chmod|chown|symlink|link|copy\w*|move|listdir|scandir|Path\.\w+|\w*File|extract\w*)$/, "files", "reads or changes files"],
  [/^(socket|_socket|ssl|http|urllib\w*|requests|ftplib|smtplib|telnetlib|xmlrpc|httplib|aiohttp|webbrowser|paramiko)\b/, "network", "reaches out to the network"],
  [/^(cloudpickle|dill|_dill)\b/, "embedded-code", "rebuilds Python functions and classes from code inside the file"],
  [/^(types|new)\.(CodeType|FunctionType|MethodType|ModuleType|LambdaType|function|code|instancemethod|classobj)$/, "embedded-code", "builds Python code from data inside the file"],
  [/^(marshal|_marshal)\./, "embedded-code", "loads compiled Python code from the file"],
  [/^(builtins|__builtin__)\.(eval|exec|execfile|compile|__import__|getattr|setattr|delattr|globals|locals|vars|apply|map|filter|type|input|breakpoint|__build_class__)$/, "code", code],
  [/^(runpy|importlib\w*|imp|_imp|pkgutil|pydoc|code|codeop|timeit|trace|cProfile|profile|pdb|bdb|doctest|ctypes|cffi|_ctypes|pip|ensurepip|venv|site|sys|builtins|__builtin__|inspect|gc|threading|_thread|operator|functools|itertools|ast|lib2to3|idlelib|test|distutils|setuptools|jinja2|numpy\.f2py|numpy\.testing)\b/, "code", "can run Python code"],
  [/^(pickle|_pickle|cPickle|shelve|joblib|numpy\.load|pandas\.read_pickle|pandas\.io)\b/, "code", "loads another pickle"],
  [/^(torch|tensorflow|keras|jax|transformers|mxnet|paddle)\b/, "other-framework", "rebuilds objects of another framework"],
];

function explain(name: string): readonly [DangerKind, string] {
  for (const [pattern, kind, what] of known) if (pattern.test(name)) return [kind, what];
  if (name.startsWith("__main__.")) return ["unknown-call", "calls a function or class of the training script"];
  return ["unknown-call", "calls a function that belongs to no known machine-learning library"];
}

function nameOf(global: PickleGlobal): string {
  return global.name.slice(global.module.length + 1);
}

/** Every call in the file that is no part of saving a model, in the order of the file. Empty for an ordinary model. */
export function dangers(file: Pick<PickleFile, "globals" | "indirectCalls">): Danger[] {
  const found: Danger[] = [];
  for (const global of file.globals) {
    if (global.calledAt === undefined && global.allocatedAt === undefined) continue;
    if (classifyGlobal(global.module, nameOf(global)) !== "other") continue;
    // A code object or function can be made by NEWOBJ alone.
    const [kind, what] = explain(global.name);
    const offset = global.calledAt ?? (kind === "embedded-code" ? global.allocatedAt : undefined);
    if (offset !== undefined) found.push({ kind, name: printable(global.name), what, offset });
  }
  for (const call of file.indirectCalls) {
    found.push({ kind: "indirect-call", name: printable(call.what), what: "calls something that only exists once the file is loaded", offset: call.offset });
  }
  return found.sort((a, b) => a.offset - b.offset);
}

/** Throws `pickle-calls-code` when Python would call anything in this file that is not data or a known library's own object. */
export function assertInert(file: Pick<PickleFile, "globals" | "indirectCalls">): void {
  const calls = dangers(file);
  if (calls.length === 0) return;
  const shown = calls.slice(0, 3).map((c) => `${c.name} (${c.what}, byte ${c.offset})`).join("; ");
  const embedded = calls.every((c) => c.kind === "embedded-code");
  throw pickleError("pickle-calls-code", `loading this file in Python would call ${shown}${calls.length > 3 ? ` and ${calls.length - 3} more` : ""}`, {
    where: `byte ${calls[0]!.offset}`,
    hint: embedded
      ? "The file holds Python functions (cloudpickle or dill). Replace lambdas and functions of your own by scikit-learn's transformers, and save with joblib.dump."
      : "Nothing was run. Do not load this file in Python unless you know who made it; save the model again without the objects named here.",
    data: { calls: calls.slice(0, 100) },
  });
}

/** Names come from the file: control characters would garble a terminal. */
function printable(name: string): string {
  const clean = name.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, "\ufffd");
  return clean.length > 200 ? `${clean.slice(0, 200)}...` : clean;
}
