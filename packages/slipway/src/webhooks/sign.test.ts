import { describe, expect, it } from "vitest";
import { Webhook } from "standardwebhooks";
import { makeSecret, signWebhook, verifyWebhook } from "./sign.ts";

const body = JSON.stringify({ type: "request.opened", data: { text: "Schöne Grüße" } });

describe("a signed call", () => {
  const secret = makeSecret();
  const now = Date.now();
  const headers = { ...signWebhook([secret], "msg_1", Math.floor(now / 1000), body) };
  it("is taken by the specification's own library", () => {
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(makeSecret()).verify(body, headers)).toThrow("No matching signature");
  });
  it("is what that library would have sent", () => {
    expect(new Webhook(secret).sign("msg_1", new Date(now), body)).toBe(headers["webhook-signature"]);
  });
  it.each([
    ["another body", {}, `${body} `, now], ["another id", { "webhook-id": "msg_2" }, body, now], ["another time", { "webhook-timestamp": String(Math.floor(now / 1000) + 1) }, body, now],
    ["no signature", { "webhook-signature": undefined }, body, now], ["a signature of another version", { "webhook-signature": headers["webhook-signature"].replace("v1,", "v1a,") }, body, now],
    ["ten minutes later", {}, body, now + 600_000], ["half a signature", { "webhook-signature": headers["webhook-signature"].slice(0, 20) }, body, now],
  ] as const)("is refused with %s", (_, changed, text, at) => {
    expect(verifyWebhook(secret, headers, body, now)).toBe(true);
    expect(verifyWebhook(secret, { ...headers, ...changed }, text, at)).toBe(false);
  });
  it("carries a signature of each secret while one is exchanged, and the library takes either", () => {
    const next = makeSecret();
    const both = { ...signWebhook([next, secret], "msg_1", Math.floor(now / 1000), body) };
    for (const one of [next, secret]) expect(new Webhook(one).verify(body, both)).toEqual(JSON.parse(body));
  });
  it("fits any of several signatures, as while a secret is changed", () => {
    expect(verifyWebhook(secret, { ...headers, "webhook-signature": `v1,AAAA ${headers["webhook-signature"]}` }, body, now)).toBe(true);
  });
});
