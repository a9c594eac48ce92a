// Statements about a package, signed and attached where it is: in its file or folder, or in its registry.

import { attest, type SigningKey } from "@slipway/core/signing";
import { usageError } from "./command.ts";
import { attachWhere, closeSignable, readSignable } from "./signable.ts";

/** How cosign, too, calls a CycloneDX document. */
export const BOM_PREDICATE = "https://cyclonedx.org/bom";

/** @throws bad-argument where there is no package, or not the one that was tested, and what attaching throws */
export async function attestReport(target: string, digest: string, key: SigningKey, statements: readonly (readonly [predicateType: string, predicate: unknown])[]): Promise<void> {
  const signable = await readSignable(target);
  try {
    if (signable.kind === "files") throw usageError("bad-argument", `${JSON.stringify(target)} is no package: there is nothing to attach the report to`, { hint: "Pack it first: slipway pack." });
    if (signable.package.digest !== digest) throw usageError("bad-argument", `${JSON.stringify(target)} is another package than the one that was tested`, { hint: "It was changed meanwhile. Test it again." });
    let pkg = signable.package;
    const before = pkg.attachments.length;
    for (const [predicateType, predicate] of statements) pkg = await attest(pkg, predicateType, predicate, key);
    await attachWhere(signable, target, pkg.attachments.slice(before));
  } finally {
    await closeSignable(signable);
  }
}
