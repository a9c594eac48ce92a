// Signatures of packages. What is signed are the package's files under the names its layers give them (model.onnx,
// slipway.json, signature.json ...), not the archive around them: one signature holds for the .slip file, the layout folder,
// the copy in a registry and the files unpacked by any tool, and the reference tool verifies it on the latter.

import { SlipwayError } from "../base/index.ts";
import { attach, packageFiles, type Attachment, type ModelPackage } from "../package/index.ts";
import { fromBase64, plain, toHex } from "./bytes.ts";
import { BUNDLE_TYPE, readBundle } from "./bundle.ts";
import { signingError } from "./errors.ts";
import type { SigningKey } from "./keys.ts";
import { MODEL_SIGNATURE, MODEL_SIGNATURE_ATTACHMENT, signModel, verifyModel, type ModelFiles, type SignedModel, type Trusted } from "./model-signature.ts";
import { parseStatement } from "./statement.ts";
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

/** What of a package's attachments says that it is a signature of its files. */
export function packageSignatures(pkg: Pick<ModelPackage, "attachments">): Attachment[] {
  return pkg.attachments.filter((a) => a.mediaType === BUNDLE_TYPE && predicateTypeOf(a.bytes) === MODEL_SIGNATURE);
}

/**
 * Verifies that somebody trusted signed exactly the package's files; of several signatures, one that holds is enough.
 * @param signature a signature kept apart from the package
 * @throws signature-missing, and of the signature that came nearest what verifyModel throws
 */
export async function verifyPackage(pkg: ModelPackage, trusted: Trusted, signature?: Uint8Array): Promise<SignedModel> {
  const model = filesOfPackage(pkg);
  const signatures = signature === undefined ? packageSignatures(pkg).map((a) => a.bytes) : [signature];
  if (signatures.length === 0) throw signingError("signature-missing", `${pkg.manifest.name} ${pkg.manifest.version} is not signed`, { hint: "slipway sign PKG --key KEY signs it." });
  const failures: SlipwayError[] = [];
  for (const bytes of signatures) {
    try {
      return await verifyModel(model, bytes, trusted, { strict: true });
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      failures.push(error);
    }
  }
  // Signatures by strangers say nothing; one by a trusted key over other files says most.
  throw failures.find((f) => f.code !== "signature-invalid") ?? failures[0]!;
}

/** The type of what a bundle says, read without believing it; undefined where it is none. */
export function predicateTypeOf(bundle: Uint8Array): string | undefined {
  try {
    return parseStatement(fromBase64(readBundle(bundle).envelope.payload)!).predicateType;
  } catch {
    return undefined;
  }
}
