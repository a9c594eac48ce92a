// slipway pull oci://HOST/REPOSITORY:TAG [-o model.slip], slipway pull oci-layout:FOLDER[:TAG]

import { writeSlip, type ModelPackage } from "@slipway/core/package";
import { findLayoutReference, formatLayoutReference, formatReference, openReference, readFromLayout, writeToLayout } from "../oci/index.ts";
import { defineCommand, type Command, type Invocation } from "./command.ts";
import { printJson, printResult, progress } from "./output.ts";
import { registryFlags, registryOptions } from "./registry-flags.ts";
import { size } from "./size.ts";
import { writeFileWhole } from "./write-file.ts";

export const pull: Command = defineCommand({
  name: "pull",
  summary: "a package out of an OCI registry or layout folder, as one file",
  usage: "oci://HOST/REPOSITORY:TAG [-o model.slip]",
  arguments: [{ name: "REFERENCE", help: "oci://HOST/REPOSITORY:TAG, or @sha256:DIGEST in place of the tag; oci-layout:FOLDER:TAG, or the folder of an image layout" }],
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "where to write the package (NAME.slip by default); oci-layout:FOLDER[:TAG] puts it into an image layout" },
    ...registryFlags,
  },
  examples: ["slipway pull oci://ghcr.io/acme/churn:1.2.0 -o churn.slip", "slipway pull oci-layout:./usb-stick:1.2.0"],
  async run(call) {
    const line = progress();
    line.update("pulling ...");
    const { pkg, reference } = await open(call).finally(() => line.done());
    const given = call.text("output") ?? `${pkg.manifest.name}.slip`;
    const layout = await findLayoutReference(given);
    const slip = writeSlip(pkg);
    const output = layout === undefined ? given : formatLayoutReference({ ...(await writeToLayout(layout, pkg)), digest: undefined });
    if (layout === undefined) await writeFileWhole(output, slip);
    if (call.flag("json")) printJson({ output, bytes: slip.length, reference, digest: pkg.digest, name: pkg.manifest.name, version: pkg.manifest.version });
    else printResult(`pulled ${output}   ${size(slip.length)}\n${pkg.manifest.name} ${pkg.manifest.version}   ${pkg.digest}`);
    return 0;
  },
});

async function open(call: Invocation): Promise<{ readonly pkg: ModelPackage; readonly reference: string }> {
  const argument = call.args[0]!;
  const layout = await findLayoutReference(argument);
  if (layout !== undefined) {
    const pkg = await readFromLayout(layout);
    return { pkg, reference: formatLayoutReference({ ...layout, digest: pkg.digest }) };
  }
  const { package: pkg, pinned } = await openReference(argument, registryOptions(call));
  return { pkg, reference: formatReference(pinned) };
}
