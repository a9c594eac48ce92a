import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { refusalOf } from "../../base/testing.ts";
import { ZipArchive } from "../../formats/index.ts";
import { makeZip } from "../../formats/testing.ts";
import { importKeras, importKerasH5 } from "./import-keras.ts";
import { kerasLayers } from "./registry.ts";
import { snakeCase } from "./weights.ts";

const file = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../../../../corpus/cases/${path}`, import.meta.url)));
type Tree = Record<string, unknown>;

/** The archive with another configuration. */
function changed(path: string, change: (config: Tree) => unknown): Uint8Array {
  const zip = new ZipArchive(file(path));
  const config = JSON.parse(new TextDecoder().decode(zip.read("config.json"))) as Tree;
  const made = change(config) ?? config;
  return makeZip(zip.names.map((name) => ({ name, content: name === "config.json" ? new TextEncoder().encode(JSON.stringify(made)) : zip.read(name)! })));
}
const layers = (config: Tree): Tree[] => (config["config"] as { layers: Tree[] }).layers;

describe("Keras", () => {
  it("refuses a Lambda layer as code", () => {
    const bytes = changed("keras-text-lstm/model.keras", (config) => void (layers(config)[2]!["class_name"] = "Lambda"));
    expect(refusalOf(() => importKeras(bytes))).toMatchObject({ code: "contains-code" });
  });
  it("refuses someone's own layer by its name", () => {
    const bytes = changed("keras-text-lstm/model.keras", (config) => void Object.assign(layers(config)[1]!, { class_name: "MyLayer", module: "my_project.layers", registered_name: "mine>MyLayer" }));
    const error = refusalOf(() => importKeras(bytes));
    expect(error?.code).toBe("custom-class");
    expect(error?.message).toContain("MyLayer");
  });
  it("refuses Keras's own layers that are not compiled as such", () => {
    const bytes = changed("keras-text-lstm/model.keras", (config) => void (layers(config)[1]!["class_name"] = "STFTSpectrogram"));
    expect(refusalOf(() => importKeras(bytes))).toMatchObject({ code: "unsupported-layer" });
  });
  it("hashes inputs of the model only", () => {
    expect(importKeras(file("keras-hashing/model.keras")).compiled.signature.hashedTensors).toContainEqual(expect.objectContaining({ of: ["w"], method: "farmhash64", buckets: 1000 }));
    const bytes = changed("keras-text-lstm/model.keras", (config) => void Object.assign(layers(config)[2]!, { class_name: "Hashing", config: { name: "hashing", num_bins: 10 } }));
    expect(refusalOf(() => importKeras(bytes))).toMatchObject({ code: "unsupported-option", message: expect.stringContaining("computed in the model") as string });
  });
  it("refuses half precision", () => {
    const bytes = changed("keras-text-lstm/model.keras", (config) => {
      (layers(config).at(-1)!["config"] as Tree)["dtype"] = { class_name: "DTypePolicy", config: { name: "mixed_float16" } };
    });
    expect(refusalOf(() => importKeras(bytes))).toMatchObject({ code: "unsupported-option" });
  });
  it("says what to do with a file of weights only", () => {
    const zip = new ZipArchive(file("keras-text-lstm/model.keras"));
    expect(refusalOf(() => importKerasH5(zip.read("model.weights.h5")!))).toMatchObject({ code: "keras-no-architecture" });
  });
  it("names weight groups as Keras does", () => {
    expect(["Conv2DTranspose", "LSTM", "PReLU", "GlobalAveragePooling1D", "BatchNormalization", "SimpleRNN", "SeparableConv1D", "GRU"].map(snakeCase)).toEqual([
      "conv2d_transpose", "lstm", "p_re_lu", "global_average_pooling1d", "batch_normalization", "simple_rnn", "separable_conv1d", "gru"]);
  });
  it("has one converter a layer", () => {
    const all = [...new Set(kerasLayers.values())].flatMap((d) => d.names);
    expect(new Set(all).size).toBe(all.length);
  });
});

const ODD = [null, -1, 0, 1.5, 2 ** 31, 1e300, "x", "", true, [], {}, [1, 2, 3], [[-1]], "relu"] as const;

/** Every place in a configuration. */
function places(value: unknown, path: (string | number)[] = [], out: (string | number)[][] = []): (string | number)[][] {
  if (path.length > 0) out.push(path);
  if (typeof value === "object" && value !== null) for (const [k, v] of Object.entries(value)) places(v, [...path, k], out);
  return out;
}

describe("Keras files that were tampered with", () => {
  for (const name of ["keras-activation-layers", "keras-shapes", "keras-convolutions", "keras-pooling", "keras-normalizations", "keras-merges", "keras-recurrent", "keras-bidirectional", "keras-masks", "keras-attention", "keras-nested-shared", "keras-preprocessing", "keras-text-vectorization", "keras-cells", "keras-images", "keras-operations", "keras-more-layers"]) {
    it(`${name}: any changed setting is taken or refused with a code`, () => {
      fc.assert(fc.property(fc.nat(1e6), fc.constantFrom(...ODD), (at, odd) => {
        refusalOf(() => importKeras(changed(`${name}/model.keras`, (config) => {
          const all = places(config["config"]);
          const path = all[at % all.length]!;
          let parent = config["config"] as Tree;
          for (const key of path.slice(0, -1)) parent = parent[key] as Tree;
          parent[path.at(-1)!] = odd;
        })));
      }), { examples: [[492_439, 1.5]], numRuns: 60 });
    });
  }
  it("an .h5 file fails with a code whatever is changed", () => {
    const good = file("keras-text-lstm-h5/model.h5");
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 }), (changes) => {
      const bytes = good.slice();
      for (const [at, value] of changes) bytes[at] = value;
      refusalOf(() => importKerasH5(bytes));
    }), { numRuns: 150 });
  });
});
