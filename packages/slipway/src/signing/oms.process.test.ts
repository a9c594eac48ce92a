// OpenSSF Model Signing with its reference tool, `model_signing`: it verifies what we sign, we verify what it signs, and both
// refuse the same changes.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attach, packageFiles, readSlip, writeSlip, type ModelPackage } from "@slipway/core/package";
import { certificatesOfPem, generateSigningKey, packageSignatures, readSigningKey, signModel, signPackage, verifyModel, verifyPackage, writePrivateKey, MODEL_SIGNATURE_ATTACHMENT, type Curve, type SigningKey } from "@slipway/core/signing";
import { pythonWith } from "../../../../scripts/testing-python.ts";
import { testPackage } from "../server/models/testing-packages.ts";
import { filesOf } from "./index.ts";

const python = pythonWith("model_signing", "OpenSSL");
let folder: string;
let pkg: ModelPackage;
let key: SigningKey;
const path = (...names: string[]): string => join(folder, ...names);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-oms-"));
  pkg = await readSlip(await testPackage({ name: "churn" }));
  const made = await generateSigningKey();
  key = made.key;
  writeFileSync(path("key.pem"), await writePrivateKey(made.pkcs8));
  writeFileSync(path("pub.pem"), key.publicKey.pem);
});
afterAll(() => {
  process_?.stdin!.end();
  rmSync(folder, { recursive: true, force: true });
});

function unpack(name: string): string {
  for (const { path: file, bytes } of packageFiles(pkg)) write(join(path(name), file), bytes);
  return path(name);
}
function write(file: string, bytes: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}

/** The tool's command line, many times in one process: importing it takes seconds. */
let process_: ChildProcess | undefined;
let answers: AsyncIterator<string>;
async function toolSays(...args: string[]): Promise<boolean> {
  if (process_ === undefined) {
    process_ = spawn(python!, [join(import.meta.dirname, "run_model_signing.py")], { stdio: ["pipe", "pipe", "ignore"] });
    answers = createInterface({ input: process_.stdout! })[Symbol.asyncIterator]();
  }
  process_.stdin!.write(`${JSON.stringify(args)}\n`);
  return JSON.parse((await answers.next()).value as string) as boolean;
}
const tool = async (...args: string[]): Promise<void> => expect(await toolSays(...args), args.join(" ")).toBe(true);

