export { generateSigningKey, readSigningKey, readVerificationKey, signingKeyOfPlatform, verificationKeyOfSpki, writePrivateKey, type PlatformKey, type SigningKey, type VerificationKey } from "./keys.ts";
export { type Curve } from "./curves.ts";
export { parseEnvelope, preAuthEncoding, signEnvelope, verifyEnvelope, type Envelope, type EnvelopeSignature, type VerifiedEnvelope } from "./dsse.ts";
export { IN_TOTO_PAYLOAD, makeStatement, parseStatement, signStatement, STATEMENT_TYPE, verifyStatement, type Statement, type Subject, type VerifiedStatement } from "./statement.ts";
export { signingError } from "./errors.ts";
export { APPROVAL_PREDICATE, makeApproval, readApproval, type Approval } from "./approval.ts";
