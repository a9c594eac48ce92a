// The runtime's coded errors: files, the engine's library, queues, and requests that cannot be read.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "runtime-missing": {
    kind: "unavailable",
    doc: "ONNX Runtime could not be imported. Install `onnxruntime-node` for this platform, or allow its files to be unpacked.",
  },
  "file-not-found": { kind: "not-found", doc: "There is no file at the path. It is relative to the folder the command runs in." },
  "file-too-large": { kind: "limit", doc: "The file is larger than can be read (2 GiB)." },
  "file-not-plain": { kind: "refused", doc: "A file that the model keeps its weights in is a link, or no plain file. Put the file itself beside the model." },
  "check-differs": { kind: "failed-check", doc: "The compiled model does not predict what the check file says. The worst rows are listed; nothing was packed." },
  "pack-label": { kind: "invalid", doc: "`pack --label` names what is true of rows whose prediction is a number; this model predicts something else. Leave it out." },
  "model-closed": { kind: "unavailable", doc: "The model was closed while the request was on its way. Ask again." },
  overloaded: { kind: "exhausted", doc: "More requests wait for the model than it answers within a second (or than its queue may hold). Ask again after `Retry-After`, or run more replicas." },
  "queue-timeout": { kind: "timeout", doc: "The request's time in the queue was over before its turn came. Allow it more time, or give the model more instances." },
  "worker-lost": { kind: "unavailable", doc: "The process or thread that computed the request ended before it answered. It is started again; ask again." },
  "provider-unavailable": { kind: "unavailable", doc: "The execution provider that was asked for (CUDA, DirectML, CoreML ...) is not to be had on this machine. The message is ONNX Runtime's." },
  "request-json": { kind: "invalid", doc: "The request is not JSON. The error names the position. NaN, Infinity and -Infinity are understood." },
  "request-csv": { kind: "invalid", doc: "The request is not CSV with a header line. The error names the line." },
} as const;

export const runtimeError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
