// A small package for tests.
import { writeCard } from "./card.js";
import { writeSbom } from "./sbom.js";
export function exampleColumn(name, extra = {}) {
    return { name, type: "double", used: true, missing: "allowed", infinite: "refused", ...extra };
}
export function exampleSignature() {
    return {
        layout: "columns",
        columns: [
            exampleColumn("months", { limits: [-Infinity, 3.4028234663852886e38] }),
            exampleColumn("plan", { type: "string", missing: "refused", missingReason: "the encoder knows no missing value", categories: ["basic", "pro"], unknown: "refused", normalize: ["lowercase"] }),
            exampleColumn("active", { type: "boolean" }),
            exampleColumn("note", { type: "string", used: false }),
        ],
        extraColumns: "refused",
        outputs: [
            { name: "label", graphName: "label", kind: "label", type: "string", rowShape: [], classes: ["no", "yes"] },
            { name: "probabilities", graphName: "probabilities", kind: "probabilities", type: "double", rowShape: [2], columns: ["no", "yes"] },
        ],
    };
}
export function exampleManifest(extra = {}) {
    return {
        name: "churn",
        version: "1.2.0",
        source: {
            file: "churn.pkl", sha256: "ab".repeat(32), bytes: 1234, format: "pickle",
            producer: { "scikit-learn": "1.5.2", numpy: "2.1.0", python: "3.11.7" }, rootClass: "sklearn.pipeline.Pipeline",
        },
        tool: { name: "slipway", version: "0.1.0" },
        lineage: [`sha256:${"cd".repeat(32)}`],
        ...extra,
    };
}
function exampleChecks() {
    return {
        source: { file: "check.csv", sha256: "ef".repeat(32), rows: 2 },
        inputs: [{ months: 3, plan: "pro", active: true }, { months: NaN, plan: "basic", active: null }],
        expected: { label: [["yes"], ["no"]], probabilities: [[0.25, 0.75], [null, -Infinity]] },
        tolerance: { label: "exact", probabilities: { rtol: 1e-9, atol: 1e-9, decimals: 2 } },
    };
}
export function exampleParts(extra = {}) {
    const manifest = exampleManifest();
    const signature = exampleSignature();
    return {
        manifest,
        model: Uint8Array.from({ length: 2000 }, (_, i) => (i * 37) & 255),
        signature,
        checks: exampleChecks(),
        profile: { version: 1, columns: {} },
        card: writeCard({ manifest, signature }),
        sbom: writeSbom({ manifest, signature, modelSha256: "12".repeat(32), opsets: { "": 21, "ai.onnx.ml": 5 } }),
        ...extra,
    };
}
