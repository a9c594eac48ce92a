import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { fromBase64, toBase64 } from "./bytes.ts";
import { signatureFromDer, signatureToDer } from "./curves.ts";
import { generateSigningKey, makeStatement, parseEnvelope, preAuthEncoding, readSigningKey, readVerificationKey, signEnvelope, signingKeyOfPlatform, signStatement, verifyEnvelope, verifyStatement } from "./index.ts";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);

describe("DSSE", () => {
  it("encodes the specification's own example", () => {
    expect(new TextDecoder().decode(preAuthEncoding("http://example.com/HelloWorld", text("hello world")))).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    expect(new TextDecoder().decode(preAuthEncoding("é", text("")))).toBe("DSSEv1 2 é 0 ");
  });

  it("verifies what was signed, also as one of several keys, and says which key it was", async () => {
    const [a, b, c] = await Promise.all([generateSigningKey(), generateSigningKey("P-384"), generateSigningKey("P-521")]);
    const envelope = parseEnvelope(JSON.parse(JSON.stringify(await signEnvelope("text/plain", text("hello"), [a.key, b.key]))));
    expect((await verifyEnvelope(envelope, [c.key.publicKey, b.key.publicKey])).keys).toEqual([b.key.publicKey]);
    expect((await verifyEnvelope(envelope, [a.key.publicKey, b.key.publicKey])).keys).toHaveLength(2);
    await expect(verifyEnvelope(envelope, [c.key.publicKey])).rejects.toMatchObject({ code: "signature-invalid" });
    await expect(verifyEnvelope(envelope, [])).rejects.toMatchObject({ code: "signature-invalid" });
    await expect(verifyEnvelope({ ...envelope, payload: toBase64(text("hullo")) }, [a.key.publicKey])).rejects.toMatchObject({ code: "signature-invalid" });
    await expect(verifyEnvelope({ ...envelope, payloadType: "text/html" }, [a.key.publicKey])).rejects.toMatchObject({ code: "signature-invalid" });
    await expect(verifyEnvelope({ ...envelope, signatures: [] }, [a.key.publicKey])).rejects.toMatchObject({ code: "signature-missing" });
    // A key id is a hint: a lie in it changes nothing.
    const lied = { ...envelope, signatures: envelope.signatures.map((s) => ({ ...s, keyid: c.key.publicKey.id })) };
    expect((await verifyEnvelope(lied, [a.key.publicKey])).keys).toEqual([a.key.publicKey]);
    await expect(verifyEnvelope(lied, [c.key.publicKey])).rejects.toMatchObject({ code: "signature-invalid" });
  });

  it("signs with a private key that cannot leave the platform", async () => {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const key = await signingKeyOfPlatform(pair);
    const again = await readVerificationKey(key.publicKey.pem);
    expect(again.id).toBe(key.publicKey.id);
    expect(await again.verify(text("x"), await key.sign(text("x")))).toBe(true);
  });

  it("any bytes in place of a signature, a key or an envelope give false or a coded error", async () => {
    const { key } = await generateSigningKey();
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      expect(await key.publicKey.verify(text("x"), bytes)).toBe(false);
      const pem = `-----BEGIN PRIVATE KEY-----\n${toBase64(bytes)}\n-----END PRIVATE KEY-----\n`;
      await expect(readSigningKey(pem)).rejects.toBeInstanceOf(SlipwayError);
      await expect(readSigningKey(pem.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"), "p")).rejects.toBeInstanceOf(SlipwayError);
      await expect(readVerificationKey(pem.replaceAll("PRIVATE", "PUBLIC"))).rejects.toBeInstanceOf(SlipwayError);
    }), { numRuns: 200 });
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      try {
        parseEnvelope(value);
      } catch (error) {
        expect(error).toBeInstanceOf(SlipwayError);
      }
    }));
  });

  it("turns signatures of every size between their two forms", () => {
    fc.assert(fc.property(fc.constantFrom("P-256" as const, "P-384" as const, "P-521" as const), fc.infiniteStream(fc.nat(255)), (curve, stream) => {
      const raw = Uint8Array.from({ length: { "P-256": 64, "P-384": 96, "P-521": 132 }[curve] }, () => stream.next().value);
      expect(signatureFromDer(signatureToDer(raw), curve)).toEqual(raw);
    }));
  });

  it("base64 is read strictly, in both alphabets", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      expect(fromBase64(toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""))).toEqual(bytes);
    }));
    for (const bad of ["a", "ab=", "a===", "ab c", "ab\n", "====", "é"]) expect(fromBase64(bad), bad).toBeUndefined();
  });
});

describe("in-toto statements", () => {
  it("are about the digest they name, and of the type they say", async () => {
    const { key } = await generateSigningKey();
    const digest = "ab".repeat(32);
    const envelope = await signStatement(makeStatement([{ name: "churn", digest: `sha256:${digest}` }], "https://example.com/decision/v1", { decision: "approve" }), [key]);
    const { statement } = await verifyStatement(envelope, [key.publicKey], { predicateType: "https://example.com/decision/v1", digest: `sha256:${digest}` });
    expect(statement.predicate).toEqual({ decision: "approve" });
    await expect(verifyStatement(envelope, [key.publicKey], { digest: "cd".repeat(32) })).rejects.toMatchObject({ code: "statement-mismatch" });
    await expect(verifyStatement(envelope, [key.publicKey], { predicateType: "https://example.com/other/v1" })).rejects.toMatchObject({ code: "statement-mismatch" });
    const other = await signEnvelope("text/plain", text("{}"), [key]);
    await expect(verifyStatement(other, [key.publicKey])).rejects.toMatchObject({ code: "statement-mismatch" });
    const broken = await signEnvelope("application/vnd.in-toto+json", text('{"_type": "https://in-toto.io/Statement/v0.1", "subject": []}'), [key]);
    await expect(verifyStatement(broken, [key.publicKey])).rejects.toMatchObject({ code: "statement-malformed" });
  });
});
