// A CycloneDX 1.6 ML-BOM: the model as a component, what it was made from, which operator sets it needs.
// Deterministic: no clock, and a serial number that comes from the model's own hash.

import { packageError } from "./errors.ts";
import type { CardFacts } from "./card.ts";
import type { Comparison } from "./compare-outputs.ts";
import type { Signature } from "./signature.ts";
import type { PackageManifest } from "./types.ts";

export interface SbomParts {
  readonly manifest: PackageManifest;
  readonly signature: Signature;
  /** 64 hex digits of model.onnx. */
  readonly modelSha256: string;
  /** Operator sets of the ONNX model by domain: {"": 21, "ai.onnx.ml": 5}. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly facts?: CardFacts;
  readonly comparison?: Comparison | null;
}

/** Measured after the model was packed, such as by the gate on labelled data. */
export interface MeasuredMetric {
  readonly name: string;
  readonly value: number;
  /** "contract=two-year"; the whole data where it is left out. */
  readonly slice?: string;
  /** The bounds of its 95% interval. */
  readonly low?: number;
  readonly high?: number;
}

const MODEL_REF = "model";
const SOURCE_REF = "source";

export function writeSbom({ manifest, signature, modelSha256, opsets, facts = {}, comparison }: SbomParts): object {
  const { source, tool } = manifest;
  const libraries = Object.entries(source.producer).sort(byKey).map(([name, version]) => library(name, version));
  const operators = Object.entries(opsets).sort(byKey).map(([domain, version]) => ({
    type: "framework", "bom-ref": `opset:${domain || "ai.onnx"}`, name: `ONNX operator set ${domain || "ai.onnx"}`, version: String(version),
  }));
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(modelSha256)}`,
    version: 1,
    metadata: {
      ...(manifest.created === undefined ? {} : { timestamp: manifest.created }),
      tools: { components: [{ type: "application", name: tool.name, version: tool.version }] },
      component: {
        type: "machine-learning-model",
        "bom-ref": MODEL_REF,
        name: manifest.name,
        version: manifest.version,
        ...(manifest.description === undefined ? {} : { description: manifest.description }),
        ...(manifest.authors === undefined ? {} : { authors: manifest.authors.map((name) => ({ name })) }),
        ...(manifest.licenses === undefined ? {} : { licenses: licenses(manifest.licenses) }),
        hashes: [{ alg: "SHA-256", content: modelSha256 }],
        modelCard: modelCard(manifest, signature, facts, comparison),
      },
    },
    components: [
      {
        type: "file",
        "bom-ref": SOURCE_REF,
        name: source.file,
        hashes: [{ alg: "SHA-256", content: source.sha256 }],
        properties: [
          { name: "slipway:format", value: source.format },
          { name: "slipway:class", value: source.rootClass },
          { name: "slipway:bytes", value: String(source.bytes) },
        ],
      },
      ...libraries,
      ...operators,
    ],
    dependencies: [
      { ref: MODEL_REF, dependsOn: [SOURCE_REF, ...operators.map((o) => o["bom-ref"])] },
      { ref: SOURCE_REF, dependsOn: libraries.map((l) => l["bom-ref"]) },
    ],
  };
}

/**
 * A package's own document with what was measured since, as its next version (CycloneDX: the same serial number, `version`
 * one more). The package is not changed by it: its digest stands for what it was when it was packed.
 * @throws package-malformed where `sbom` is none of ours
 */
export function withMetrics(sbom: unknown, metrics: readonly MeasuredMetric[]): object {
  const bom = sbom as { readonly version?: unknown; readonly metadata?: { readonly component?: { readonly modelCard?: { readonly quantitativeAnalysis?: { readonly performanceMetrics?: unknown } } } } } | null;
  const component = bom?.metadata?.component;
  if (typeof component !== "object" || component === null || typeof component.modelCard !== "object" || component.modelCard === null) {
    throw packageError("package-malformed", "the package's bill of materials has no model card", { where: "sbom.cdx.json", hint: "Pack the model again." });
  }
  const own = component.modelCard.quantitativeAnalysis?.performanceMetrics;
  const performanceMetrics = [...(Array.isArray(own) ? (own as unknown[]) : []), ...metrics.map(({ name, value, slice, low, high }) => ({
    type: name, value: String(value), ...(slice === undefined ? {} : { slice }),
    ...(low === undefined || high === undefined ? {} : { confidenceInterval: { lowerBound: String(low), upperBound: String(high) } }),
  }))];
  const modelCard = { ...component.modelCard, ...(performanceMetrics.length === 0 ? {} : { quantitativeAnalysis: { ...component.modelCard.quantitativeAnalysis, performanceMetrics } }) };
  return { ...bom, version: (typeof bom!.version === "number" ? bom!.version : 1) + 1, metadata: { ...bom!.metadata, component: { ...component, modelCard } } };
}

function modelCard(manifest: PackageManifest, signature: Signature, facts: CardFacts, comparison: Comparison | null | undefined): object {
  const kinds = new Set(signature.outputs.map((o) => o.kind));
  const task = kinds.has("probabilities") || kinds.has("label") ? "classification" : kinds.has("value") ? "regression" : "transformation";
  const metrics = (facts.metrics ?? []).map((m) => ({ type: m.name, value: m.value, ...(m.slice === undefined ? {} : { slice: m.slice }) }));
  if (comparison) {
    metrics.push(
      { type: "parity rows", value: String(comparison.rows) },
      { type: "parity rows beyond tolerance", value: String(comparison.rowsBeyond) },
      { type: "parity labels changed", value: String(comparison.labelFlips) },
      { type: "parity largest difference", value: String(comparison.maxAbs) },
      { type: "parity largest relative difference", value: String(comparison.maxRelative) },
    );
  }
  const considerations = {
    ...(facts.users === undefined ? {} : { users: facts.users }),
    ...(facts.purpose === undefined ? {} : { useCases: [facts.purpose] }),
    ...(facts.limitations === undefined ? {} : { technicalLimitations: facts.limitations }),
    ...(facts.ethicalConsiderations === undefined ? {} : { ethicalConsiderations: facts.ethicalConsiderations.map((name) => ({ name })) }),
  };
  return {
    modelParameters: {
      task,
      architectureFamily: manifest.source.rootClass.split(".")[0],
      modelArchitecture: manifest.source.rootClass,
      // The schema has one free text for an input; name and type go into it, all else is in signature.json.
      inputs: signature.tensors?.map((t) => ({ format: `${t.name}: ${t.type}${t.shape.length > 0 ? `[${t.shape.map((d) => (d === -1 ? "?" : d)).join(", ")}]` : ""}` })) ?? signature.columns.filter((c) => c.used).map((c) => ({ format: `${c.name}: ${c.type}` })),
      outputs: signature.outputs.map((o) => ({ format: `${o.name}: ${o.type}${o.rowShape.length > 0 ? `[${o.rowShape.map((d) => (d < 0 ? "?" : d)).join(", ")}]` : ""}` })),
    },
    ...(metrics.length === 0 ? {} : { quantitativeAnalysis: { performanceMetrics: metrics } }),
    ...(Object.keys(considerations).length === 0 ? {} : { considerations }),
    ...(facts.data === undefined && facts.owner === undefined ? {} : {
      properties: [
        ...(facts.data === undefined ? [] : [{ name: "slipway:training-data", value: facts.data }]),
        ...(facts.owner === undefined ? [] : [{ name: "slipway:owner", value: facts.owner }]),
      ],
    }),
  };
}

/** SPDX identifiers of libraries that models are made with, by their names at PyPI; each the licence of every version that is read. */
const LICENSES: Readonly<Record<string, string>> = {
  "scikit-learn": "BSD-3-Clause", numpy: "BSD-3-Clause", scipy: "BSD-3-Clause", pandas: "BSD-3-Clause", joblib: "BSD-3-Clause", "category-encoders": "BSD-3-Clause", "imbalanced-learn": "MIT",
  xgboost: "Apache-2.0", lightgbm: "MIT", catboost: "Apache-2.0", keras: "Apache-2.0", tensorflow: "Apache-2.0", torch: "BSD-3-Clause", onnx: "Apache-2.0", python: "PSF-2.0",
};

function licensed(pypi: string): object {
  return Object.hasOwn(LICENSES, pypi) ? { licenses: [{ license: { id: LICENSES[pypi]! } }] } : {};
}

function library(name: string, version: string): { readonly "bom-ref": string } & Record<string, unknown> {
  if (name === "python") return { type: "platform", "bom-ref": "library:python", name, version, ...licensed("python") };
  // package-url's rules for PyPI: lower case, "-" for "_".
  const pypi = name.toLowerCase().replaceAll("_", "-");
  return { type: "library", "bom-ref": `library:${name}`, name, version, ...licensed(pypi), purl: `pkg:pypi/${encodeURIComponent(pypi)}@${encodeURIComponent(version)}` };
}

/** One SPDX expression, or several licences by name: the schema takes only one expression. */
function licenses(expressions: readonly string[]): object[] {
  return expressions.length === 1 ? [{ expression: expressions[0] }] : expressions.map((name) => ({ license: { name } }));
}

/** UUID version 8 (RFC 9562) from the first 16 bytes of a hash. */
function uuidOf(hex: string): string {
  const variant = (8 + (Number.parseInt(hex[16]!, 16) & 3)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
