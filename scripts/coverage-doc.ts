// Writes docs/coverage.md from the lists of converters, layers, operators and objectives, from the corpus, and from the
// refusals in the source: what compiles, with which library versions a file of each was checked and how closely, and
// what is refused. `node --conditions=@slipway/source scripts/coverage-doc.ts` rewrites it.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KERNELS } from "../packages/core/src/onnx/kernels.generated.ts";
import { listCases } from "../corpus/case.ts";
import { readRefusals } from "./coverage-refusals.ts";
import { CLASSES, lookAtCorpus, type Exercised } from "./coverage-seen.ts";
import { collectErrors } from "./errors-doc.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
export const coverageDocument: string = join(root, "docs", "coverage.md");

/** Tests of skl2onnx's that are missed, and why. */
const PEER_MISSES: readonly (readonly [string, string])[] = [
  ["test_kmeans_upgrade", "it wants an older operator set, to upgrade from; Slipway writes one"],
  ["test_model_knn_regressor_weights_distance_11", "it wants operator sets 9 to 11"],
  ["test_model_ordinal_encoder_encoded_missing_value", "NaN in a tensor of texts: engines hand it on as the text `nan`, which may be a category of its own; Slipway's runtime marks missing texts otherwise"],
  ["test_model_tfidf_vectorizer_nan", "the option `nan`, NaN in place of 0 for words that are not there, is not what scikit-learn computes"],
  ["test_model_count_vectorizer_custom_tokenizer", "its tokenizer, a lambda, is taken out before the conversion and compared all the same"],
  ["test_model_count_vectorizer_short_length", "a token pattern with \\b before signs is refused by name"],
];

/** Estimators of scikit-learn that do not pass every case of the sweep, and why. */
const SWEEP_MISSES: readonly (readonly [string, string])[] = [
  ["DummyClassifier(strategy=\"stratified\" or \"uniform\")", "its predictions are drawn at random"],
];

export async function renderCoverage(): Promise<string> {
  const corpus = join(root, "corpus", "cases");
  const seen = await lookAtCorpus(corpus);
  const classes = seen.registries.get(CLASSES)!;
  const codes = new Map([...(await collectErrors()).values()].flatMap((room) => [...room]));
  const lines = [
    "# What compiles",
    "",
    "Every label equal, every number to 1e-9 of what the library computes where it computes in double, to 1e-5 where in float. An option that cannot be reproduced is refused by name. This file is written by `scripts/coverage-doc.ts` from the lists of converters, layers, operators and objectives and from the corpus; a test compares it with them.",
    "",
    "\"Checked with\" names the versions (of scikit-learn, where nothing else is said) of which the corpus holds a file that has it, compiled and compared; \"to\" is the largest relative difference that is let pass there.",
    "",
    "| files of the corpus | compiled and compared | refused with a code |",
    "| --- | --- | --- |",
    ...[...seen.formats].sort().map(([words, n]) => `| ${words} | ${n.compiled} | ${n.refused} |`),
    "",
    `## Classes (${classes.size})`,
    "",
    ...entryTable("class", classes),
  ];
  for (const [title, entries] of seen.registries) {
    if (title !== CLASSES) lines.push("", `## ${title} (${entries.size})`, "", ...entryTable("name", entries));
  }
  const pmml = pmmlNames(corpus);
  lines.push(
    "", "## PMML", "",
    "Versions 4.0 to 4.4. Elements and functions that the readers name; in bold those that a file of the corpus has.", "",
    `- elements: ${pmml.elements}`,
    `- functions: ${pmml.functions}`,
    "", "## ONNX", "",
    `An ONNX file is served as it is, of any operator set: the engine is known to run ${Object.keys(KERNELS).length} operators, in the combinations of types that \`packages/core/src/onnx/kernels.generated.ts\` lists. Weights of 4 bits and of bfloat16 are taken where a Cast or DequantizeLinear takes them, float8 is refused. Maps (ZipMap) become matrices; sequences, optional values and operators of unknown domains are refused.`,
  );
  lines.push(
    "", "## Refused", "",
    "What the converters refuse, in the words of their messages; \"...\" stands for what a message takes from the file. Where no advice is given, that of the code in [errors.md](errors.md) holds. A class that no list above has is refused as `unsupported-estimator` or, from someone's own script, as `custom-class`.", "",
    "| where | what, and why | advice | code |", "| --- | --- | --- | --- |",
    ...readRefusals(join(root, "packages", "core", "src", "convert"), codes).map((r) => row([r.place, r.words, r.advice, `\`${r.code}\``])),
    "", "Files of the corpus that are refused:", "",
    "| format | message | advice | code |", "| --- | --- | --- | --- |",
    ...[...new Set(seen.refusals.map((r) => row([r.format, r.message, r.hint, `\`${r.code}\``])))].sort(),
  );
  lines.push(
    "", "## skl2onnx's own tests", "",
    "skl2onnx 1.20.0's test suite with `slipway convert --stdio` in its place (shared tools around skl2onnx ask for graphs in this way): of 751 applicable tests 745 pass. These are missed.", "",
    "| test | why |", "| --- | --- |",
    ...PEER_MISSES.map(row),
    "", "## Every estimator of scikit-learn", "",
    "All estimators of scikit-learn 1.8.0 that say something about new rows (192 of 211), each fitted on small generic data with several settings, converted in the same way and compared to 1e-7 in double: 191 pass every case; none differs silently. These are refused in some case.", "",
    "| estimator | why |", "| --- | --- |",
    ...SWEEP_MISSES.map(row),
  );
  return `${lines.join("\n")}\n`;
}

