// The package: what travels from laptop to cluster. Its stored form is in oci.ts.

import type { Checks } from "./checks.ts";
import type { Recommending } from "./recommending.ts";
import type { Signature } from "./signature.ts";

/** The file a package was made from. */
export interface PackageSource {
  /** The file's own name, without folders. */
  readonly file: string;
  /** 64 hex digits. */
  readonly sha256: string;
  readonly bytes: number;
  /** "pickle", "joblib" ... */
  readonly format: string;
  /** Library versions found in the file: {"scikit-learn": "1.5.2"}. */
  readonly producer: Readonly<Record<string, string>>;
  /** The outermost class: "sklearn.pipeline.Pipeline". */
  readonly rootClass: string;
}

/** Stored as slipway.json. */
export interface PackageManifest {
  readonly name: string;
  /** A semantic version. */
  readonly version: string;
  /** RFC 3339. Left out unless asked for, so that the same file always gives the same bytes. */
  readonly created?: string;
  readonly description?: string;
  readonly authors?: readonly string[];
  /** SPDX licence expressions. */
  readonly licenses?: readonly string[];
  readonly source: PackageSource;
  readonly tool: { readonly name: string; readonly version: string };
  /** Digests of the packages this one comes from: the version it replaces, the model it was retrained from. */
  readonly lineage: readonly string[];
  /** What the tool that kept the model tells of where it came from: {"mlflow run id": "...", "mlflow registered version": "3"}. */
  readonly origin?: Readonly<Record<string, string>>;
  /**
   * The version of Slipway's own kernel that was seen to answer as ONNX Runtime does when this was packed: a runtime with
   * the same version serves the model without ONNX Runtime.
   */
  readonly kernel?: number;
}

/** Everything a package is made of, before it has a digest. */
export interface PackageParts {
  readonly manifest: PackageManifest;
  /** The ONNX model's bytes. */
  readonly model: Uint8Array;
  readonly signature: Signature;
  readonly checks: Checks | null;
  /** The reference distribution of inputs and outputs as JSON: `profileToJson` makes it, `parseProfile` checks it. */
  readonly profile: unknown;
  /** Of a model of texts: its tokenizer and what becomes of the network's answer, as JSON; the runtime checks it. */
  readonly text?: unknown;
  /** Of a model that recommends: its items and how they are found. */
  readonly recommend?: Recommending;
  /** Of a model whose items have vectors that are not in its graph: one row an item, 32-bit floats, little-endian. */
  readonly vectors?: Uint8Array;
  /** The model card in Markdown. */
  readonly card: string;
  /** CycloneDX 1.6 ML-BOM. */
  readonly sbom: unknown;
}

/** Something said about a package after it was packed: a signature, a report. See attachment.ts. */
export interface Attachment {
  readonly artifactType: string;
  /** Of `bytes`. */
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
  /** Its OCI manifest, whose `subject` is the package's, and that manifest's digest. */
  readonly manifest: Uint8Array;
  readonly digest: string;
}

export interface ModelPackage extends PackageParts {
  /** "sha256:..." of the OCI manifest: what this package is called everywhere. */
  readonly digest: string;
  /** The bytes of the OCI manifest, its config and every layer, by digest; unknown layers of other tools included. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** What came along with it, in the order it was added. Not part of its digest. */
  readonly attachments: readonly Attachment[];
}
