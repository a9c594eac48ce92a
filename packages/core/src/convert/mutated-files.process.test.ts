// Damaged files of every format, and of the containers they lie in: a compiled model or a coded error, in bounded time,
// never another error. SLIPWAY_FUZZ sets how many damaged files are tried for each.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { codeOf } from "../base/testing.ts";
import { readHdf5, ZipArchive } from "../formats/index.ts";
import { makeZip } from "../formats/testing.ts";
import { importModel } from "./import-model.ts";

const corpus = fileURLToPath(new URL("../../../../corpus/", import.meta.url));
const RUNS = Number(process.env["SLIPWAY_FUZZ"] ?? 40);
/** Far beyond what any of these takes, so that only work without end is found. */
const SLOWEST_MS = 10_000;
const FILES: readonly (readonly [format: string, ...files: string[]])[] = [
  ["XGBoost JSON", "cases/xgb-codes-small-xgb32/model.json", "joined/boosted.json"],
  ["XGBoost UBJSON", "cases/xgb-categories-onehot-xgb32/model.ubj", "cases/xgb-wrapper-vector-leaves-xgb32/model.ubj", "cases/xgb-ubj-expectiles-xgb34/model.ubj"],
  ["XGBoost binary", "cases/xgb-binary-logistic-xgb16/model.model", "cases/xgb-binary-dart-poisson-xgb17/model.model"],
  ["LightGBM text", "cases/lgb-text-categories-lgb47/model.txt", "cases/lgb-text-linear-lgb33/model.txt"],
  ["LightGBM JSON", "cases/lgb-dump-codes-lgb47/model.json", "cases/lgb-dump-linear-lgb33/model.json"],
  ["CatBoost cbm", "cases/catboost-ctr-default-cb125/model.cbm", "cases/catboost-one-hot-cb1210/model.cbm"],
  ["CatBoost JSON", "cases/catboost-binary-json-cb1210/model.json"],
  ["Keras archive", "joined/network.keras", "cases/keras-preprocessing/model.keras", "cases/keras-attention/model.keras", "cases/keras-text-vectorization/model.keras"],
  ["Keras HDF5", "joined/network.h5", "joined/windows.h5", "cases/keras-text-lstm-h5/model.h5"],
  ["TensorFlow Lite", "joined/network.tflite", "cases/tflite-int8-mlp/model.tflite", "cases/tflite-float-sequence/model.tflite", "cases/tflite-recurrent/model.tflite", "cases/tflite-dynamic/model.tflite"],
  ["ONNX", "joined/opset17.onnx", "cases/onnx-branch/model.onnx", "cases/onnx-sk-forest-zipmap/model.onnx", "cases/onnx-old-opset1/model.onnx"],
  ["PyTorch", "cases/torch-recurrent-export/model.pt2", "cases/torch-edit-export/model.pt2", "cases/torch-recurrent-script/model.pt"],
  ["PMML", "cases/pmml-sk-network/model.pmml", "cases/pmml-sk-vectors-regression/model.pmml", "cases/pmml-rules-firstHit/model.pmml", "cases/pmml-glm-multinomial/model.pmml", "cases/pmml-sk-bayes/model.pmml"],
  ["pickle", "joined/bundle.pkl", "joined/encoder.joblib"],
];

type Change = { readonly what: "set" | "flip" | "insert" | "remove" | "copy" | "cut"; readonly at: number; readonly by: number; readonly from: number };
const change: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom("set", "set", "flip", "flip", "insert", "remove", "copy", "cut"),
  at: fc.double({ min: 0, max: 0.999999, noNaN: true }), from: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  by: fc.oneof(fc.constantFrom(0, 1, 0x2d, 0x30, 0x39, 0x2c, 0x22, 0x7f, 0x80, 0xff), fc.nat(255)),
});
function damage(bytes: Uint8Array, changes: readonly Change[]): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (const { what, at, by, from } of changes) {
    const i = Math.floor(at * out.length);
    const size = 1 + (by & 15);
    if (what === "set") out[i] = by;
    else if (what === "flip") out[i] = (out[i] ?? 0) ^ (1 << (by & 7));
    else if (what === "insert") out = Uint8Array.of(...out.subarray(0, i), ...out.subarray(i, i + size), ...out.subarray(i));
    else if (what === "remove") out = Uint8Array.of(...out.subarray(0, i), ...out.subarray(i + size));
    else if (what === "copy") out.copyWithin(i, Math.floor(from * out.length), Math.floor(from * out.length) + size);
    else if (by < 64) out = out.slice(0, i);
    if (out.length === 0) out = Uint8Array.of(0);
  }
  return out;
}

