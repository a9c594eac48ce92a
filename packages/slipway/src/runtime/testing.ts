// Small compiled models for tests of the runtime and the server, with a signature of every kind of column.

import { GraphBuilder, Ops, serializeModel } from "@slipway/core/onnx";
import { MISSING_STRING, type Signature } from "@slipway/core/package";
import { doubles, strings } from "@slipway/core/tensor";
import type { ModelSource } from "./model.ts";

/**
 * label = "yes" where age + 10 * (plan == "pro") + 100 * member > limit, else "no"; score = that sum.
 * NaN ages stay NaN in the score; a missing note scores as it is. `unused` is known and plays no part.
 * @param work products of a matrix that take time and change nothing
 */
export function columnsModel(name = "loan", limit = 50, work = 0): ModelSource {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const numbers = g.entry("slipway.numbers", "double");
  const texts = g.entry("slipway.strings", "string");
  const age = o.columns(numbers, [0]);
  const member = o.columns(numbers, [1]);
  const pro = o.cast(o.equal(o.columns(texts, [0]), strings(["pro"])), "double");
  const noted = o.cast(o.not(o.equal(o.columns(texts, [1]), strings([MISSING_STRING]))), "double");
  let score = o.add(o.add(o.add(age, o.mul(pro, doubles([10]))), o.mul(member, doubles([100]))), o.mul(noted, doubles([0.5])));
  if (work > 0) {
    const width = 400;
    const matrix = g.constant(doubles(Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0)), [width, width]));
    let row = o.matmul(o.mul(member, doubles([0])), doubles(Array.from({ length: width }, () => 1), [1, width]));
    for (let i = 0; i < work; i++) row = o.matmul(row, matrix);
    score = o.add(score, o.columns(row, [0]));
  }
  const flat = o.reshape(score, [-1]);
  const label = o.where(o.greater(flat, doubles([limit])), strings(["yes"]), strings(["no"]));
  const p = o.sigmoid(o.sub(score, doubles([50])));
  g.bindEntry(numbers, [{ name: "age", type: "double" }, { name: "member", type: "double" }]);
  g.bindEntry(texts, [{ name: "plan", type: "string" }, { name: "note", type: "string" }]);
  g.output("label", label);
  g.output("probabilities", o.concat([o.sub(doubles([1]), p), p]));
  g.output("score", flat);
  const signature: Signature = {
    layout: "columns",
    columns: [
      { name: "age", type: "double", used: true, missing: "allowed", infinite: "refused", limits: [-1e38, 1e38], range: [18, 90] },
      { name: "plan", type: "string", used: true, missing: "refused", missingReason: "OneHotEncoder knows no missing category", infinite: "allowed", categories: ["basic", "pro"], unknown: "refused" },
      { name: "member", type: "boolean", used: true, missing: "refused", infinite: "refused" },
      { name: "note", type: "string", used: true, missing: "allowed", infinite: "allowed" },
      { name: "unused", type: "double", used: false, missing: "allowed", infinite: "allowed" },
    ],
    extraColumns: "ignored",
    outputs: [
      { name: "label", graphName: "label", kind: "label", type: "string", rowShape: [], classes: ["no", "yes"] },
      { name: "probabilities", graphName: "probabilities", kind: "probabilities", type: "double", rowShape: [2], columns: ["no", "yes"] },
      { name: "score", graphName: "score", kind: "score", type: "double", rowShape: [] },
    ],
  };
  return { model: serializeModel(g.finish()), signature, manifest: { name, version: "1.2.0" }, digest: `sha256:${"ab".repeat(32)}` };
}

/** value = x0 + 2 * x1 + 3 * x2, of a matrix [N, 3]. */
export function matrixModel(name = "linear"): ModelSource {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.numbers", "double");
  const value = o.reshape(o.matmul(x, doubles([1, 2, 3], [3, 1])), [-1]);
  g.bindEntryAsInput(x, "X", 3);
  g.output("value", value);
  const signature: Signature = {
    layout: "matrix", matrixName: "X",
    columns: ["x0", "x1", "x2"].map((column) => ({ name: column, type: "double", used: true, missing: "refused", infinite: "refused" })),
    extraColumns: "refused",
    outputs: [{ name: "value", graphName: "value", kind: "value", type: "double", rowShape: [] }],
  };
  return { model: serializeModel(g.finish()), signature, manifest: { name, version: "1.0.0" }, digest: `sha256:${"cd".repeat(32)}` };
}

/** label = 1 where the text (in lower case, without accents) is "cafe", else 0. */
export function textModel(name = "tickets"): ModelSource {
  const g = new GraphBuilder();
  const o = new Ops(g);
  const x = g.entry("slipway.strings", "string");
  const label = o.reshape(o.cast(o.equal(x, strings(["cafe"])), "int64"), [-1]);
  g.bindEntry(x, [{ name: "text", type: "string" }]);
  g.output("label", label);
  const signature: Signature = {
    layout: "text",
    columns: [{ name: "text", type: "string", used: true, missing: "refused", infinite: "allowed", normalize: ["lowercase", "strip_accents_unicode"] }],
    extraColumns: "refused",
    outputs: [{ name: "label", graphName: "label", kind: "label", type: "int64", rowShape: [], classes: [0, 1] }],
  };
  return { model: serializeModel(g.finish()), signature, manifest: { name, version: "1.0.0" }, digest: `sha256:${"ef".repeat(32)}` };
}
