// Secrets of webhooks as they lie in the database: AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for each,
// bound to the webhook that they belong to, so that a row copied over another opens nothing.
//
//   sealed:KEY:BASE64    KEY names the key by the beginning of a hash; BASE64 is nonce, ciphertext and tag

import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { webhookError } from "./errors.ts";

const NONCE = 12;
const TAG = 16;
export const KEY_BYTES = 32;
const SEALED = /^sealed:([0-9a-f]{16}):([A-Za-z0-9+/]+={0,2})$/;

export function isSealed(kept: string): boolean {
  return SEALED.test(kept);
}

export interface SecretBox {
  /** @param owner the webhook's id */
  seal(secret: string, owner: string): string;
  /** What was written before there was a key is given as it is. @throws webhook-secret-key */
  open(kept: string, owner: string): string;
  /** Whether there is a key to seal with. */
  readonly seals: boolean;
  /** Whether it is sealed with the key that is used now. */
  isCurrent(kept: string): boolean;
}

/** @param keys of 32 bytes each: the first seals, all of them open; without any, nothing is sealed @throws webhook-secret-key */
export function secretBox(keys: readonly Uint8Array[]): SecretBox {
  for (const key of keys) if (key.length !== KEY_BYTES) throw webhookError("webhook-secret-key", `a key for secrets has ${KEY_BYTES} bytes, and this one ${key.length}`, { hint: MAKE });
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  const [current] = keys;
  return {
    seal(secret, owner) {
      if (current === undefined) throw webhookError("webhook-secret-key", "there is no key to keep a webhook's secret with", { hint: `Several machines share this database, so each has to be given the same key. ${MAKE}` });
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", current, nonce, { authTagLength: TAG }).setAAD(Buffer.from(owner));
      const sealed = Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return `sealed:${idOf(current)}:${sealed.toString("base64")}`;
    },
    open(kept, owner) {
      if (kept === "") throw webhookError("webhook-secret-key", "the webhook came with an export, without its secret", { hint: "Give it a new secret: POST /api/v1/webhooks/ID/secret, or the button on its page." });
      const [, id, text] = SEALED.exec(kept) ?? [];
      if (id === undefined || text === undefined) return kept;
      const key = byId.get(id);
      if (key === undefined) throw webhookError("webhook-secret-key", `the webhook's secret was sealed with the key ${id}, which is not among those given`, { hint: "Give that key after the new one, in SLIPWAY_SECRETS_KEY or in the file of keys." });
      const bytes = Buffer.from(text, "base64");
      try {
        const cipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE), { authTagLength: TAG }).setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(-TAG));
        return Buffer.concat([cipher.update(bytes.subarray(NONCE, -TAG)), cipher.final()]).toString("utf8");
      } catch (cause) {
        throw webhookError("webhook-secret-key", "the webhook's secret was changed in the database, or belongs to another webhook", { hint: "Give it a new secret: POST /api/v1/webhooks/ID/secret.", cause });
      }
    },
    seals: current !== undefined,
    isCurrent: (kept) => current !== undefined && kept.startsWith(`sealed:${idOf(current)}:`),
  };
}

const MAKE = "Set SLIPWAY_SECRETS_KEY to 32 random bytes in base64, as `openssl rand -base64 32` gives them.";

function idOf(key: Uint8Array): string {
  return createHash("sha256").update("slipway secrets key\0").update(key).digest("hex").slice(0, 16);
}
