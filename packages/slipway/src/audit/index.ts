export { canonicalJson } from "./canonical-json.ts";
export { hashEntry, type Actor, type AuditEntry, type AuditEvent } from "./entry.ts";
export { auditError } from "./errors.ts";
export { exportAudit, parseAudit } from "./export.ts";
export { everyForeign, foreignProblems, listForeign, parseForeign, restoreForeign, takeForeign, type ForeignEntry } from "./foreign.ts";
export { appendAudit, hasAudit, everyEntry, latestAudit, listAudit, restoreAudit, type AuditQuery } from "./log.ts";
export { AUDIT_MIGRATIONS } from "./tables.ts";
export { verifyAudit, verifyEntries, type AuditProof, type VerifyOptions } from "./verify.ts";
