// Coded errors of writing folders for browsers and devices.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "edge-module-missing": { kind: "unavailable", doc: "The browser's module is not in this installation, or could not be built in a checkout. Install the package again; in a checkout `npm ci` installs what its build needs." },
  "edge-needs-onnxruntime": { kind: "unavailable", doc: "The model does not run on Slipway's own kernel, so its folder needs ONNX Runtime's files, and `onnxruntime-web` is not installed where they are looked for. Run `npm install onnxruntime-web`." },
  "edge-browser": { kind: "unavailable", doc: "The browser that was to answer rows could not be started or gave no answer. The error says which; name the program of a Chromium or Chrome, or leave it out to run the browser's module in Node." },
  "edge-release": { kind: "conflict", doc: "The folder holds releases of another model or by another key, or the number that was asked for is not above the last one. Devices take numbers that only grow." },
  "edge-native-type": { kind: "unsupported", doc: "The model takes or gives numbers of float16, for which the JavaScript of React Native has no arrays." },
  "edge-unproven": { kind: "conflict", doc: "A device needs a package whose model was proven on Slipway's kernel when it was packed, and this one was packed by another version or was not packed. Run `slipway pack`." },
  "edge-folder": { kind: "usage", doc: "The folder to write to holds files that `slipway edge` did not write. Name an empty folder or a new one." },
} as const;

export const edgeFolderError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
