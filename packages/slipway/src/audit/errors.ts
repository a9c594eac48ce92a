import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "audit-broken": { kind: "failed-check", doc: "The audit log was changed after it was written. The error names the first entry that does not fit; compare with an export or a copy from before." },
  "audit-malformed": { kind: "invalid", doc: "A line of an exported audit log is not an entry of one." },
} as const;

export const auditError: ErrorMaker<typeof table> = defineErrors(table);
