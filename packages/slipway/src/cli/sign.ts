// slipway sign PKG|DIR|FILE --key KEY

import { writeSlip } from "@slipway/core/package";
import { signModel, signPackage, type SigningKey } from "@slipway/core/signing";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { filesOf, readCertificateFiles, signArtifact } from "../signing/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { attachWhere, closeSignable, readSignable, type Signable } from "./signable.ts";
import { DEFAULT_KEY, passwordOption, signingKeyOf } from "./signing-key.ts";
import { printJson, printResult } from "./output.ts";
import { writeFileWhole } from "./write-file.ts";

export const sign: Command = defineCommand({
  name: "sign",
  summary: "sign a package, or any model's files, with a private key",
  usage: "PKG|REF|DIR|FILE [--key KEY] [--signature FILE] [-o OUT.slip]",
  arguments: [{ name: "PKG|REF|DIR|FILE", help: "a package (a .slip file or its folder), one in a registry (NAME:3, oci://HOST/REPOSITORY:TAG), or any other folder or file" }],
  options: {
    key: { type: "string", value: "KEY", help: `the private key, PEM (${DEFAULT_KEY} by default)` },
    "password-file": passwordOption,
    certificate: { type: "string", value: "FILE", multiple: true, help: "the key's certificate and those between it and the root (PEM), which the signature then carries; may be repeated, the key's own first" },
    signature: { type: "string", value: "FILE", help: "write the signature to this file and leave the model as it is; for what is no package DIR/model.sig or FILE.sig by default" },
    output: { type: "string", short: "o", value: "OUT.slip", help: "write the signed package here; into the package itself by default" },
  },
  examples: ["slipway keys signing create", "slipway sign churn.slip", "slipway sign churn.slip --key release.key -o churn-signed.slip", "slipway sign oci://registry.example/team/churn:1.2.0 --key release.key", "slipway sign ./model-folder --key release.key"],
  async run(call) {
    const target = call.args[0]!;
    const key = await signingKeyOf(call, call.text("key") ?? DEFAULT_KEY);
    const certificates = await certificatesFor(key, call.texts("certificate"));
    const signable = await readSignable(target);
    try {
      return await signed(call, target, signable, key, certificates);
    } finally {
      await closeSignable(signable);
    }
  },
});

async function signed(call: Invocation, target: string, signable: Signable, key: SigningKey, certificates: readonly Uint8Array[]): Promise<number> {
  const output = call.text("output");
  if (output !== undefined && signable.kind !== "slip") throw usageError("bad-argument", "-o is for .slip files", { hint: "--signature FILE writes the signature alone." });
  const apart = call.text("signature");
  let written: string;
  if (signable.kind === "files") {
    written = apart ?? (signable.folder ? join(target, "model.sig") : `${target}.sig`);
    const own = signable.folder && apart === undefined ? ["model.sig"] : [];
    await writeFileWhole(written, await signModel(await filesOf(target), key, { ignored: own, certificates }));
  } else {
    const pkg = await signPackage(signable.package, key, { certificates });
    const made = pkg.attachments.at(-1)!;
    written = apart ?? output ?? target;
    if (apart !== undefined) await writeFileWhole(apart, made.bytes);
    else if (signable.kind === "artifact") await signArtifact(signable.store, signable.repository, signable.package, key, { certificates });
    else if (signable.kind !== "slip") await attachWhere(signable, target, [made]);
    else await writeFileWhole(written, writeSlip(pkg));
  }
  const digest = signable.kind === "files" ? undefined : signable.package.digest;
  if (call.flag("json")) printJson({ signed: target, key: key.publicKey.id, written, ...(digest === undefined ? {} : { digest }) });
  else printResult(`signed ${target}${digest === undefined ? "" : `   ${digest}`}\nby key ${key.publicKey.id}, written to ${written}\n\nnext: slipway verify ${written === target || apart !== undefined ? target : written} --key ${publicHalf(call)}${apart === undefined ? "" : ` --signature ${apart}`}`);
  return 0;
}

/** Beside the private one, as `keys signing create` writes it. */
function publicHalf(call: Invocation): string {
  const path = `${call.text("key") ?? DEFAULT_KEY}.pub`;
  return existsSync(path) ? path : "KEY.pub";
}

/** Certificates must be about this key. */
async function certificatesFor(key: SigningKey, paths: readonly string[]): Promise<readonly Uint8Array[]> {
  if (paths.length === 0) return [];
  const certificates = await readCertificateFiles(paths);
  const { parseCertificate, verificationKeyOfSpki } = await import("@slipway/core/signing");
  if ((await verificationKeyOfSpki(parseCertificate(certificates[0]!).spki)).id !== key.publicKey.id) {
    throw usageError("bad-argument", `the certificate in ${paths[0]!} is about another key`, { hint: "Give the key's own certificate first." });
  }
  return certificates;
}

