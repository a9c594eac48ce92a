export { approvalError } from "./errors.ts";
export { evaluatePolicy, policyFor, readPolicies, type Evidence, type Missing, type Policy, type Verdict } from "./policy.ts";
export { personKey, samePerson } from "./person.ts";
export { APPROVAL_MIGRATIONS } from "./tables.ts";
export { addPersonKey, addServerKey, allKeys, keysOfPerson, removePersonKey, type PersonKey } from "./person-keys.ts";
export { type Comment, type Decision, type ReleaseRequest, type RequestDetails, type RequestState } from "./request.ts";
export { approvalsCompanion } from "./companion.ts";
export { Approvals, type AliasChange, type ApprovalOptions, type MadeDecision, type RequestQuery, type Standing } from "./approvals.ts";
export { type Signature, type VerifySignature, type VersionFacts } from "./evidence.ts";
