// The graph of a TextVectorization, changed.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import { importSavedModel } from "./import-savedmodel.ts";

const folder = fileURLToPath(new URL("../../../../../corpus/cases/savedmodel-words/saved_model", import.meta.url));
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));

/** The model with every occurrence of some bytes put in place of others, as long. */
function refusal(from: string, to: string): string {
  expect(to).toHaveLength(from.length);
  const text = Buffer.from(read("saved_model.pb")).toString("latin1");
  expect(text).toContain(from);
  try {
    importSavedModel(Uint8Array.from(Buffer.from(text.replaceAll(from, to), "latin1")), { readSibling: read });
    return "";
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe("texts in a SavedModel", () => {
  it("are compiled as Keras takes them apart, all rows together", () => {
    const { compiled } = importSavedModel(read("saved_model.pb"), { readSibling: read });
    expect(compiled.signature.tensors!.map((t) => [t.type, t.shape])).toEqual([["string", [-1, 1]]]);
    expect(compiled.signature.tensorRows).toBe("together");
  });
  it("are refused by name where something else is done with them", () => {
    expect(refusal("[!\"#$%&()", "[!\"#$%&(x")).toMatch(/^savedmodel-operator.*StaticRegexReplace.*of regular expressions only Keras's own/);
    expect(refusal("StringLower", "StringUpper")).toMatch(/^savedmodel-operator.*StringUpper/);
    expect(refusal("VALUE_ROWIDS", "VALUE_ROWIDZ")).toMatch(/^savedmodel-operator.*RaggedTensorToTensor/);
  });
});
