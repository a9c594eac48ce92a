// What a program is given: a model to ask, wherever it runs.

import type { Disagreement, Signature } from "@slipway/core/package";
import type { ImageOptions, PredictedRow, RowError } from "@slipway/core/predict";

export interface EdgeModel {
  readonly name: string;
  readonly version: string;
  /** sha256:... of the package. */
  readonly digest: string;
  readonly signature: Signature;
  readonly engine: { readonly name: "kernel" | "onnxruntime"; readonly reason: string };
  /** The id of the trusted key that signed the package; null where no `trust` was asked for. */
  readonly signedBy: string | null;
  /** How the model answered its own checked rows on this device; null where the package has none or they were not asked for. */
  readonly check: CheckResult | null;
  /** Where it runs. */
  readonly thread: "worker" | "caller";
  /**
   * One record, records, rows, columns or texts, as the server takes them; one object a row.
   * @throws SlipwayError request-invalid, request-shape, request-limit, output-unknown, edge-closed
   */
  predict(input: unknown, options?: PredictOptions): Promise<(PredictedRow | RowError)[]>;
  /** One row a picture. @throws SlipwayError image-unwanted, image-option, edge-picture and as predict */
  predictImage(pictures: PictureSource | readonly PictureSource[], options?: ImageOptions & PredictOptions): Promise<(PredictedRow | RowError)[]>;
  /** One row a sound: a WAV file's bytes, or samples of -1 to 1 with their rate. @throws SlipwayError audio-unwanted, audio-damaged ... and as predict */
  predictSound(sounds: SoundSource | readonly SoundSource[], options?: PredictOptions): Promise<(PredictedRow | RowError)[]>;
  close(): Promise<void>;
}

export type SoundSource = Uint8Array | { readonly rate: number; readonly samples: Float32Array };

export interface PredictOptions {
  /** Names of the outputs to compute; all of them by default. */
  readonly outputs?: readonly string[] | undefined;
  /** `throw` (the default) or `rows`: what becomes of a request with bad rows. */
  readonly onInvalid?: "throw" | "rows" | undefined;
}

export interface CheckResult {
  readonly passed: boolean;
  readonly rows: number;
  readonly rowsBeyond: number;
  readonly labelFlips: number;
  readonly maxAbs: number;
  readonly ms: number;
  readonly worst: readonly Disagreement[];
}

/** Anything that has pixels: RGBA bytes with their size, ImageData, and what a canvas can draw (videos, images, canvases, bitmaps, frames). */
export type PictureSource =
  | { readonly width: number; readonly height: number; readonly data: Uint8Array | Uint8ClampedArray }
  | { readonly videoWidth: number; readonly videoHeight: number }
  | { readonly naturalWidth: number; readonly naturalHeight: number }
  | { readonly displayWidth: number; readonly displayHeight: number }
  | { readonly width: number; readonly height: number };

export interface OpenOptions {
  /** The package's digest (`sha256:...`), as `slipway inspect` shows it: no other is loaded. */
  readonly digest?: string | undefined;
  /** Public keys (PEM: ECDSA on P-256, P-384 or P-521): only a package is loaded that the owner of one of them signed, as `slipway sign` does. */
  readonly trust?: readonly string[] | undefined;
  /** `auto`: our own kernel where it was proven when the model was packed, else ONNX Runtime. */
  readonly engine?: "auto" | "kernel" | "onnxruntime" | undefined;
  /** `refuse` (the default): a model that does not answer its own checked rows is not loaded. `report` loads and tells; `skip` does not ask. */
  readonly checks?: "refuse" | "report" | "skip" | undefined;
  /** Where the ES module of onnxruntime-web lies (`ort.wasm.min.mjs`, with its .wasm file beside it); `onnxruntime-web/wasm` by default. */
  readonly onnxruntime?: string | undefined;
}
export interface LoadOptions extends OpenOptions {
  /** Subresource Integrity of the package's bytes: `sha384-...`. */
  readonly integrity?: string | undefined;
  /** In a worker, so that the page never freezes: true by default in browsers. Or the address of worker.js. */
  readonly worker?: boolean | string | URL | undefined;
}
