// The coded errors of `slipway bench`.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "bench-rows": { kind: "invalid", doc: "No valid row could be made from the model's signature, so there is nothing to ask. Pack the model with a check file: its rows are then used." },
  "bench-refused": { kind: "invalid", doc: "The service refuses the first request of a measurement, so nothing was measured. The error has its answer." },
  "bench-server": { kind: "unavailable", doc: "The service that was to be measured did not start, or ended. The error has what it said." },
} as const;
export const benchError: ErrorMaker<typeof table> = defineErrors(table);
