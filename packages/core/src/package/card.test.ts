import { describe, expect, it } from "vitest";
import { writeCard } from "./card.ts";
import type { Comparison } from "./compare-outputs.ts";
import { writeSbom } from "./sbom.ts";
import { exampleColumn, exampleManifest, exampleSignature } from "./testing.ts";

const comparison: Comparison = { passed: true, rows: 20, values: 40, rowsBeyond: 0, labelFlips: 0, maxAbs: 1e-12, maxRelative: 1e-13, rounded: 3, outputs: [], worst: [] };

describe("writeCard", () => {
  it("says what is not stated", () => {
    const card = writeCard({ manifest: exampleManifest(), signature: exampleSignature() });
    expect(card.match(/^## .*$/gm)).toEqual(["Purpose", "Owner", "Intended users", "Limits", "Ethical considerations", "Training data", "Inputs", "Outputs", "Performance", "Origin"].map((t) => `## ${t}`));
    for (const title of ["Purpose", "Owner", "Limits", "Performance"]) expect(card).toContain(`## ${title}\n\nNot stated.`);
    expect(card).toContain("| plan | string | no | basic, pro; others are refused |  |");
    expect(card).toContain("1 column the file knows has no influence");
  });

  it("tells what people stated and how the check went", () => {
    const card = writeCard({
      manifest: exampleManifest({ authors: ["Ada"] }), signature: exampleSignature(), comparison, checkFile: "check.csv",
      facts: { purpose: "Find customers who leave.", limitations: ["Not for new customers"], metrics: [{ name: "roc_auc", value: "0.87", slice: "region=EU" }] },
    });
    expect(card).toContain("## Purpose\n\nFind customers who leave.");
    expect(card).toContain("## Owner\n\nAda");
    expect(card).toContain("- Not for new customers");
    expect(card).toContain("| roc_auc | 0.87 | region=EU |");
    expect(card).toContain("in check.csv: 20 rows, all agree, 0 labels changed, largest difference of a number 1e-12, or 1e-13 of the number's size. 3 values agree to the decimals");
  });

  it("lets no name from the file become markup", () => {
    const signature = { ...exampleSignature(), columns: [exampleColumn("a|b\n# <script>x</script> [l](http://x) `c`")] };
    const card = writeCard({ manifest: exampleManifest(), signature });
    expect(card).toContain("a\\|b # \\<script\\>x\\</script\\> \\[l\\](http://x) \\`c\\`");
  });
});

describe("writeSbom", () => {
  it("is the same every time and names what the model was made from", () => {
    const parts = { manifest: exampleManifest({ licenses: ["Apache-2.0"] }), signature: exampleSignature(), modelSha256: "12".repeat(32), opsets: { "ai.onnx.ml": 5, "": 21 }, comparison };
    const bom = writeSbom(parts) as { readonly components: readonly { readonly purl?: string }[] };
    expect(JSON.stringify(writeSbom({ ...parts, opsets: { "": 21, "ai.onnx.ml": 5 } }))).toBe(JSON.stringify(bom));
    expect(bom).toMatchObject({
      bomFormat: "CycloneDX", specVersion: "1.6", serialNumber: "urn:uuid:12121212-1212-8212-9212-121212121212",
      metadata: { component: { type: "machine-learning-model", hashes: [{ alg: "SHA-256", content: "12".repeat(32) }] } },
      dependencies: [
        { ref: "model", dependsOn: ["source", "opset:ai.onnx", "opset:ai.onnx.ml"] },
        { ref: "source", dependsOn: ["library:numpy", "library:python", "library:scikit-learn"] },
      ],
    });
    expect(bom.components.map((c) => c.purl)).toContain("pkg:pypi/scikit-learn@1.5.2");
  });
});
