import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../base/testing.ts";
import { ProtoWriter } from "../formats/index.ts";
import { doubles, type ElementType, type Tensor } from "../tensor/index.ts";
import { describeOnnx, findProblems, GraphBuilder, Ops, packedFace, readModel, serializeModel, type Model } from "./index.ts";

function everything(): Model {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  const body = g.body([{ type: "int64", shape: [] }, { type: "bool", shape: [] }, { type: "double", shape: ["N", 2] }], (b, [, go, v]) => [go!, b.op("Add", [v!, x])]);
  g.output("p", o.softmax(g.op("Reshape", [g.op("Loop", [o.scalar(2, "int64"), null, x], { body }), o.int64s([-1, 2])])));
  g.output("label", g.op("LabelEncoder", [o.argmax(x, 1)], { keys_int64s: [0, 1], values_strings: ["no", "yes"] }));
  g.output("t", g.op("TreeEnsemble", [x], {
    n_targets: 1, tree_roots: [0], nodes_modes: { type: "uint8", shape: [1], data: Uint8Array.of(0) }, nodes_featureids: Int32Array.of(1), nodes_splits: doubles([0.5]),
    nodes_truenodeids: [0], nodes_falsenodeids: [1], nodes_trueleafs: [1], nodes_falseleafs: [1], leaf_targetids: BigInt64Array.of(0n, 0n), leaf_weights: doubles([-1, 1]),
  }));
  g.bindEntry(x, [{ name: "a", type: "double" }, { name: "b", type: "int64" }]);
  return g.finish({ name: "all", docString: "everything", metadata: { k: "v" } });
}
const bytes = serializeModel(everything());
/** A model whose only initializer is written by `write`. */
const withTensor = (write: (w: ProtoWriter) => void): Uint8Array => {
  const w = new ProtoWriter();
  w.int(1, 10);
  w.message(7, (g) => g.message(5, write));
  return w.finish();
};