describe("damaged files", () => {
  const kept = mkdtempSync(join(tmpdir(), "slipway-mutated-"));
  let failed = false;
  afterAll(() => { if (!failed) rmSync(kept, { recursive: true, force: true }); });
  const check = (name: string, bytes: Uint8Array, runs: number, read: (damaged: Uint8Array) => unknown): void => {
    let slowest = 0;
    let models = 0;
    const codes = new Map<string, number>();
    fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const damaged = damage(bytes, changes);
      const started = performance.now();
      try {
        const code = codeOf(() => read(damaged));
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code === "no error") models++;
        const took = performance.now() - started;
        slowest = Math.max(slowest, took);
        expect(took).toBeLessThan(SLOWEST_MS);
      } catch (error) {
        failed = true;
        writeFileSync(join(kept, `${name.replace(/\W+/g, "-")}.bin`), damaged);
        throw error;
      }
    }), { numRuns: runs, endOnFailure: RUNS > 1000 });
    if (process.env["SLIPWAY_FUZZ"] !== undefined) {
      console.log(`${name}: ${runs} damaged files, ${models} still models, ${codes.size} different answers, slowest ${slowest.toFixed(0)} ms`);
    }
  };
  for (const [format, ...files] of FILES) {
    for (const file of files) {
      const bytes = new Uint8Array(readFileSync(corpus + file));
      it(`of ${format} (${file}) are read or refused with a code`, { timeout: 3_600_000 }, () => {
        expect(codeOf(() => importModel(bytes))).toBe("no error");
        check(`${format} ${file}`, bytes, Math.ceil(RUNS / files.length), importModel);
      });
    }
  }
  // Damaged before they are packed: the archive's own checks do not find it.
  const MEMBERS: readonly (readonly [file: string, ...members: string[]])[] = [
    ["cases/keras-cells/model.keras", "config.json", "model.weights.h5", "metadata.json"], ["cases/keras-operations/model.keras", "config.json"],
    ["cases/keras-text-vectorization/model.keras", "config.json", "assets/layers/text_vectorization/vocabulary.txt"], ["cases/keras-more-layers/model.keras", "config.json", "model.weights.h5"],
  ];
  for (const [file, ...members] of MEMBERS) {
    it(`of members of ${file} are read or refused with a code`, { timeout: 3_600_000 }, () => {
      const zip = new ZipArchive(new Uint8Array(readFileSync(corpus + file)));
      const entries = zip.names.map((name) => ({ name, content: zip.read(name)! }));
      for (const member of members) {
        expect(zip.names).toContain(member);
        check(`${file} ${member}`, zip.read(member)!, Math.ceil(RUNS / members.length), (damaged) => importModel(makeZip(entries.map((e) => (e.name === member ? { name: member, content: damaged } : e)))));
      }
    });
  }
  it("inside a zip archive and an HDF5 file are read or refused with a code", { timeout: 3_600_000 }, () => {
    const archive = new Uint8Array(readFileSync(`${corpus}joined/network.keras`));
    check("zip", archive, RUNS, (damaged) => {
      const zip = new ZipArchive(damaged);
      for (const name of ["config.json", "metadata.json", "model.weights.h5"]) zip.read(name);
    });
    const weights = new ZipArchive(archive).read("model.weights.h5")!;
    check("HDF5", weights, RUNS, (damaged) => { readHdf5(damaged); });
  });
});
