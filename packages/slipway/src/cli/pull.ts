// slipway pull oci://HOST/REPOSITORY:TAG [-o model.slip]

import { writeSlip } from "@slipway/core/package";
import { formatReference, openReference } from "../oci/index.ts";
import { defineCommand, type Command } from "./command.ts";
import { printJson, printResult, progress } from "./output.ts";
import { registryFlags, registryOptions } from "./registry-flags.ts";
import { size } from "./size.ts";
import { writeFileWhole } from "./write-file.ts";

export const pull: Command = defineCommand({
  name: "pull",
  summary: "a package out of an OCI registry, as one file",
  usage: "oci://HOST/REPOSITORY:TAG [-o model.slip]",
  arguments: [{ name: "REFERENCE", help: "oci://HOST/REPOSITORY:TAG, or @sha256:DIGEST in place of the tag" }],
  options: {
    output: { type: "string", short: "o", value: "FILE", help: "where to write the package (NAME.slip by default)" },
    ...registryFlags,
  },
  examples: ["slipway pull oci://ghcr.io/acme/churn:1.2.0 -o churn.slip"],
  async run(call) {
    const line = progress();
    line.update("pulling ...");
    const { package: pkg, pinned } = await openReference(call.args[0]!, registryOptions(call)).finally(() => line.done());
    const output = call.text("output") ?? `${pkg.manifest.name}.slip`;
    const slip = writeSlip(pkg);
    await writeFileWhole(output, slip);
    const reference = formatReference(pinned);
    if (call.flag("json")) printJson({ output, bytes: slip.length, reference, digest: pkg.digest, name: pkg.manifest.name, version: pkg.manifest.version });
    else printResult(`pulled ${output}   ${size(slip.length)}\n${pkg.manifest.name} ${pkg.manifest.version}   ${pkg.digest}`);
    return 0;
  },
});
