import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { parseSignature, signatureToJson } from "./parse-signature.ts";
import type { Signature } from "./signature.ts";
import { exampleColumn, exampleSignature } from "./testing.ts";

const throughJson = (signature: Signature): Signature => parseSignature(JSON.parse(JSON.stringify(signatureToJson(signature))));
const json = (): Record<string, unknown> => JSON.parse(JSON.stringify(signatureToJson(exampleSignature()))) as Record<string, unknown>;

describe("parseSignature", () => {
  it("gives back what was written", () => {
    expect(throughJson(exampleSignature())).toEqual(exampleSignature());
  });

  it("keeps what JSON cannot hold: infinite limits, NaN as a category, infinities as examples", () => {
    const columns = [
      exampleColumn("low", { limits: [-5, Infinity] }),
      exampleColumn("high", { limits: [-Infinity, 5] }),
      exampleColumn("special", { categories: [NaN, Infinity, -Infinity, 1.5], range: [-Infinity, 3], example: NaN, seen: "double" }),
      exampleColumn("text", { type: "string", categories: ["NaN", "", "\uffff"], example: null }),
      exampleColumn("__proto__"),
    ];
    expect(throughJson({ ...exampleSignature(), columns }).columns).toEqual(columns);
    const open = throughJson({ ...exampleSignature(), columns: [exampleColumn("both", { limits: [-Infinity, Infinity] })] });
    expect(open.columns[0]!.limits).toBeUndefined();
  });

  it("keeps what the runtime hashes, and says where that is wrong", () => {
    const hashed = { name: "w/hashed/0", of: ["w"], method: "siphash24", key: ["133", "18446744073709551615"], buckets: 10 } as const;
    const signature: Signature = { ...exampleSignature(), layout: "tensors", columns: [], tensors: [{ name: "w", type: "string", shape: [-1, 1] }], tensorRows: "independent", hashedTensors: [hashed] };
    expect(throughJson(signature).hashedTensors).toEqual([hashed]);
    for (const wrong of [{ ...hashed, of: [] }, { ...hashed, key: ["1"] }, { ...hashed, key: ["1", "18446744073709551616"] }, { ...hashed, buckets: 0 }, { ...hashed, method: "md5" }]) {
      expect(() => throughJson({ ...signature, hashedTensors: [wrong as unknown as typeof hashed] })).toThrow(expect.objectContaining({ code: "package-signature" }));
    }
  });

  it("passes over fields it does not know and takes outputs of unknown width", () => {
    const value = json();
    value["invented"] = [1];
    (value["outputs"] as Record<string, unknown>[])[1]!["rowShape"] = [-1];
    expect(parseSignature(value).outputs[1]!.rowShape).toEqual([-1]);
  });

  it("says where a field is wrong", () => {
    const cases: [(s: Record<string, unknown>) => unknown, string][] = [
      [(s) => (s["layout"] = "rows"), "signature.json: layout"],
      [(s) => (s["layout"] = "matrix"), "signature.json: matrixName"],
      [(s) => (s["layout"] = "text"), "signature.json: columns"],
      [(s) => (s["outputs"] = []), "signature.json: outputs"],
      [(s) => ((s["columns"] as unknown[])[2] = null), "signature.json: columns[2]"],
      [(s) => ((s["columns"] as Record<string, unknown>[])[1]!["name"] = "months"), "signature.json: columns[1].name"],
      [(s) => ((s["columns"] as Record<string, unknown>[])[0]!["limits"] = [1]), "signature.json: columns[0].limits"],
      [(s) => ((s["columns"] as Record<string, unknown>[])[0]!["limits"] = [2, 1]), "signature.json: columns[0].limits"],
      [(s) => ((s["columns"] as Record<string, unknown>[])[0]!["categories"] = [{}]), "signature.json: columns[0].categories[0]"],
      [(s) => ((s["columns"] as Record<string, unknown>[])[1]!["normalize"] = ["upper"]), "signature.json: columns[1].normalize[0]"],
      [(s) => ((s["outputs"] as Record<string, unknown>[])[1]!["columns"] = ["no"]), "signature.json: outputs[1].columns"],
    ];
    for (const [change, where] of cases) {
      const value = json();
      change(value);
      expect(() => parseSignature(value)).toThrow(expect.objectContaining({ code: "package-signature", where }));
    }
  });

  it("answers any value with a signature or a coded error", () => {
    fc.assert(fc.property(fc.anything(), (value) => {
      try {
        parseSignature(value);
      } catch (error) {
        if (!(error instanceof SlipwayError)) throw error;
      }
    }), { numRuns: 2000 });
  });
});
