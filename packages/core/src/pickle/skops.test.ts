// skops files, written down as pickles: what scikit-learn saved comes out as from a pickle, and damaged files are coded errors.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sniffFormat } from "../formats/index.ts";
import { importModel } from "../convert/index.ts";
import { arrayValues, NumpyArray, PyDict, PyList, PyObject, pickleOfSkops, PyTuple, readPickleFile, type PyValue } from "./index.ts";
import { storedZip } from "./testing-zip.ts";

const file = (path: string): Uint8Array => new Uint8Array(readFileSync(fileURLToPath(new URL(`../../../../corpus/mlflow/${path}`, import.meta.url))));
const saved = file("sklearn-pipeline-mlflow317/model/model.skops");
const pickled = file("sklearn-cloudpickle-mlflow317/model/model.pkl");

const node = (loader: string, content: unknown, more: object = {}): object => ({ __class__: "x", __module__: "builtins", __loader__: loader, content, ...more });
const json = (value: unknown): object => node("JsonNode", JSON.stringify(value));
const read = (schema: unknown, files: Record<string, Uint8Array> = {}): PyValue => readPickleFile(pickleOfSkops(storedZip({ ...files, "schema.json": new TextEncoder().encode(JSON.stringify(schema)) }))).value;

describe("a skops file", () => {
  it("is told from other zips, and compiles to the very model that its pickle compiles to", () => {
    expect(sniffFormat(saved)).toBe("skops");
    const [a, b] = [importModel(saved), importModel(pickled)];
    expect(a.format).toBe("skops");
    expect(Buffer.from(a.compiled.model).equals(Buffer.from(b.compiled.model))).toBe(true);
    expect(a.producer).toEqual(b.producer);
  });
  it("has plain values as Python has them", () => {
    expect(read(json(5))).toBe(5n);
    expect(read(node("JsonNode", "5.0"))).toBe(5);
    expect(read(node("JsonNode", "-Infinity"))).toBe(-Infinity);
    expect(read(node("JsonNode", "123456789012345678901234567890"))).toBe(123456789012345678901234567890n);
    expect(read(node("JsonNode", "-9223372036854775809"))).toBe(-9223372036854775809n);
    expect(read(json("déjà"))).toBe("déjà");
    expect(read(json(null))).toBe(null);
    expect((read(node("TupleNode", [json(1), json(true)])) as PyTuple).items).toEqual([1n, true]);
    expect((read(node("SliceNode", { start: null, stop: 3, step: null })))).toBeInstanceOf(PyObject);
  });
  it("keeps the types of keys, and objects that stand in two places", () => {
    const types = node("ListNode", [node("TypeNode", undefined, { __class__: "int" }), node("TypeNode", undefined, { __class__: "str" })]);
    const dict = read(node("DictNode", { 7: json("seven"), a: json("b") }, { key_types: types })) as PyDict;
    expect([dict.get(7n), dict.get("a")]).toEqual(["seven", "b"]);
    const shared = read(node("ListNode", [node("ListNode", [json(1)], { __id__: 42 }), node("CachedNode", undefined, { __id__: 42 })])) as PyList;
    expect(shared.items[0]).toBe(shared.items[1]);
  });
  it("has arrays of objects in any number of dimensions", () => {
    const array = read(node("NdArrayNode", [node("ListNode", [json("a"), json("b")]), node("ListNode", [json("c"), json(null)])], { type: "json", shape: node("TupleNode", [json(2), json(2)]), __class__: "ndarray", __module__: "numpy" })) as NumpyArray;
    expect([array.shape, arrayValues(array)]).toEqual([[2, 2], ["a", "b", "c", null]]);
  });
  it("is refused with a code where it is damaged, too deep, or holds what is not read", () => {
    let deep: unknown = json(1);
    for (let i = 0; i < 3000; i++) deep = node("ListNode", [deep]);
    for (const [schema, code] of [[5, "skops-damaged"], [{}, "skops-unsupported"], [node("MethodNode", {}), "skops-unsupported"], [node("ListNode", 5), "skops-damaged"], [node("CachedNode", 0, { __id__: 9 }), "skops-damaged"], [node("NdArrayNode", 0, { type: "numpy", file: "no.npy" }), "skops-damaged"], [deep, "skops-damaged"], [node("JsonNode", "{"), "skops-damaged"]] as const) {
      expect(() => read(schema), code).toThrow(expect.objectContaining({ code }));
    }
    expect(() => read(node("NdArrayNode", 0, { type: "numpy", file: "a.npy" }), { "a.npy": new Uint8Array(20) })).toThrow(expect.objectContaining({ code: "skops-damaged" }));
  });
  it("gives the model or a coded error, whatever bytes change", () => {
    fc.assert(fc.property(fc.nat(saved.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
      const changed = new Uint8Array(cut ? saved.slice(0, at + 1) : saved);
      changed[at] = value;
      try {
        importModel(changed);
      } catch (error) {
        expect(typeof (error as { code?: unknown }).code, String(error)).toBe("string");
      }
    }), { numRuns: 60 });
  });
  it("names what Python would have imported", () => {
    const names = readPickleFile(pickleOfSkops(saved)).globals.map((g) => g.name);
    expect(names).toEqual(expect.arrayContaining(["sklearn.pipeline.Pipeline", "sklearn.preprocessing._data.StandardScaler"]));
    const evil = readPickleFile(pickleOfSkops(storedZip({ "schema.json": new TextEncoder().encode(JSON.stringify(node("ConstructorFromReduceNode", node("TupleNode", [json("id")]), { __class__: "system", __module__: "os" }))) })));
    expect(evil.globals.find((g) => g.name === "os.system")?.called).toBe(true);
  });
});