function entryTable(name: string, entries: ReadonlyMap<string, Exercised>): string[] {
  return [
    `| ${name} | checked with | to |`, "| --- | --- | --- |",
    ...[...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([entry, { versions, rtol }]) => row([entry, [...versions].sort(byVersion).join(", "), versions.size === 0 ? "" : rtol.toExponential().replace("+", "")])),
  ];
}
/** "1.9" before "1.10", and both before "XGBoost 1.6". */
function byVersion(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replace(/\s+/g, " ").replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Names in the readers' source, and those that the files of the corpus have. */
function pmmlNames(corpus: string): { elements: string; functions: string } {
  const folder = join(root, "packages", "core", "src", "convert", "pmml");
  const source = new Map(readdirSync(folder).filter((f) => f.endsWith(".ts") && !f.includes(".test.")).map((f) => [f, readFileSync(join(folder, f), "utf8")]));
  const files = listCases(corpus).filter((one) => one.family === "pmml" && one.expect === "import").map((one) => readFileSync(one.modelFile, "utf8")).join("\n");
  const used = new Set([...files.matchAll(/<([A-Z]\w+)/g)].map(([, name]) => name!));
  const applied = new Set([...files.matchAll(/function="([^"]+)"/g)].map(([, name]) => name!));
  const elements = new Set([...source.values()].flatMap((text) => [...text.matchAll(/"([A-Z][A-Za-z]+)"/g)]).map(([, name]) => name!).filter((name) => used.has(name) || new RegExp(`case "${name}"|children\\([^)]*"${name}"`).test([...source.values()].join("\n"))));
  const functions = new Set([...source.get("expressions.ts")!.matchAll(/case ("[^"]+"(?:: case "[^"]+")*):/g)].flatMap(([, names]) => [...names!.matchAll(/"([^"]+)"/g)].map(([, name]) => name!)).filter((name) => !/^[A-Z]/.test(name) && (applied.has(name) || /^[a-z+\-*/]/.test(name))));
  const told = (names: ReadonlySet<string>, known: ReadonlySet<string>): string => [...names].sort().map((name) => (known.has(name) ? `**${name.replaceAll("*", "\\*")}**` : name)).join(", ");
  return { elements: told(elements, used), functions: told(functions, applied) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(coverageDocument, await renderCoverage());
