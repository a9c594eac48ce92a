// The gate's coded errors: what it is given, not what it finds.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "gate-data": { kind: "usage", doc: "The labelled data of `slipway test` does not fit: the target or a slice is no column of it, it has no usable rows, or the target holds what the model cannot predict." },
  "gate-test-unknown": { kind: "usage", doc: "`gate.skip` or `gate.require` names a test that there is not. The error lists the names." },
  "gate-no-checks": { kind: "usage", doc: "`slipway test --targets` replays the checked rows of the package, and it holds none. Pack it with --check, or give --check FILE." },
  "gate-setting": { kind: "usage", doc: "A bar or rule under `gate` of the configuration names a metric, column or output that there is not." },
} as const;

export const gateError: ErrorMaker<typeof table> = defineErrors(table);