describe.skipIf(python === undefined)("with the reference tool", () => {
  it("what we sign as a folder it verifies, and what it signs we verify, names in its order", async () => {
    const model = unpack("both");
    for (const name of ["a-b", "a/b", "a/b.c", "a.txt", "Z", "ä", "\u{1f600}", "\uffee", ".hidden/x"]) write(join(model, name), name);
    write(join(model, "empty"), "");
    await tool("sign", "key", model, "--private_key", path("key.pem"), "--signature", join(model, "model.sig"));
    const theirs = readFileSync(join(model, "model.sig"));
    const signed = await verifyModel(await filesOf(model), theirs, [key.publicKey], { own: ["model.sig"] });
    expect(signed.resources).toHaveLength(packageFiles(pkg).length + 10);
    expect(signed.ignored).toContain("model.sig");

    const ours = await signModel(await filesOf(model), key, { ignored: ["model.sig"] });
    const names = (bundle: Uint8Array): string[] => ((JSON.parse(Buffer.from((JSON.parse(Buffer.from(bundle).toString()) as { dsseEnvelope: { payload: string } }).dsseEnvelope.payload, "base64").toString())) as { predicate: { resources: { name: string }[] } }).predicate.resources.map((r) => r.name);
    expect(names(ours)).toEqual(names(theirs));
    writeFileSync(join(model, "model.sig"), ours);
    await tool("verify", "key", model, "--public_key", path("pub.pem"), "--signature", join(model, "model.sig"));
  });

  it("what we sign as a .slip it verifies on the unpacked files, and what it signs there holds for the .slip", async () => {
    const model = unpack("slip");
    const signed = await readSlip(writeSlip(await signPackage(pkg, key)));
    expect(signed.digest).toBe(pkg.digest);
    const [signature] = packageSignatures(signed);
    writeFileSync(path("slip.sig"), signature!.bytes);
    await tool("verify", "key", model, "--public_key", path("pub.pem"), "--signature", path("slip.sig"));

    await tool("sign", "key", model, "--private_key", path("key.pem"), "--signature", path("theirs.sig"));
    expect((await verifyPackage(pkg, [key.publicKey], readFileSync(path("theirs.sig")))).files).toHaveLength(packageFiles(pkg).length);
    const attached = await attach(pkg, { ...MODEL_SIGNATURE_ATTACHMENT, bytes: readFileSync(path("theirs.sig")) });
    expect((await verifyPackage(await readSlip(writeSlip(attached)), [key.publicKey])).key.id).toBe(key.publicKey.id);
  });

  it("one file that is the whole model", async () => {
    write(path("model.pkl"), "pickled");
    await tool("sign", "key", path("model.pkl"), "--private_key", path("key.pem"), "--signature", path("file.sig"));
    await verifyModel(await filesOf(path("model.pkl")), readFileSync(path("file.sig")), [key.publicKey]);
    writeFileSync(path("file.sig"), await signModel(await filesOf(path("model.pkl")), key));
    await tool("verify", "key", path("model.pkl"), "--public_key", path("pub.pem"), "--signature", path("file.sig"));
  });

  it("files in shards", async () => {
    const model = path("shards");
    write(join(model, "weights"), Buffer.alloc(2500, 7));
    write(join(model, "exact"), Buffer.alloc(2000, 8));
    const script = `import sys, model_signing as m; m.signing.Config().use_elliptic_key_signer(private_key=sys.argv[2]).set_hashing_config(m.hashing.Config().use_shard_serialization(shard_size=1000)).sign(sys.argv[1], sys.argv[3])`;
    execFileSync(python!, ["-c", script, model, path("key.pem"), path("shards.sig")]);
    const verify = async (): Promise<unknown> => verifyModel(await filesOf(model), readFileSync(path("shards.sig")), [key.publicKey]);
    expect(await verify()).toMatchObject({ shardSize: 1000 });
    appendFileSync(join(model, "weights"), "x");
    await expect(verify()).rejects.toMatchObject({ code: "signed-files-differ" });
  });

  for (const curve of ["P-384", "P-521"] as Curve[]) {
    it(`keys on ${curve}, encrypted ones too`, async () => {
      const model = unpack(curve);
      const made = await generateSigningKey(curve);
      writeFileSync(path(`${curve}.pem`), await writePrivateKey(made.pkcs8, "secret"));
      writeFileSync(path(`${curve}.pub`), made.key.publicKey.pem);
      writeFileSync(path(`${curve}.plain.pem`), await writePrivateKey(made.pkcs8));
      await tool("sign", "key", model, "--private_key", path(`${curve}.plain.pem`), "--signature", path(`${curve}.sig`));
      await verifyModel(await filesOf(model), readFileSync(path(`${curve}.sig`)), [made.key.publicKey]);
      writeFileSync(path(`${curve}.sig`), await signModel(await filesOf(model), await readSigningKey(readFileSync(path(`${curve}.pem`), "utf8"), "secret")));
      await tool("verify", "key", model, "--public_key", path(`${curve}.pub`), "--signature", path(`${curve}.sig`));
      expect(await toolSays("verify", "key", model, "--public_key", path("pub.pem"), "--signature", path(`${curve}.sig`))).toBe(false);
      await expect(verifyModel(await filesOf(model), readFileSync(path(`${curve}.sig`)), [key.publicKey])).rejects.toMatchObject({ code: "signature-invalid" });
    });
  }

  it("certificates: a chain through an authority in between, both ways", async () => {
    const model = unpack("certificates");
    certificates();
    const chain = ["leaf", "middle"].map((name) => certificatesOfPem(readFileSync(path(`${name}.crt`), "utf8"))[0]!);
    const roots = certificatesOfPem(readFileSync(path("root.crt"), "utf8"));
    const others = certificatesOfPem(readFileSync(path("other.crt"), "utf8"));
    const signer = await readSigningKey(readFileSync(path("leaf.key"), "utf8"));
    await tool("sign", "certificate", model, "--private_key", path("leaf.key"), "--signing_certificate", path("leaf.crt"), "--certificate_chain", path("middle.crt"), "--signature", path("cert.sig"));
    expect(await verifyModel(await filesOf(model), readFileSync(path("cert.sig")), { keys: [], roots })).toMatchObject({ certificate: "Release signer" });
    await expect(verifyModel(await filesOf(model), readFileSync(path("cert.sig")), { keys: [], roots: others })).rejects.toMatchObject({ code: "certificate-untrusted" });

    writeFileSync(path("cert.sig"), await signModel(await filesOf(model), signer, { certificates: chain }));
    await tool("verify", "certificate", model, "--certificate_chain", path("root.crt"), "--signature", path("cert.sig"));
    expect(await toolSays("verify", "certificate", model, "--certificate_chain", path("other.crt"), "--signature", path("cert.sig"))).toBe(false);
    // Signed by somebody else's key under this certificate; the authority left out; the authority in between taken from a stranger.
    const forged = await signModel(await filesOf(model), key, { certificates: chain });
    await expect(verifyModel(await filesOf(model), forged, { keys: [], roots })).rejects.toMatchObject({ code: "signature-invalid" });
    await expect(verifyModel(await filesOf(model), await signModel(await filesOf(model), signer, { certificates: [chain[0]!] }), { keys: [], roots })).rejects.toMatchObject({ code: "certificate-untrusted" });
    const server = certificatesOfPem(readFileSync(path("server.crt"), "utf8"))[0]!;
    await expect(verifyModel(await filesOf(model), await signModel(await filesOf(model), signer, { certificates: [server, chain[1]!] }), { keys: [], roots })).rejects.toMatchObject({ code: "certificate-untrusted" });
  });

  const spoil: readonly [string, (model: string) => void, string][] = [
    ["a changed file", (m) => appendFileSync(join(m, "card.md"), " "), "signed-files-differ"],
    ["a missing file", (m) => rmSync(join(m, "card.md")), "signed-files-differ"],
    ["a file that nobody signed", (m) => write(join(m, "extra.bin"), "x"), "signed-files-differ"],
    ["a file in a folder that nobody signed", (m) => write(join(m, "sub", "extra.bin"), "x"), "signed-files-differ"],
    ["two files with each other's names", (m) => {
      renameSync(join(m, "card.md"), join(m, "t"));
      renameSync(join(m, "slipway.json"), join(m, "card.md"));
      renameSync(join(m, "t"), join(m, "slipway.json"));
    }, "signed-files-differ"],
    ["a symbolic link to the same bytes", (m) => {
      renameSync(join(m, "card.md"), `${m}.card`);
      symlinkSync(`${m}.card`, join(m, "card.md"));
    }, "signed-name"],
    ["a symbolic link more", (m) => symlinkSync("card.md", join(m, "link")), "signed-name"],
  ];
  for (const [what, change, code] of spoil) {
    it(`${what} fails, there and here, whoever signed`, async () => {
      const name = what.replaceAll(" ", "-");
      const model = unpack(name);
      await tool("sign", "key", model, "--private_key", path("key.pem"), "--signature", path(`${name}.theirs`));
      writeFileSync(path(`${name}.ours`), await signModel(await filesOf(model), key));
      cpSync(model, `${model}.good`, { recursive: true });
      change(model);
      for (const signature of [path(`${name}.theirs`), path(`${name}.ours`)]) {
        expect(await toolSays("verify", "key", `${model}.good`, "--public_key", path("pub.pem"), "--signature", signature)).toBe(true);
        expect(await toolSays("verify", "key", model, "--public_key", path("pub.pem"), "--signature", signature)).toBe(false);
        await expect(filesOf(model).then((files) => verifyModel(files, readFileSync(signature), [key.publicKey]))).rejects.toMatchObject({ code });
      }
    });
  }
});

