// Keys of the server's own in its folder, readable by their owner only: the one that signs for people who signed in, and
// those that seal secrets in the database.

import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { generateSigningKey, readSigningKey, writePrivateKey, type SigningKey } from "@slipway/core/signing";
import { KEY_BYTES, webhookError } from "../webhooks/index.ts";

/** Made at its first use. */
export async function serverKey(path: string): Promise<SigningKey> {
  if (!existsSync(path)) writeNew(path, await writePrivateKey((await generateSigningKey()).pkcs8));
  return readSigningKey(readFileSync(path, "utf8"));
}

/**
 * The keys that seal secrets: the first is used from now on, the others open what was sealed before. Those of the
 * environment come first. A store of one machine makes a key in its folder; of a store that several machines share none
 * can be made, as each would have its own.
 * @param given SLIPWAY_SECRETS_KEY: keys in base64 with commas between them
 * @throws webhook-secret-key
 */
export function secretKeys(given: string | undefined, path: string, embedded: boolean): Uint8Array[] {
  const named = keysIn(given ?? "", "SLIPWAY_SECRETS_KEY");
  if (!embedded) return named;
  if (named.length === 0 && !existsSync(path)) writeNew(path, `${randomBytes(KEY_BYTES).toString("base64")}\n`);
  if (!existsSync(path)) return named;
  // Somebody may have copied it with the rights of every other file.
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return [...named, ...keysIn(readFileSync(path, "utf8"), path)];
}

function keysIn(text: string, where: string): Uint8Array[] {
  return text.split(/[\s,]+/).filter((key) => key !== "").map((key) => {
    const bytes = /^[A-Za-z0-9+/]{43}=?$/.test(key) ? new Uint8Array(Buffer.from(key, "base64")) : undefined;
    if (bytes?.length !== KEY_BYTES) throw webhookError("webhook-secret-key", "a key for secrets is 32 bytes in base64: 43 characters and =", { where, hint: "openssl rand -base64 32 makes one." });
    return bytes;
  });
}

function writeNew(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    // Another process that starts at the same time made one: that one is taken.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
