import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../base/testing.ts";
import { sniffFormat } from "../../formats/index.ts";
import type { ReadSibling } from "../imported.ts";
import { importSavedModel } from "./import-savedmodel.ts";

const folder = fileURLToPath(new URL("../../../../../corpus/cases/savedmodel-module/saved_model", import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const INDEX = "variables/variables.index";
const DATA = "variables/variables.data-00000-of-00001";
const files: Readonly<Record<string, Uint8Array>> = { "saved_model.pb": read("saved_model.pb"), [INDEX]: read(INDEX), [DATA]: read(DATA) };

const sibling = (changed: Readonly<Record<string, Uint8Array | undefined>> = {}): ReadSibling => (name) => (name in changed ? changed[name] : files[name]);

describe("a SavedModel", () => {
  it("is told from an ONNX file by its first bytes", () => {
    expect(existsSync(folder)).toBe(true);
    expect(sniffFormat(files["saved_model.pb"]!)).toBe("savedmodel");
    expect(sniffFormat(Uint8Array.of(0x08, 0x01, 0x12, 0x04, 0x6f, 0x6e, 0x6e, 0x78))).toBe("onnx");
  });

  it("without its weights says which file is missing", () => {
    expect(codeOf(() => importSavedModel(files["saved_model.pb"]!))).toBe("savedmodel-files");
    expect(codeOf(() => importSavedModel(files["saved_model.pb"]!, { readSibling: sibling({ [INDEX]: undefined }) }))).toBe("savedmodel-files");
    expect(codeOf(() => importSavedModel(files["saved_model.pb"]!, { readSibling: sibling({ [DATA]: undefined }) }))).toBe("savedmodel-files");
  });

  it("with a changed weight is refused by its checksum", () => {
    const data = files[DATA]!.slice();
    for (let i = 0; i < data.length; i++) data[i]! ^= 1;
    expect(codeOf(() => importSavedModel(files["saved_model.pb"]!, { readSibling: sibling({ [DATA]: data }) }))).toBe("savedmodel-malformed");
  });

  const mutation = fc.record({ kind: fc.constantFrom("set", "cut", "insert", "copy"), at: fc.nat(200_000), other: fc.nat(200_000), value: fc.nat(255) });
  type Mutation = { kind: string; at: number; other: number; value: number };
  const mutate = (bytes: Uint8Array, m: Mutation): Uint8Array => {
    const at = m.at % Math.max(1, bytes.length);
    const out = bytes.slice();
    if (m.kind === "set") out[at] = m.value;
    else if (m.kind === "cut") return bytes.slice(0, at);
    else if (m.kind === "insert") return Uint8Array.from([...bytes.subarray(0, at), m.value, ...bytes.subarray(at)]);
    else out.copyWithin(at, m.other % bytes.length, (m.other % bytes.length) + 40);
    return out;
  };

  it("with mutated bytes is compiled or refused with a code", { timeout: 3_600_000 }, () => {
    fc.assert(fc.property(fc.constantFrom("saved_model.pb", INDEX), fc.array(mutation, { minLength: 1, maxLength: 4 }), (name, mutations) => {
      const bytes = mutations.reduce(mutate, files[name]!);
      const changed = { ...files, [name]: bytes };
      codeOf(() => importSavedModel(changed["saved_model.pb"]!, { readSibling: sibling(changed) }));
    }), { numRuns: Number(process.env["SLIPWAY_FUZZ"] ?? 250) });
  });
});
