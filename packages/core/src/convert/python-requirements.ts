// Which packages a pickled model needs when Python loads it, with the versions that the file tells: those of the classes in it.
// What is in no list here is not guessed, as anybody can own a name on a registry.

import { children, PyObject, type PickleFile, type PyValue } from "../pickle/index.ts";

export interface PythonRequirements {
  /** As pip takes them: "scikit-learn==1.5.2", "numpy>=2". */
  readonly packages: readonly string[];
  /** Modules that no list here knows: the model's own, or of a package that the user has to name. */
  readonly unknown: readonly string[];
}

/** Modules and the packages that bring them. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["sklearn", "scikit-learn"], ["_loss", "scikit-learn"], ["numpy", "numpy"], ["scipy", "scipy"], ["pandas", "pandas"], ["joblib", "joblib"], ["xgboost", "xgboost"], ["lightgbm", "lightgbm"], ["catboost", "catboost"],
  ["category_encoders", "category_encoders"], ["imblearn", "imbalanced-learn"], ["cloudpickle", "cloudpickle"], ["statsmodels", "statsmodels"], ["implicit", "implicit"], ["surprise", "scikit-surprise"], ["skforecast", "skforecast"],
  ["torch", "torch"], ["polars", "polars"], ["pyarrow", "pyarrow"],
]);
/** Of Python itself. */
const BUILT_IN = new Set(["__main__", "builtins", "__builtin__", "copyreg", "copy_reg", "_codecs", "collections", "functools", "operator", "datetime", "decimal", "fractions", "re", "types", "abc", "enum", "pathlib", "uuid", "random", "math", "itertools", "threading", "logging", "io", "os", "posixpath", "string", "array", "weakref", "dataclasses", "typing"]);
const VERSION = /^\d{1,4}(?:\.\d{1,4}){1,3}(?:rc\d{1,3}|a\d{1,3}|b\d{1,3}|\.post\d{1,3})?$/;
const MOST_VALUES = 5_000_000;

export function pythonRequirements(pickle: PickleFile): PythonRequirements {
  const roots = new Set(pickle.globals.map((g) => g.module.split(".")[0]!));
  const unknown = [...roots].filter((module) => !PACKAGES.has(module) && !BUILT_IN.has(module)).sort();
  const sklearn = sklearnVersion(pickle.value);
  const numpy = pickle.globals.some((g) => g.module.startsWith("numpy._core")) ? "numpy>=2" : pickle.globals.some((g) => g.module.startsWith("numpy.core")) ? "numpy<2" : undefined;
  if (sklearn !== undefined) roots.add("sklearn");
  const packages = [...roots].flatMap((module) => {
    const name = PACKAGES.get(module);
    if (name === undefined) return [];
    return [name === "scikit-learn" && sklearn !== undefined ? `${name}==${sklearn}` : module === "numpy" && numpy !== undefined ? numpy : name];
  });
  return { packages: [...new Set(packages)].sort(), unknown };
}

/** As estimators of scikit-learn keep it; the first that is there. */
function sklearnVersion(root: PyValue): string | undefined {
  const waiting: PyValue[] = [root];
  const seen = new Set<PyValue>();
  while (waiting.length > 0 && seen.size < MOST_VALUES) {
    const value = waiting.pop()!;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const version = value instanceof PyObject ? value.attributes?.get("_sklearn_version") : undefined;
    if (typeof version === "string" && VERSION.test(version)) return version;
    waiting.push(...children(value));
  }
  return undefined;
}
