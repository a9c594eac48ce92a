// Writes docs/coverage.md from the list of converters and from the corpus: which estimators compile, and with which
// library versions a file of each was checked.

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { converters, readSource } from "../packages/core/src/convert/index.ts";
import { sniffFormat, type FileFormat } from "../packages/core/src/formats/index.ts";
import { listCases } from "../corpus/case.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
export const coverageDocument: string = join(root, "docs", "coverage.md");

interface Checked {
  /** "package.Class" -> versions of the pickles in which the corpus has it. */
  readonly classes: Map<string, Set<string>>;
  /** Format in people's words -> number of files, and of those that are refused with a code. */
  readonly formats: Map<string, { compiled: number; refused: number }>;
}

const FORMAT: Readonly<Partial<Record<FileFormat, string>>> = {
  pickle: "pickle and joblib", onnx: "ONNX", keras: "Keras (.keras)", hdf5: "Keras (.h5)", tflite: "TensorFlow Lite", catboost: "CatBoost (cbm, JSON)",
  lightgbm: "LightGBM (text, JSON)", "xgboost-json": "XGBoost (JSON)", "xgboost-ubjson": "XGBoost (UBJSON)", "xgboost-binary": "XGBoost (old binary)",
  torch: "PyTorch (.pt, .pt2)", xml: "PMML",
};

function checkedFiles(): Checked {
  const classes = new Map<string, Set<string>>();
  const formats: Checked["formats"] = new Map();
  for (const one of listCases(join(root, "corpus", "cases"))) {
    const folder = statSync(one.modelFile).isDirectory();
    const bytes = folder ? undefined : new Uint8Array(readFileSync(one.modelFile));
    const format = bytes === undefined ? undefined : sniffFormat(bytes);
    const words = format === undefined ? "TensorFlow SavedModel" : (FORMAT[format] ?? format);
    const count = formats.get(words) ?? { compiled: 0, refused: 0 };
    formats.set(words, count);
    count[one.expect === "import" ? "compiled" : "refused"]++;
    if (format !== "pickle" || one.expect !== "import") continue;
    for (const { name } of readSource(bytes!).pickle.globals) {
      const key = `${name.split(".")[0]}.${name.split(".").at(-1)}`;
      if (!converters.has(key)) continue;
      if (!classes.has(key)) classes.set(key, new Set());
      classes.get(key)!.add(one.environment);
    }
  }
  return { classes, formats };
}

/** The library and version that made a case. */
function environmentName(environment: string): string {
  const scikit = ENVIRONMENT[environment];
  if (scikit !== undefined) return scikit;
  const [, library, major, rest] = /^(lgb|xgb|cb)(\d)(\d+)$/.exec(environment) ?? [];
  if (library === undefined) return environment;
  const version = library === "cb" ? `${major}.${rest![0]}.${rest!.slice(1)}` : `${major}.${rest}`;
  return `${{ lgb: "LightGBM", xgb: "XGBoost", cb: "CatBoost" }[library as "lgb"]} ${version}`;
}

const ENVIRONMENT: Readonly<Record<string, string>> = { sk113: "1.1", sk11: "1.1", sk132: "1.3", sk13: "1.3", sk152: "1.5", sk15: "1.5", sklatest: "1.9", sk19: "1.9" };

const EVALUATOR = "right in ONNX Runtime; where training rows tie, the graph gathers from more than 32 columns, which the onnx package's evaluator, asked as well, cannot";
const PEER_MISSES: readonly (readonly [string, string])[] = [
  ["test_kmeans_upgrade", "it wants an older operator set, to upgrade from; Slipway writes one"],
  ["test_model_knn_regressor_weights_distance_11", "it wants operator sets 9 to 11"],
  ["test_model_one_hot_encoder_int32, ..._int32_scaler", "they look for the word `int64_data` in the printed graph"],
  ["test_model_ordinal_encoder_encoded_missing_value", "NaN in a tensor of texts: engines hand it on as the text `nan`, which may be a category of its own; Slipway's runtime marks missing texts otherwise"],
  ["test_model_tfidf_vectorizer_nan", "the option `nan`, NaN in place of 0 for words that are not there, is not what scikit-learn computes"],
  ["test_model_count_vectorizer_custom_tokenizer", "its tokenizer, a lambda, is taken out before the conversion and compared all the same"],
  ["test_model_count_vectorizer_short_length", "a token pattern with \\b before signs is refused by name"],
  ["test_model_knn_classifier_binary_class, ..._multi_class, ..._multi_class_string, test_model_calibrated_classifier_cv_isotonic_binary_knn", EVALUATOR],
];

export function renderCoverage(): string {
  const { classes, formats } = checkedFiles();
  const names = [...converters.keys()].sort();
  const lines = [
    "# What compiles",
    "",
    "Every label equal, every number to 1e-9 of what the library computes. An option that cannot be reproduced is refused by name. This file is written by `scripts/coverage-doc.ts` from the list of converters and the corpus.",
    "",
    `${names.length} classes. "Checked with" names the versions (of scikit-learn, where nothing else is said) of which the corpus holds a file with this class.`,
    "",
    "| files of the corpus | compiled and compared | refused with a code |",
    "| --- | --- | --- |",
    ...[...formats].sort().map(([words, n]) => `| ${words} | ${n.compiled} | ${n.refused} |`),
    "",
    "| class | checked with |",
    "| --- | --- |",
  ];
  for (const name of names) {
    const seen = [...new Set([...(classes.get(name) ?? [])].map(environmentName))].sort();
    lines.push(`| ${name} | ${seen.length > 0 ? seen.join(", ") : ""} |`);
  }
  lines.push(
    "", "## Refused by name", "",
    "| what | why, and what to do |", "| --- | --- |",
    "| lambdas and functions of your own (FunctionTransformer, callable kernels, metrics, analyzers, tokenizers) | their code would have to run; use NumPy functions or scikit-learn's own steps |",
    "| classes of your own script or of unknown packages | their code is not in the file |",
    "| predictions drawn at random (DummyClassifier with strategy=\"stratified\" or \"uniform\") | no two runs agree; use another strategy |",
    "| sparse codes by the path of LARS or by coordinate descent (transform_algorithm=\"lasso_lars\", \"lasso_cd\", \"lars\") | use \"omp\" or \"threshold\" |",
  );
  lines.push(
    "", "## skl2onnx's own tests", "",
    "skl2onnx 1.20.0's test suite with `slipway convert --stdio` in its place (shared tools around skl2onnx ask for graphs in this way): of 751 applicable tests, these are missed.", "",
    "| test | why |", "| --- | --- |",
    ...PEER_MISSES.map(([test, why]) => `| ${test} | ${why} |`),
  );
  return `${lines.join("\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(coverageDocument, renderCoverage());
