// Coded errors of packages in browsers and on devices.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "edge-fetch-failed": { kind: "unavailable", doc: "The package could not be fetched. The error names the address and the answer; without a connection it must be in the page's cache." },
  "edge-integrity": { kind: "refused", doc: "The bytes are not those that the integrity value or the digest names: the file was changed, cut short, or belongs to another version. Nothing of it was used." },
  "edge-integrity-value": { kind: "usage", doc: "The integrity value is not of the form that Subresource Integrity has: sha256-, sha384- or sha512- and the hash in base64." },
  "edge-check-differs": { kind: "failed-check", doc: "On this device the model does not answer its own checked rows as it must. It was not loaded; the error lists the worst rows. `checks: \"report\"` loads it all the same and tells." },
  "edge-runtime-missing": { kind: "unavailable", doc: "The model needs ONNX Runtime, and `onnxruntime-web` could not be loaded. Install it beside @slipway/edge, or name the address of its ES module (`onnxruntime`)." },
  "edge-no-signatures": { kind: "unsupported", doc: "Signatures are not verified on React Native, which has no Web Crypto. The package is part of the app there; verify it when the app is built." },
  "edge-worker-lost": { kind: "unavailable", doc: "The worker that holds the model could not be started, or ended. Load the model again; a page's Content-Security-Policy must allow `worker-src 'self'`." },
  "edge-texts": { kind: "unsupported", doc: "The package is a model of texts with a tokenizer, which browsers and devices do not have yet." },
  "edge-closed": { kind: "unavailable", doc: "The model was closed before it was asked." },
  "edge-picture": { kind: "invalid", doc: "What was given as a picture has no pixels yet (a video before its first frame, an image that is not loaded), or is of another origin and may not be read." },
} as const;

export const edgeError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
