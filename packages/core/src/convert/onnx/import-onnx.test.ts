import { describe, expect, it } from "vitest";
import { ByteReader } from "../../base/index.ts";
import { codeOf } from "../../base/testing.ts";
import { ProtoWriter, readFields } from "../../formats/index.ts";
import { GraphBuilder, serializeModel, type Dim } from "../../onnx/index.ts";
import { floats } from "../../tensor/index.ts";
import { importOnnx } from "./import-onnx.ts";

/** y = x * w, of a weight that can be put into another file. */
function model(shape: readonly Dim[], out: readonly Dim[] = shape): Uint8Array {
  const g = new GraphBuilder();
  const x = g.input("x", "float", shape);
  g.output("y", g.op("Mul", [x, g.constant(floats([1.5, 2.5, -3], [3]))]));
  const m = g.finish();
  return serializeModel({ ...m, graph: { ...m.graph, outputs: m.graph.outputs.map((o) => ({ ...o, shape: out })) } });
}

/** The same with its weight in a file, as `entries` say. */
function external(entries: Readonly<Record<string, string>>): Uint8Array {
  const bytes = model(["N", 3]);
  const rewrite = (part: Uint8Array, w: ProtoWriter, field: number, change: (inner: Uint8Array, v: ProtoWriter) => void): void => {
    for (const f of readFields(new ByteReader(part))) {
      if (f.number === field) w.message(field, (v) => change(part.subarray(f.start, f.end), v));
      else w.raw(part.subarray(f.at, f.end));
    }
  };
  const w = new ProtoWriter();
  rewrite(bytes, w, 7, (graph, g) => rewrite(graph, g, 5, (tensor, t) => {
    for (const f of readFields(new ByteReader(tensor))) if (f.number !== 9) t.raw(tensor.subarray(f.at, f.end));
    for (const [key, value] of Object.entries(entries)) {
      t.message(13, (e) => {
        e.string(1, key);
        e.string(2, value);
      });
    }
    t.int(14, 1);
  }));
  return w.finish();
}


describe("weights beside an ONNX model", () => {
  const weights = new Uint8Array(Float32Array.of(9, 1.5, 2.5, -3).buffer);
  const folder = (files: Readonly<Record<string, Uint8Array>>) => (name: string): Uint8Array | undefined => files[name];

  it("are taken inside, so that nothing else is needed afterwards", () => {
    const { compiled } = importOnnx(external({ location: "data/w.bin", offset: "4", length: "12" }), { readSibling: folder({ "data/w.bin": weights }) });
    expect(importOnnx(compiled.model).compiled.signature).toEqual(compiled.signature);
  });
  it("are not read where the caller gives no access", () => {
    expect(codeOf(() => importOnnx(external({ location: "w.bin" })))).toBe("onnx-external-data");
  });
  it("are never read outside of the model's folder", () => {
    for (const location of ["/etc/passwd", "../w.bin", "a/../../w.bin", "..\\w.bin", "C:\\w.bin", "C:w.bin", "a//b", "\\\\host\\share", "w.bin\0", ""]) {
      let asked = false;
      expect([location, codeOf(() => importOnnx(external({ location }), { readSibling: () => { asked = true; return weights; } }))]).toEqual([location, "onnx-external-data"]);
      expect(asked).toBe(false);
    }
  });
  it("are refused where the file is missing, too short, or not as long as the tensor", () => {
    const read = folder({ "w.bin": weights });
    for (const entries of [{ location: "other.bin" }, { location: "w.bin", offset: "8", length: "12" }, { location: "w.bin", offset: "999999999999" }]) {
      expect(codeOf(() => importOnnx(external(entries), { readSibling: read }))).toBe("onnx-external-data");
    }
    expect(codeOf(() => importOnnx(external({ location: "w.bin" }), { readSibling: read }))).toBe("onnx-malformed");
    expect(codeOf(() => importOnnx(external({ location: "w.bin", offset: "-4" }), { readSibling: read }))).toBe("onnx-malformed");
    expect(codeOf(() => importOnnx(external({ offset: "4" }), { readSibling: read }))).toMatch(/^onnx-/);
  });
});

describe("what the first dimension of tensors is", () => {
  const rows = (shape: readonly Dim[], out?: readonly Dim[]): string | undefined => importOnnx(model(shape, out)).compiled.signature.tensorRows;
  it("is rows where it is open everywhere", () => {
    expect(rows(["N", 3])).toBe("independent");
    expect(rows([null, 3])).toBe("independent");
    expect(rows(["batch", 7, 3])).toBe("independent");
  });
  it("is one row a call where the model was exported so", () => {
    expect(rows([1, 3])).toBe("one");
  });
  it("is nothing of the kind where sizes are fixed", () => {
    expect(rows([2, 3])).toBe("none");
    expect(rows([3])).toBe("none");
  });
});

describe("an ONNX model", () => {
  it("is described with shapes, open sizes by name or as -1", () => {
    expect(importOnnx(model(["N", null, 3])).compiled.signature).toMatchObject({
      layout: "tensors", tensors: [{ name: "x", type: "float", shape: ["N", -1, 3] }], columns: [],
      outputs: [{ name: "y", graphName: "y", kind: "value", type: "float", rowShape: [-1, 3] }],
    });
  });
  it("is refused where its graph is not valid", () => {
    const g = new GraphBuilder();
    g.output("y", g.op("Neg", [g.input("x", "float", ["N"])]));
    const m = g.finish();
    const broken = serializeModel({ ...m, graph: { ...m.graph, nodes: m.graph.nodes.map((n) => ({ ...n, inputs: ["nowhere"] })) } });
    expect(codeOf(() => importOnnx(broken))).toBe("onnx-invalid-graph");
  });
});
