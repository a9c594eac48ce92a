// slipway verify PKG|DIR|FILE --key KEY.pub: whether somebody trusted signed exactly this.

import { isAbsolute, join, relative, resolve } from "node:path";
import { verifiedAttestations, verifyModel, verifyPackage, type SignedPackage, type Trusted } from "@slipway/core/signing";
import { filesOf, readCertificateFiles, readTrustedKeys } from "../signing/index.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { printJson, printResult } from "./output.ts";
import { closeSignable, readSignable, readSignature } from "./signable.ts";

export const verify: Command = defineCommand({
  name: "verify",
  summary: "whether a trusted key signed exactly this package or these files",
  usage: "PKG|REF|DIR|FILE --key KEY.pub [--signature FILE]",
  arguments: [{ name: "PKG|REF|DIR|FILE", help: "a package (a .slip file or its folder), one in a registry (NAME:3, oci://HOST/REPOSITORY:TAG), or any other folder or file" }],
  options: {
    key: { type: "string", value: "KEY.pub", multiple: true, help: "a public key whose signature is believed (PEM); may be repeated" },
    root: { type: "string", value: "ROOT.pem", multiple: true, help: "a root certificate: signers whose certificate leads to it are believed; may be repeated" },
    signature: { type: "string", value: "FILE", help: "the signature, where it is not in the package; DIR/model.sig or FILE.sig by default" },
  },
  examples: ["slipway verify churn.slip --key .slipway/signing.key.pub", "slipway verify ./model-folder --key release.pub", "slipway verify churn.slip --root company-root.pem --signature churn.sig"],
  async run(call) {
    const target = call.args[0]!;
    if (call.texts("key").length === 0 && call.texts("root").length === 0) throw usageError("missing-argument", "verify needs to know whom to believe", { hint: "Give --key KEY.pub or --root ROOT.pem." });
    const trusted: Trusted = { keys: await readTrustedKeys(call.texts("key")), roots: await readCertificateFiles(call.texts("root")) };
    const signable = await readSignable(target);
    const given = call.text("signature");
    let signed: Pick<SignedPackage, "key" | "certificate" | "files"> & { readonly ignored?: readonly string[] };
    if (signable.kind === "files") {
      const path = given ?? (signable.folder ? join(target, "model.sig") : `${target}.sig`);
      const own = signable.folder ? ownPath(target, path) : [];
      const { resources, ...rest } = await verifyModel(await filesOf(target), await readSignature(path), trusted, { own });
      signed = { ...rest, files: resources.map((r) => r.name) };
    } else signed = await verifyPackage(signable.package, trusted, given === undefined ? undefined : await readSignature(given)).finally(() => closeSignable(signable));
    const attestations = signable.kind === "files" ? [] : await verifiedAttestations(signable.package, await readTrustedKeys(call.texts("key")));
    const digest = signable.kind === "files" ? undefined : signable.package.digest;
    const by = signed.certificate === undefined ? {} : { certificate: signed.certificate };
    if (call.flag("json")) printJson({ verified: target, key: signed.key.id, ...by, ...(digest === undefined ? {} : { digest }), files: signed.files, ignored: signed.ignored ?? [], attestations: attestations.map(({ statement, keys }) => ({ predicateType: statement.predicateType, key: keys[0]!.id, predicate: statement.predicate })) });
    else {
      printResult(`verified ${target}   ${signed.files.length} files${digest === undefined ? "" : `, ${digest}`}\nsigned by key ${signed.key.id}${signed.certificate === undefined ? "" : ` of ${JSON.stringify(signed.certificate)}`}`);
      for (const { statement } of attestations) printResult(`attested: ${statement.predicateType}${resultOf(statement.predicate)}`);
      if (signed.ignored !== undefined && signed.ignored.length > 0) printResult(`not part of it, by the signer's will: ${signed.ignored.slice(0, 20).join(", ")}`);
    }
    return 0;
  },
});

/** Of a test result, what came out. */
function resultOf(predicate: unknown): string {
  const result = (predicate as { readonly result?: unknown } | null)?.result;
  return typeof result === "string" ? `   ${result.slice(0, 40)}` : "";
}

/** The signature's own path, where it lies in the folder that it signs. */
function ownPath(folder: string, signature: string): string[] {
  const inside = relative(resolve(folder), resolve(signature));
  return inside.startsWith("..") || isAbsolute(inside) ? [] : [inside.replaceAll("\\", "/")];
}