describe("readModel", () => {
  it("reads what serializeModel wrote, to the byte", () => {
    const model = readModel(bytes);
    expect(serializeModel(model)).toEqual(bytes);
    expect(findProblems(model)).toEqual([]);
    expect(model.graph.outputs).toEqual(everything().graph.outputs);
  });
  it("reads tensors of every type back", () => {
    const data: Record<ElementType, Tensor["data"]> = {
      float: Float32Array.of(1.5, NaN), double: Float64Array.of(-0, 1e300), float16: Uint16Array.of(1, 2), int8: Int8Array.of(-1, 1), int16: Int16Array.of(-1, 1), int32: Int32Array.of(-1, 1),
      int64: BigInt64Array.of(-1n, 1n), uint8: Uint8Array.of(255, 1), uint16: Uint16Array.of(65535, 1), uint32: Uint32Array.of(2 ** 32 - 1, 1), uint64: BigUint64Array.of(2n ** 64n - 1n, 1n), bool: Uint8Array.of(0, 1), string: ["é", ""],
    };
    for (const [type, values] of Object.entries(data)) {
      const model = { ...everything(), graph: { ...everything().graph, initializers: [{ name: "t", tensor: { type, shape: [2], data: values } as Tensor }] } };
      expect(readModel(serializeModel(model)).graph.initializers[0]!.tensor).toEqual({ type, shape: [2], data: values });
    }
  });
  it("reads data in the typed fields as well as raw data", () => {
    const tensor = (type: number, write: (w: ProtoWriter) => void): unknown => readModel(withTensor((w) => {
      w.packedInts(1, [2]);
      w.int(2, type);
      write(w);
    })).graph.initializers[0]!.tensor.data;
    expect(tensor(1, (w) => w.packedFloats(4, [1, 2]))).toEqual(Float32Array.of(1, 2));
    expect(tensor(1, (w) => { w.float(4, 1); w.float(4, 2); })).toEqual(Float32Array.of(1, 2));
    expect(tensor(22, (w) => w.packedInts(5, [0xf8]))).toEqual(Int8Array.of(-8, -1));
    expect(tensor(21, (w) => w.bytes(9, Uint8Array.of(0xf8)))).toEqual(Uint8Array.of(8, 15));
    expect(tensor(16, (w) => w.bytes(9, Uint8Array.of(0xc0, 0x3f, 0, 0xc0)))).toEqual(Float32Array.of(1.5, -2));
    expect(tensor(7, (w) => w.packedInts(7, [-5, 2 ** 40]))).toEqual(BigInt64Array.of(-5n, 2n ** 40n));
    expect(tensor(3, (w) => { w.int(5, -7); w.int(5, 7); })).toEqual(Int8Array.of(-7, 7));
    expect(tensor(12, (w) => w.packedInts(11, [1, 2 ** 32 - 1]))).toEqual(Uint32Array.of(1, 2 ** 32 - 1));
  });
  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(), "onnx-malformed"],
    ["a file that is cut off", bytes.subarray(0, bytes.length - 7), "onnx-truncated"],
    ["text", new TextEncoder().encode("not a model at all"), "onnx-malformed"],
    ["dimensions without data", withTensor((w) => { w.packedInts(1, [2 ** 40, 2 ** 20]); w.int(2, 1); w.bytes(9, new Uint8Array(4)); }), "onnx-malformed"],
    ["a negative dimension", withTensor((w) => { w.packedInts(1, [-1]); w.int(2, 1); }), "onnx-malformed"],
    ["dimensions beyond all numbers", withTensor((w) => { w.packedInts(1, [0, 2n ** 62n]); w.int(2, 1); }), "onnx-malformed"],
    ["bytes that are no whole elements", withTensor((w) => { w.packedInts(1, [1]); w.int(2, 11); w.bytes(9, new Uint8Array(7)); }), "onnx-malformed"],
    ["an element type that is not read", withTensor((w) => { w.packedInts(1, [1]); w.int(2, 17); w.bytes(9, new Uint8Array(2)); }), "onnx-unsupported"],
    ["numbers of 4 bits that are too few for its dimensions", withTensor((w) => { w.packedInts(1, [1, 5]); w.int(2, 22); w.bytes(9, new Uint8Array(2)); }), "onnx-malformed"],
    ["half a number of bfloat16", withTensor((w) => { w.packedInts(1, [1]); w.int(2, 16); w.bytes(9, new Uint8Array(3)); }), "onnx-malformed"],
    ["data in a file beside it", withTensor((w) => { w.int(2, 1); w.message(13, (m) => { m.string(1, "location"); m.string(2, "w.bin"); }); }), "onnx-external-data"],
    ["data anywhere on the disk", withTensor((w) => { w.int(2, 1); w.message(13, (m) => { m.string(1, "location"); m.string(2, "C:\\w.bin"); }); }), "onnx-external-data"],
  ])("refuses %s", (_, file, code) => {
    expect(codeOf(() => readModel(file))).toBe(code);
  });
  it("refuses bodies nested without end", () => {
    let graph: (w: ProtoWriter) => void = (w) => w.string(2, "g");
    for (let i = 0; i < 100; i++) {
      const inner = graph;
      graph = (w) => w.message(1, (n) => { n.string(4, "If"); n.message(5, (a) => { a.string(1, "then_branch"); a.message(6, inner); a.int(20, 5); }); });
    }
    const w = new ProtoWriter();
    w.message(7, graph);
    expect(codeOf(() => readModel(w.finish()))).toBe("onnx-limit");
  });
  it("does not let a small model make the checker work without end", () => {
    const nodes = Array.from({ length: 64 }, (_, i) => ({ name: "", opType: "Concat", domain: "", inputs: [`v${i}`, `v${i}`], outputs: [`v${i + 1}`], attributes: new Map([["axis", { int: 0 }]]) }));
    const ranks = Array.from({ length: 64 }, (_, i) => ({ name: "", opType: "Gather", domain: "", inputs: [`r${i}`, `r${i}`], outputs: [`r${i + 1}`], attributes: new Map() }));
    const model: Model = {
      ...everything(),
      graph: { name: "g", inputs: [{ name: "r0", type: "int64", shape: ["a", "b", "c"] }], outputs: [], nodes: [...nodes, ...ranks], initializers: [{ name: "v0", tensor: { type: "int64", shape: [2], data: BigInt64Array.of(1n, 2n) } }] },
    };
    expect(findProblems(readModel(serializeModel(model))).length).toBeGreaterThan(0);
  });
  it("gives a value or a coded error for mutated bytes", () => {
    const edit = fc.record({ at: fc.nat(bytes.length - 1), kind: fc.constantFrom("set", "flip", "drop", "add", "cut"), value: fc.nat(255) });
    fc.assert(fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let file = Uint8Array.from(bytes);
      for (const { at, kind, value } of edits) {
        if (at >= file.length) continue;
        if (kind === "set") file[at] = value;
        else if (kind === "flip") file[at]! ^= 1 << (value & 7);
        else if (kind === "cut") file = file.slice(0, at);
        else file = Uint8Array.from([...file.subarray(0, at), ...(kind === "add" ? [value] : []), ...file.subarray(kind === "add" ? at : at + 1)]);
      }
      codeOf(() => describeOnnx(file));
      codeOf(() => packedFace(file));
    }), { numRuns: 3000 });
  });
  const shared = join(import.meta.dirname, "../../../../../shared/corpus/cases/hostile");
  it.skipIf(!existsSync(shared))("refuses the hostile ONNX files of the corpus", () => {
    for (const name of readdirSync(shared).filter((n) => n.startsWith("onnx-"))) {
      expect(codeOf(() => describeOnnx(readFileSync(join(shared, name, "model.onnx"))))).toMatch(/^onnx-(external-data|malformed)$/);
    }
  });
});

describe("describeOnnx", () => {
  it("says what a model takes, gives and is made of", () => {
    const d = describeOnnx(bytes);
    expect(d).toMatchObject({ producer: "slipway 0.1.0", name: "all", opsets: [{ domain: "", version: 21 }, { domain: "ai.onnx.ml", version: 5 }], problems: [] });
    expect(d.inputs.map((i) => i.name)).toEqual(["a", "b"]);
    expect(d.nodes).toContainEqual({ operator: "ai.onnx.ml.TreeEnsemble", count: 1 });
    expect(d.nodes).toContainEqual({ operator: "Add", count: 1 });
  });
});

describe("serializeModel", () => {
  it("writes millions of ints and doubles in little time", () => {
    const g = new GraphBuilder();
    const n = 2_000_000;
    const ids = Int32Array.from({ length: n }, (_, i) => i);
    const x = g.input("x", "double", ["N", 3]);
    g.output("y", g.op("TreeEnsemble", [x], {
      n_targets: 1, tree_roots: [0], nodes_modes: { type: "uint8", shape: [n], data: new Uint8Array(n) }, nodes_featureids: ids, nodes_splits: doubles(new Float64Array(n)), nodes_truenodeids: ids,
      nodes_falsenodeids: ids, nodes_trueleafs: ids, nodes_falseleafs: ids, leaf_targetids: ids, leaf_weights: doubles(new Float64Array(n)),
    }));
    const model = g.finish();
    const start = performance.now();
    const out = serializeModel(model);
    expect(performance.now() - start).toBeLessThan(3000);
    expect(out.length).toBeGreaterThan(40_000_000);
  });
});