/** root -> middle -> leaf (may sign code) and server (may not); and another root. */
function certificates(): void {
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  for (const name of ["root", "middle", "leaf", "other"]) openssl("ecparam", "-name", name === "root" ? "secp384r1" : "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
  const make = (name: string, subject: string, issuer: string | undefined, extensions: string, key = name): void => {
    writeFileSync(path("ext"), extensions);
    if (issuer === undefined) openssl("req", "-new", "-x509", "-key", `${key}.key`, "-subj", subject, "-days", "30", "-out", `${name}.crt`);
    else {
      openssl("req", "-new", "-key", `${key}.key`, "-subj", subject, "-out", `${name}.csr`);
      openssl("x509", "-req", "-in", `${name}.csr`, "-CA", `${issuer}.crt`, "-CAkey", `${issuer}.key`, "-CAcreateserial", "-days", "10", "-extfile", "ext", "-out", `${name}.crt`);
    }
  };
  make("root", "/O=Example/CN=Root", undefined, "");
  make("other", "/O=Example/CN=Root", undefined, "");
  make("middle", "/O=Example/CN=Issuing", "root", "basicConstraints=critical,CA:true,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign");
  make("leaf", "/O=Example/CN=Release signer", "middle", "basicConstraints=CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning");
  make("server", "/O=Example/CN=server", "middle", "basicConstraints=CA:false\nkeyUsage=critical,keyEncipherment\nextendedKeyUsage=serverAuth", "leaf");
}
