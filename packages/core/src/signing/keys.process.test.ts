import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { generateSigningKey, readSigningKey, readVerificationKey, writePrivateKey } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);
const message = new TextEncoder().encode("what is signed");
const openssl = (...args: string[]): string => execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
const missing = spawnSync("openssl", ["version"]).status !== 0;

describe.skipIf(missing)("keys and OpenSSL (skipped without openssl: apt-get install openssl)", () => {
  for (const [curve, name, hash] of [["P-256", "prime256v1", "sha256"], ["P-384", "secp384r1", "sha384"], ["P-521", "secp521r1", "sha512"]] as const) {
    it(`${curve}: what we write and sign, OpenSSL reads and verifies`, async () => {
      const { key, pkcs8 } = await generateSigningKey(curve);
      writeFileSync(file("ours.pem"), await writePrivateKey(pkcs8));
      writeFileSync(file("ours.enc.pem"), await writePrivateKey(pkcs8, "correct horse"));
      writeFileSync(file("message"), message);
      writeFileSync(file("signature"), await key.sign(message));
      expect(openssl("pkey", "-in", file("ours.pem"), "-pubout")).toBe(key.publicKey.pem);
      expect(openssl("pkey", "-in", file("ours.enc.pem"), "-passin", "pass:correct horse", "-pubout")).toBe(key.publicKey.pem);
      writeFileSync(file("public.pem"), key.publicKey.pem);
      expect(openssl("dgst", `-${hash}`, "-verify", file("public.pem"), "-signature", file("signature"), file("message"))).toContain("Verified OK");
    });

    it(`${curve}: what OpenSSL writes and signs, we read and verify`, async () => {
      openssl("ecparam", "-name", name, "-genkey", "-out", file("sec1.pem"));
      openssl("pkcs8", "-topk8", "-nocrypt", "-in", file("sec1.pem"), "-out", file("pkcs8.pem"));
      openssl("pkcs8", "-topk8", "-in", file("sec1.pem"), "-out", file("default.enc.pem"), "-passout", "pass:pa ss");
      openssl("pkcs8", "-topk8", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512", "-in", file("sec1.pem"), "-out", file("other.enc.pem"), "-passout", "pass:pa ss");
      const publicPem = openssl("pkey", "-in", file("sec1.pem"), "-pubout");
      const id = openssl("dgst", "-sha256", "-r", writeDer(publicPem)).slice(0, 64);
      const read = await Promise.all([
        readSigningKey(readFileSync(file("sec1.pem"), "utf8")), readSigningKey(readFileSync(file("pkcs8.pem"), "utf8")),
        readSigningKey(readFileSync(file("default.enc.pem"), "utf8"), "pa ss"), readSigningKey(readFileSync(file("other.enc.pem"), "utf8"), "pa ss"),
      ]);
      expect(read.map((k) => k.publicKey.id)).toEqual([id, id, id, id]);
      writeFileSync(file("message"), message);
      openssl("dgst", `-${hash}`, "-sign", file("sec1.pem"), "-out", file("signature"), file("message"));
      const key = await readVerificationKey(publicPem);
      expect(await key.verify(message, readFileSync(file("signature")))).toBe(true);
      expect(await key.verify(new TextEncoder().encode("what was signed"), readFileSync(file("signature")))).toBe(false);
    });
  }

  it("refuses a wrong password, a missing one, other kinds of keys and other encryptions, with a code", async () => {
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("k.pem"));
    openssl("pkcs8", "-topk8", "-in", file("k.pem"), "-out", file("enc.pem"), "-passout", "pass:right");
    openssl("pkcs8", "-topk8", "-scrypt", "-in", file("k.pem"), "-out", file("scrypt.pem"), "-passout", "pass:right");
    openssl("genpkey", "-algorithm", "ed25519", "-out", file("ed.pem"));
    openssl("ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", file("k1.pem"));
    const read = (name: string, password?: string): Promise<unknown> => readSigningKey(readFileSync(file(name), "utf8"), password);
    await expect(read("enc.pem")).rejects.toMatchObject({ code: "signing-key-password" });
    await expect(read("enc.pem", "wrong")).rejects.toMatchObject({ code: "signing-key-password" });
    await expect(read("scrypt.pem", "right")).rejects.toMatchObject({ code: "signing-key-unsupported" });
    await expect(read("ed.pem")).rejects.toMatchObject({ code: "signing-key-unsupported" });
    await expect(read("k1.pem")).rejects.toMatchObject({ code: "signing-key-unsupported" });
    await expect(readVerificationKey(readFileSync(file("k.pem"), "utf8"))).rejects.toMatchObject({ code: "signing-key-malformed" });
  });
});

function writeDer(publicPem: string): string {
  writeFileSync(file("public.der"), Buffer.from(publicPem.replace(/-----[^-]+-----|\s/g, ""), "base64"));
  return file("public.der");
}
