// Signatures of packages. What is signed are the package's files under the names its layers give them (model.onnx,
// slipway.json, signature.json ...), not the archive around them: one signature holds for the .slip file, the layout folder,
// the copy in a registry and the files unpacked by any tool, and the reference tool verifies it on the latter.

import { SlipwayError } from "../base/index.ts";
import { attach, packageFiles, type Attachment, type ModelPackage } from "../package/index.ts";
import { plain, toHex } from "./bytes.ts";
import { BUNDLE_TYPE, readBundle } from "./bundle.ts";
import { COSIGN_SIGN, isBundle, simpleSignatureOf, verifySimple } from "./cosign.ts";
import { signingError } from "./errors.ts";
import type { SigningKey, VerificationKey } from "./keys.ts";
import { MODEL_SIGNATURE, MODEL_SIGNATURE_ATTACHMENT, signModel, trustedOf, verifyModel, type ModelFiles, type Trusted } from "./model-signature.ts";
import { predicateTypeOf } from "./predicate-type.ts";
import { verifyStatement } from "./statement.ts";
import { subtle } from "./subtle.ts";

export function filesOfPackage(pkg: ModelPackage): ModelFiles {
  const files = new Map(packageFiles(pkg).map(({ path, bytes }) => [path, bytes]));
  return {
    name: pkg.manifest.name,
    sizes: new Map([...files].map(([path, bytes]) => [path, bytes.length])),
    async sha256(path, start, end) {
      return toHex(new Uint8Array(await subtle().digest("SHA-256", plain(files.get(path)!.subarray(start, end)))));
    },
  };
}

/** The package with one more signature attached. Its digest stays. */
export async function signPackage(pkg: ModelPackage, key: SigningKey, options: { readonly certificates?: readonly Uint8Array[] } = {}): Promise<ModelPackage> {
  return attach(pkg, { ...MODEL_SIGNATURE_ATTACHMENT, bytes: await signModel(filesOfPackage(pkg), key, options) });
}

/** What a valid signature of a package says. */
export interface SignedPackage {
  /** Which of the given keys signed, or the key of the signer's certificate. */
  readonly key: VerificationKey;
  /** The common name of the signer's certificate, where it was verified by one. */
  readonly certificate?: string;
  /** The package's files, all of which are signed: one by one (OMS), or by the digest of the manifest that names them (cosign). */
  readonly files: readonly string[];
  readonly form: "oms" | "cosign";
}

/** What of a package's attachments says that it is a signature of its files. */
export function packageSignatures(pkg: Pick<ModelPackage, "attachments">): Attachment[] {
  return pkg.attachments.filter((a) => isBundle(a) && predicateTypeOf(a.bytes) === MODEL_SIGNATURE);
}

/**
 * Verifies that somebody trusted signed exactly this package; of several signatures, one that holds is enough.
 * @param signature a signature kept apart from the package
 * @throws signature-missing, and of the signature that came nearest what verifyModel throws
 */
export async function verifyPackage(pkg: ModelPackage, trusted: Trusted, signature?: Uint8Array): Promise<SignedPackage> {
  const candidates = signature === undefined ? pkg.attachments.map((a) => attempt(pkg, trusted, a)) : [attempt(pkg, trusted, { mediaType: BUNDLE_TYPE, bytes: signature, annotations: {} }, true)];
  const failures: SlipwayError[] = [];
  for (const verify of candidates) {
    if (verify === undefined) continue;
    try {
      return await verify();
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      failures.push(error);
    }
  }
  if (failures.length === 0) throw signingError("signature-missing", `${pkg.manifest.name} ${pkg.manifest.version} is not signed`, { hint: "slipway sign PKG --key KEY signs it." });
  // Signatures by strangers say nothing; one by a trusted key over other files says most.
  throw failures.find((f) => f.code !== "signature-invalid") ?? failures[0]!;
}

/** How this attachment is verified as a signature of the package; undefined where it is none. */
function attempt(pkg: ModelPackage, trusted: Trusted, attachment: Pick<Attachment, "mediaType" | "bytes" | "annotations">, given = false): (() => Promise<SignedPackage>) | undefined {
  const { keys } = trustedOf(trusted);
  const files = (): string[] => packageFiles(pkg).map((f) => f.path);
  const simple = simpleSignatureOf(attachment);
  if (simple !== undefined) return async () => ({ key: await verifySimple(simple, pkg.digest, keys), files: files(), form: "cosign" });
  if (!isBundle(attachment)) return undefined;
  const type = predicateTypeOf(attachment.bytes);
  if (type === COSIGN_SIGN) return async () => ({ key: (await verifyStatement(readBundle(attachment.bytes).envelope, keys, { predicateType: COSIGN_SIGN, digest: pkg.digest })).keys[0]!, files: files(), form: "cosign" });
  if (type !== MODEL_SIGNATURE && !given) return undefined;
  return async () => {
    const { key, certificate, resources } = await verifyModel(filesOfPackage(pkg), attachment.bytes, trusted, { strict: true });
    return { key, ...(certificate === undefined ? {} : { certificate }), files: resources.map((r) => r.name), form: "oms" };
  };
}
