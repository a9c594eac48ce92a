// --require-signature: whose signature a package must have.

import type { TrustedSigners } from "../runtime/index.ts";
import { readFile } from "node:fs/promises";
import type { OptionSpec } from "./command.ts";

export const requireSignatureOption: OptionSpec = { type: "string", value: "KEY.pub", multiple: true, help: "take only a package that the owner of this public key signed (PEM); may be repeated" };

/** Read and checked now, so that a wrong file is told before anything is opened. Undefined where nothing is asked. */
export async function trustedSigners(keys: readonly string[] = [], roots: readonly string[] = []): Promise<TrustedSigners | undefined> {
  if (keys.length === 0 && roots.length === 0) return undefined;
  const { readCertificateFiles, readTrustedKeys } = await import("../signing/index.ts");
  const trusted = await readTrustedKeys(keys);
  await readCertificateFiles(roots);
  return { keys: trusted.map((key) => key.pem), roots: await Promise.all(roots.map((path) => readFile(path, "utf8"))) };
}
