// Coded errors of a device: its configuration, and releases that it does not take.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "device-config": { kind: "usage", doc: "device.json lacks something, or holds what is not understood. The error names the field; `slipway edge --target device` writes the file." },
  "device-no-model": { kind: "unavailable", doc: "Neither slot nor the package that the device came with could be opened. The error lists why for each; write the device's folder again." },
  "device-slot-damaged": { kind: "unavailable", doc: "The file of a slot is gone or is not what was written. The device answers with the slot before it, and fetches the package again." },
  "device-update-failed": { kind: "unavailable", doc: "The release or its package could not be fetched whole: no connection, another answer than 200, fewer or more bytes than the release says. The device goes on with the model it has and tries again." },
  "device-home": { kind: "unavailable", doc: "Counters and predictions could not be sent home. They are kept, within bounds, and sent when the connection is back." },
  "device-release-expired": { kind: "refused", doc: "The release is signed, but its time is over: somebody may be holding newer ones back. Publish it again (`slipway edge --target release`), before it expires." },
  "device-release-older": { kind: "refused", doc: "The release has a lower number than one that this device has seen, or the same number with another package: somebody may be offering an old model anew. Publish it with a higher number." },
  "device-release-other": { kind: "refused", doc: "The release is of another model than this device's." },
  "device-release-bad": { kind: "refused", doc: "This very package was tried on the device before and was not good: it did not answer its checked rows, or ended the process. Publish another one." },
} as const;

export const deviceError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
