// in-toto statements, version 1 (https://in-toto.io/Statement/v1): what is said (the predicate) about which bytes (the
// subject), in a DSSE envelope.

import { JsonObject, parseJson, type Fail } from "../package/json.ts";
import { signEnvelope, verifyEnvelope, type Envelope } from "./dsse.ts";
import { signingError } from "./errors.ts";
import type { SigningKey, VerificationKey } from "./keys.ts";

export const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
/** Read as well: cosign still writes it, and its fields are the same. */
const STATEMENT_TYPE_0_1 = "https://in-toto.io/Statement/v0.1";
export const IN_TOTO_PAYLOAD = "application/vnd.in-toto+json";

export interface Subject {
  readonly name: string;
  /** Algorithm -> hexadecimal digits: {"sha256": "..."}. */
  readonly digest: Readonly<Record<string, string>>;
}

export interface Statement<P = unknown> {
  readonly _type: typeof STATEMENT_TYPE | typeof STATEMENT_TYPE_0_1;
  readonly subject: readonly Subject[];
  /** A URI that says what the predicate is. */
  readonly predicateType: string;
  readonly predicate: P;
}

export interface VerifiedStatement {
  readonly statement: Statement;
  /** Which of the given keys signed it; one at least. */
  readonly keys: readonly VerificationKey[];
}

const MAX_SUBJECTS = 100_000;

const fail: Fail = (message, where) => signingError("statement-malformed", message, { where });

/** A statement about things known by their SHA-256; `digest` may begin with "sha256:". */
export function makeStatement<P>(subjects: readonly { readonly name: string; readonly digest: string }[], predicateType: string, predicate: P): Statement<P> {
  return {
    _type: STATEMENT_TYPE,
    subject: subjects.map(({ name, digest }) => ({ name, digest: { sha256: digest.replace(/^sha256:/, "") } })),
    predicateType, predicate,
  };
}

export function signStatement(statement: Statement, keys: readonly SigningKey[], options: { readonly keyIds?: boolean } = {}): Promise<Envelope> {
  return signEnvelope(IN_TOTO_PAYLOAD, new TextEncoder().encode(JSON.stringify(statement)), keys, options);
}

/** @throws statement-malformed */
export function parseStatement(payload: Uint8Array): Statement {
  const object = new JsonObject(parseJson(payload, "statement", fail), "statement", fail);
  const type = object.string("_type");
  if (type !== STATEMENT_TYPE && type !== STATEMENT_TYPE_0_1) throw fail(`the statement's type is ${JSON.stringify(type.slice(0, 100))}, not ${STATEMENT_TYPE}`, "statement._type");
  const subject = object.array("subject", MAX_SUBJECTS, (item, at) => {
    const one = new JsonObject(item, at, fail);
    return { name: one.optionalString("name") ?? "", digest: one.texts("digest", 20) };
  });
  if (subject.length === 0) throw fail("the statement has no subject", "statement.subject");
  return { _type: type, subject, predicateType: object.string("predicateType"), predicate: object.get("predicate") };
}

/**
 * The statement in an envelope that one of `keys` signed; where they are given, it must be of this type and about this
 * digest ("sha256:..." or its hexadecimal digits).
 * @throws envelope-malformed, statement-malformed, signature-invalid, statement-mismatch
 */
export async function verifyStatement(envelope: Envelope, keys: readonly VerificationKey[], expected: { readonly predicateType?: string; readonly digest?: string } = {}): Promise<VerifiedStatement> {
  const verified = await verifyEnvelope(envelope, keys);
  if (verified.payloadType !== IN_TOTO_PAYLOAD) throw signingError("statement-mismatch", `the envelope holds ${JSON.stringify(verified.payloadType.slice(0, 100))}, not an in-toto statement`);
  const statement = parseStatement(verified.payload);
  if (expected.predicateType !== undefined && statement.predicateType !== expected.predicateType) {
    throw signingError("statement-mismatch", `the statement is a ${JSON.stringify(statement.predicateType.slice(0, 200))}, not a ${expected.predicateType}`);
  }
  const digest = expected.digest?.replace(/^sha256:/, "");
  if (digest !== undefined && !statement.subject.some((s) => s.digest["sha256"] === digest)) {
    throw signingError("statement-mismatch", `the statement is about ${statement.subject.slice(0, 3).map((s) => `sha256:${s.digest["sha256"] ?? "?"}`).join(", ")}, not about sha256:${digest}`);
  }
  return { statement, keys: verified.keys };
}
