import { expect, it } from "vitest";
import { generateSigningKey, makeApproval, readApproval, signStatement, verifyStatement, type Approval } from "./index.ts";

const approval: Approval = { decision: "approve", request: "0190-1", model: "churn", version: 3, alias: "production", person: "anna", group: "business", comment: null, time: "2026-06-15T12:00:00.000Z", via: null };
const digest = `sha256:${"ab".repeat(32)}`;

it("a decision is what was signed, about this package", async () => {
  const { key } = await generateSigningKey();
  const envelope = await signStatement(makeApproval(digest, approval), [key]);
  const { statement } = await verifyStatement(envelope, [key.publicKey], { digest });
  expect(readApproval(statement)).toEqual(approval);
  await expect(verifyStatement(envelope, [key.publicKey], { digest: `sha256:${"00".repeat(32)}` })).rejects.toMatchObject({ code: "statement-mismatch" });
});
it.each([{ decision: "maybe" }, { version: "3" }, { time: "soon" }, { via: { how: "key" } }, { person: undefined }])("with %j it is refused", (change) => {
  const statement = makeApproval(digest, { ...approval, ...change } as Approval);
  expect(() => readApproval(statement)).toThrow(expect.objectContaining({ code: "statement-malformed" }));
});
it("another statement is none", () => {
  expect(() => readApproval({ ...makeApproval(digest, approval), predicateType: "https://slsa.dev/provenance/v1" })).toThrow(expect.objectContaining({ code: "statement-mismatch" }));
});
