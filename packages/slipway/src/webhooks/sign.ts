// Signatures after the Standard Webhooks specification, version 1 (https://www.standardwebhooks.com): HMAC-SHA256 with the
// webhook's secret over "ID.TIMESTAMP.BODY", so that a call can neither be forged nor, after some minutes, be repeated by
// whoever overheard it. The receiver may check it with any of that specification's libraries.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

const SECRET = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/;
const SECRET_BYTES = 32;

/** `whsec_` and 32 random bytes in base64. */
export function makeSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;
}

export interface SignedHeaders {
  readonly "webhook-id": string;
  /** Seconds since 1970. */
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

/**
 * @param secrets while a secret is exchanged, the new one and the one before: a signature of each
 * @param id the same for every attempt to deliver one event, so that the receiver can tell repetitions
 */
export function signWebhook(secrets: readonly string[], id: string, seconds: number, body: string): SignedHeaders {
  return { "webhook-id": id, "webhook-timestamp": String(seconds), "webhook-signature": secrets.map((secret) => `v1,${mac(secret, id, String(seconds), body).toString("base64")}`).join(" ") };
}

/** As a receiver checks a call: one of the signatures fits and the time is within `toleranceSeconds` of `now`. */
export function verifyWebhook(secret: string, headers: Readonly<Record<string, string | undefined>>, body: string, now: number = Date.now(), toleranceSeconds = 300): boolean {
  const { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signatures } = headers;
  if (id === undefined || seconds === undefined || signatures === undefined || !/^\d{1,12}$/.test(seconds)) return false;
  if (Math.abs(now / 1000 - Number(seconds)) > toleranceSeconds) return false;
  const expected = mac(secret, id, seconds, body);
  return signatures.split(" ").some((text) => {
    if (!text.startsWith("v1,")) return false;
    const given = Buffer.from(text.slice(3), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function mac(secret: string, id: string, seconds: string, body: string): Buffer {
  const key = SECRET.exec(secret)?.[1];
  if (key === undefined) throw new Error("a webhook's secret is whsec_ and base64");
  return createHmac("sha256", Buffer.from(key, "base64")).update(`${id}.${seconds}.${body}`).digest();
}
