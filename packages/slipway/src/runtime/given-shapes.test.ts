// Scripted PyTorch models whose files do not tell what they take.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { importModel, readInputSpecs } from "@slipway/core/convert";
import { loadModelPackage } from "./model.ts";
import { packModel } from "./pack.ts";

const file = (name: string): string => fileURLToPath(new URL(`../../../../corpus/cases/${name}/model.pt`, import.meta.url));
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(file(name)));
const given = (elem: string, shape: (number | null)[], name = "image"): ReturnType<typeof readInputSpecs> => readInputSpecs([{ name, elem, shape }]);

describe("a scripted model that cannot do without its input's sizes", () => {
  it("is refused with what to give, and packed when it is given", async () => {
    expect(() => importModel(bytes("torch-sized-script"))).toThrow(expect.objectContaining({ code: "torch-operator", hint: expect.stringMatching(/--inputs inputs.json, with \[\{"name":"input","elem":"float32"/) as string }));
    const packed = await packModel(file("torch-sized-script"), bytes("torch-sized-script"), { inputs: given("float32", [null, 2, 9, 7]) });
    const model = await loadModelPackage(packed.package);
    try {
      expect(model.signature.tensors).toEqual([{ name: "image", type: "float", shape: ["N", 2, 9, 7] }]);
      const x = [0.2927447, 0.5996987, 0.1212553, 0.1147958, 0.2608796, 0.8051719, 0.1393621, 0.0515519, 0.0666458, 0.2539574, 0.3686259, 0.0043244, 0.2659062, 0.5096188, 0.5824221, 0.4283205, 0.4433074, 0.1747128, 0.756153, 0.3795475, 0.1581416, 0.3795878, 0.4301472, 0.9623029, 0.760579, 0.2981062, 0.4290641, 0.9418347, 0.8212184, 0.6246672, 0.3206418, 0.9160385, 0.7142152, 0.2773125, 0.8548295, 0.5356364, 0.1302217, 0.2783813, 0.1255302, 0.0858751, 0.5122234, 0.1416848, 0.7664756, 0.7236121, 0.6075549, 0.911983, 0.27319, 0.5074561, 0.8072355, 0.6728314, 0.5605794, 0.9180976, 0.6139527, 0.8364156, 0.0690988, 0.0691447, 0.0487028, 0.5283038, 0.9243085, 0.063658, 0.69895, 0.0587594, 0.1677179, 0.3294982, 0.2966814, 0.6476841, 0.0807428, 0.994445, 0.5728923, 0.6743056, 0.1622424, 0.7759304, 0.383253, 0.2512291, 0.5850471, 0.7080935, 0.5529509, 0.3250692, 0.5929738, 0.3065369, 0.3307181, 0.3142393, 0.7978965, 0.1505128, 0.7171113, 0.7591574, 0.1677758, 0.1202226, 0.167033, 0.0770369, 0.9197881, 0.9407316, 0.4301866, 0.9688406, 0.6416304, 0.0094964, 0.0425101, 0.2585614, 0.001258, 0.270618, 0.6352296, 0.4887871, 0.4066332, 0.5307102, 0.9571333, 0.5054327, 0.7514058, 0.3794851, 0.1249079, 0.5978048, 0.730268, 0.790729, 0.0295569, 0.4337895, 0.0182425, 0.5061255, 0.5220766, 0.6627243, 0.328419, 0.4269588, 0.6226833, 0.0156857, 0.745927, 0.9833307, 0.1441722, 0.9875928];
      const { batch } = model.encode({ kind: "tensors", tensors: { image: { shape: [1, 2, 9, 7], data: x } } });
      const [output] = (await model.run(batch)).outputs;
      const values = Array.from(output!.data as Float32Array);
      // What PyTorch 2.15 gives.
      [-0.50839, -0.228952].forEach((y, i) => expect(values[i]).toBeCloseTo(y, 5));
    } finally {
      await model.close();
    }
  });
  it("is not packed with inputs that it cannot take", () => {
    const refused = (inputs: ReturnType<typeof readInputSpecs>): unknown => {
      try {
        return importModel(bytes("torch-sized-script"), { inputs });
      } catch (error) {
        return error;
      }
    };
    expect(refused(given("string", [null, 2, 9, 7]))).toMatchObject({ code: "given-inputs" });
    expect(refused([...given("float32", [null, 2, 9, 7]), ...given("float32", [1], "more")])).toMatchObject({ code: "given-inputs" });
    expect(refused(given("float32", [null, 2]))).toMatchObject({ code: expect.stringMatching(/^torch-/) as string });
  });
});

describe("a bound of clamp that is no whole number, in a file of PyTorch 1.8", () => {
  it("is taken for floats, and refused for whole numbers and where the type is not told", () => {
    // There torch.clamp(tensor([0]), 0.5, 2.5) is 0; of newer versions it is 0.5.
    expect(() => importModel(bytes("torch-old-clamp-script"))).toThrow(expect.objectContaining({ code: "torch-operator", message: expect.stringMatching(/whose type the file does not tell/) as string, hint: expect.stringContaining("--inputs") as string }));
    expect(() => importModel(bytes("torch-old-clamp-script"), { inputs: given("int64", [null, 4]) })).toThrow(expect.objectContaining({ code: "torch-operator" }));
    expect(importModel(bytes("torch-old-clamp-script"), { inputs: given("float32", [null, 4]) }).compiled.signature.tensors).toEqual([{ name: "image", type: "float", shape: ["N", 4] }]);
  });
});

describe("a file that tells what it takes", () => {
  it("is not told otherwise", () => {
    const onnx = new Uint8Array(readFileSync(fileURLToPath(new URL("../../../../corpus/cases/keras-text-lstm/model.keras", import.meta.url))));
    expect(() => importModel(onnx, { inputs: given("float32", [null, 4]) })).toThrow(expect.objectContaining({ code: "given-inputs" }));
  });
});
