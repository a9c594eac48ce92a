import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseSignature, signatureToJson } from "@slipway/core/package";
import { loadModelPackage } from "./model.ts";
import { openModel } from "./open.ts";

const file = (name: string): string => fileURLToPath(new URL(`../../../../corpus/cases/${name}`, import.meta.url));
const image = (...shape: number[]): unknown => (shape.length === 0 ? 0.5 : Array.from({ length: shape[0]! }, () => image(...shape.slice(1))));

describe("an image that is smaller than the model's windows", () => {
  it("is refused with the input's name and the least size", async () => {
    const { package: source } = await openModel(file("torch-cnn-whole/model.pt"));
    expect(parseSignature(JSON.parse(JSON.stringify(signatureToJson(source.signature)))).tensors).toEqual(source.signature.tensors);
    const model = await loadModelPackage(source);
    try {
      await expect(model.predict({ inputs: { input: image(1, 3, 1, 1) } })).rejects.toMatchObject({ code: "request-invalid", message: expect.stringMatching(/input "input": dimension 2 must be at least 6, found 1/) as string });
      await expect(model.predict({ inputs: { input: image(1, 3, 6, 5) } })).rejects.toMatchObject({ code: "request-invalid", message: expect.stringMatching(/dimension 3 must be at least 6/) as string });
      expect((await model.predict({ inputs: { input: image(1, 3, 6, 6) } })).length).toBe(1);
    } finally {
      await model.close();
    }
  });
});
