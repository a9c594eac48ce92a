import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { certificatesOfPem, generateSigningKey, readSigningKey, readVerificationKey, writePrivateKey } from "./index.ts";
import { verificationKeyOfSpki } from "./keys.ts";
import { verifyChain } from "./x509.ts";

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

  it("Ed25519: what we write and sign OpenSSL reads and verifies, and the other way round", async () => {
    const { key, pkcs8 } = await generateSigningKey("Ed25519");
    writeFileSync(file("ours.pem"), await writePrivateKey(pkcs8));
    writeFileSync(file("ours.enc.pem"), await writePrivateKey(pkcs8, "correct horse"));
    writeFileSync(file("message"), message);
    const signature = await key.sign(message);
    expect([signature.length, key.publicKey.curve]).toEqual([64, "Ed25519"]);
    writeFileSync(file("signature"), signature);
    expect(openssl("pkey", "-in", file("ours.pem"), "-pubout")).toBe(key.publicKey.pem);
    expect(openssl("pkey", "-in", file("ours.enc.pem"), "-passin", "pass:correct horse", "-pubout")).toBe(key.publicKey.pem);
    writeFileSync(file("public.pem"), key.publicKey.pem);
    expect(openssl("pkeyutl", "-verify", "-pubin", "-inkey", file("public.pem"), "-rawin", "-in", file("message"), "-sigfile", file("signature"))).toContain("Verified Successfully");
    // What a caller asks of ECDSA's hash changes nothing.
    expect(Buffer.from(await key.sign(message, "SHA-256")).equals(Buffer.from(signature))).toBe(true);

    openssl("genpkey", "-algorithm", "ed25519", "-out", file("theirs.pem"));
    openssl("pkcs8", "-topk8", "-in", file("theirs.pem"), "-out", file("theirs.enc.pem"), "-passout", "pass:pa ss");
    openssl("pkeyutl", "-sign", "-inkey", file("theirs.pem"), "-rawin", "-in", file("message"), "-out", file("signature"));
    const theirs = await readVerificationKey(openssl("pkey", "-in", file("theirs.pem"), "-pubout"));
    expect((await readSigningKey(readFileSync(file("theirs.enc.pem"), "utf8"), "pa ss")).publicKey.id).toBe(theirs.id);
    const made = readFileSync(file("signature"));
    const last = Uint8Array.from(made, (b, i) => (i === 63 ? b ^ 1 : b));
    expect(await Promise.all([theirs.verify(message, made), theirs.verify(message, made, "SHA-512"), theirs.verify(new TextEncoder().encode("what was signed"), made), theirs.verify(message, last), theirs.verify(message, made.subarray(1)), theirs.verify(message, new Uint8Array(0)), key.publicKey.verify(message, made)])).toEqual([true, true, false, false, false, false, false]);
    // A signature of a curve is none of Ed25519, and the other way round.
    const curve = (await generateSigningKey("P-256")).key;
    expect([await theirs.verify(message, await curve.sign(message)), await curve.publicKey.verify(message, made)]).toEqual([false, false]);
  });

  it("Ed25519: a chain of certificates of OpenSSL's leads to its root, and to no other", async () => {
    const authority = (name: string): Uint8Array => {
      openssl("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", file(`${name}.key`), "-out", file(`${name}.crt`), "-days", "30", "-subj", "/CN=root", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign");
      return certificatesOfPem(readFileSync(file(`${name}.crt`), "utf8"))[0]!;
    };
    const [root, other] = [authority("root"), authority("other")];
    openssl("req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", file("leaf.key"), "-out", file("leaf.csr"), "-subj", "/CN=release");
    writeFileSync(file("leaf.ext"), "keyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n");
    openssl("x509", "-req", "-in", file("leaf.csr"), "-CA", file("root.crt"), "-CAkey", file("root.key"), "-CAcreateserial", "-days", "20", "-extfile", file("leaf.ext"), "-out", file("leaf.crt"));
    const chain = certificatesOfPem(readFileSync(file("leaf.crt"), "utf8"));
    expect((await verifyChain(chain, [other, root])).commonName).toBe("release");
    await expect(verifyChain(chain, [other])).rejects.toMatchObject({ code: "certificate-untrusted" });
    expect((await verificationKeyOfSpki((await verifyChain(chain, [root])).spki)).curve).toBe("Ed25519");
  });

  it("refuses a wrong password, a missing one, other kinds of keys and other encryptions, with a code", async () => {
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file("k.pem"));
    openssl("pkcs8", "-topk8", "-in", file("k.pem"), "-out", file("enc.pem"), "-passout", "pass:right");
    openssl("pkcs8", "-topk8", "-scrypt", "-in", file("k.pem"), "-out", file("scrypt.pem"), "-passout", "pass:right");
    openssl("genpkey", "-algorithm", "ed448", "-out", file("ed.pem"));
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
