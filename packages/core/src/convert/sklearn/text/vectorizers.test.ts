import { describe, expect, it } from "vitest";
import { PyDict, PyGlobal, PyList, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { Conversion } from "../../conversion/conversion.ts";
import { Estimator } from "../../conversion/estimator.ts";
import { converters } from "../../registry.ts";

function dict(entries: Readonly<Record<string, PyValue>>): PyDict {
  const d = new PyDict();
  for (const [key, value] of Object.entries(entries)) d.set(key, value);
  return d;
}
function convert(name: string, attributes: Readonly<Record<string, PyValue>>): Conversion {
  const object = new PyObject(new PyGlobal("sklearn.feature_extraction.text", name), "newobj", new PyTuple([]));
  object.state = dict({ input: "content", ngram_range: new PyTuple([1n, 1n]), ...attributes });
  const c = new Conversion(converters);
  c.convert(new Estimator(object, "model"), c.rawFrame([c.addColumn("text")])).transform!();
  return c;
}
const count = (attributes: Readonly<Record<string, PyValue>>): Conversion => convert("CountVectorizer", { vocabulary_: dict({ a: 0n, b: 1n }), ...attributes });

describe("text vectorizers", () => {
  it("lower the text before the graph and refuse a missing one", () => {
    const c = count({ strip_accents: "unicode" });
    c.textInputs();
    expect(c.columns[0]).toMatchObject({ kind: "string", normalize: ["lowercase", "strip_accents_unicode"], missing: "refused" });
    expect(c.warnings).toEqual([expect.stringMatching(/accents/)]);
  });
  it.each([
    ["a column twice", dict({ a: 0n, b: 0n })],
    ["a column beyond the last", dict({ a: 0n, b: 2n })],
    ["a negative column", dict({ a: -1n, b: 0n })],
    ["a column that is no number", dict({ a: "0", b: 1n })],
    ["a term that is no string", new PyList([1n, 2n])],
    ["a term twice", new PyList(["a", "a"])],
    ["nothing", dict({})],
  ])("refuse a vocabulary with %s", (_, vocabulary_) => {
    expect(() => count({ vocabulary_ })).toThrow(expect.objectContaining({ code: "malformed-model" }));
  });
  it("say that they were not fitted", () => {
    expect(() => count({ vocabulary_: null })).toThrow(expect.objectContaining({ code: "malformed-model" }));
    expect(() => convert("CountVectorizer", {})).toThrow(expect.objectContaining({ code: "not-fitted" }));
  });
  it.each([
    ["a tokenizer of one's own", { tokenizer: new PyGlobal("nltk.tokenize", "word_tokenize") }, /tokenizer=.*nltk/],
    ["a preprocessor", { preprocessor: new PyGlobal("__main__", "clean") }, /preprocessor=.*__main__\.clean/],
    ["an analyzer", { analyzer: new PyGlobal("__main__", "stems") }, /analyzer=/],
    ["a function that strips accents", { strip_accents: new PyGlobal("unidecode", "unidecode") }, /strip_accents=.*unidecode/],
    ["file names", { input: "filename" }, /input="filename"/],
    ["a token pattern that ONNX cannot follow", { token_pattern: "(?<!x)\\w+" }, /token_pattern=.*look-behind/],
    ["n-grams of tokens with spaces", { token_pattern: "[^,]+", ngram_range: new PyTuple([1n, 2n]) }, /n-grams/],
    ["counts cut to eight bits", { dtype: new PyGlobal("numpy", "int8") }, /dtype=int8/],
  ])("refuse %s by name", (_, attributes, message) => {
    expect(() => count(attributes)).toThrow(expect.objectContaining({ code: "unsupported-option", message: expect.stringMatching(message) }));
  });
  it("refuse options that do not exist", () => {
    for (const attributes of [{ ngram_range: new PyTuple([2n, 1n]) }, { ngram_range: new PyTuple([0n, 1n]) }, { stop_words: "german" }, { analyzer: "words" }, { strip_accents: "latin" }]) {
      expect(() => count(attributes)).toThrow(expect.objectContaining({ code: "malformed-model" }));
    }
  });
  it("take str.split and str.lower, which are data", () => {
    expect(() => count({ tokenizer: new PyGlobal("builtins", "str.split"), preprocessor: new PyGlobal("builtins", "str.lower"), token_pattern: null })).not.toThrow();
  });
  it("refuse more hashed columns than a row can hold", () => {
    expect(() => convert("HashingVectorizer", { n_features: 2n ** 24n })).toThrow(/n_features=16777216/);
  });
});
