export { approvalError } from "./errors.ts";
export { evaluatePolicy, policyFor, readPolicies, type Evidence, type Missing, type Policy, type Verdict } from "./policy.ts";
export { personKey, samePerson } from "./person.ts";
export { newId } from "./ids.ts";
export { APPROVAL_MIGRATIONS } from "./tables.ts";
export { addPersonKey, addServerKey, keysOfPerson, removePersonKey, type PersonKey } from "./person-keys.ts";
export { type Comment, type Decision, type ReleaseRequest, type RequestDetails, type RequestState } from "./request.ts";
