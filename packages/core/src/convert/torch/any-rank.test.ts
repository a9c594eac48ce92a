// Scripted models whose files tell no shape.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseSignature, signatureToJson } from "../../package/index.ts";
import { importModel } from "../index.ts";

describe("a scripted model", () => {
  it("of operators that are the same for any number of dimensions takes any, and says what type was guessed", () => {
    const { compiled } = importModel(new Uint8Array(readFileSync(fileURLToPath(new URL("../../../../../corpus/cases/torch-any-rank-script/model.pt", import.meta.url)))));
    expect(compiled.signature.tensors!.map((t) => [t.name, t.type, t.anyRank])).toEqual([["x", "float", true], ["y", "float", true]]);
    expect(compiled.warnings.join("\n")).toMatch(/type of x: it is taken to be float, and whole numbers sent to it become floats/);
    expect(parseSignature(JSON.parse(JSON.stringify(signatureToJson(compiled.signature)))).tensors).toEqual(compiled.signature.tensors);
  });
  it("whose layers tell what they take does not", () => {
    const { compiled } = importModel(new Uint8Array(readFileSync(fileURLToPath(new URL("../../../../../corpus/cases/torch-mlp-script/model.pt", import.meta.url)))));
    expect(compiled.signature.tensors!.map((t) => t.anyRank)).toEqual([undefined]);
    expect(compiled.warnings).toEqual([]);
  });
});
