// slipway push PKG oci://HOST/REPOSITORY:TAG

import { formatReference, isOciReference, parseReference, pushPackage, RegistryStore } from "../oci/index.ts";
import { openModel } from "../runtime/index.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { registryFlags, registryOptions } from "./registry-flags.ts";

export const push: Command = defineCommand({
  name: "push",
  summary: "a package into an OCI registry",
  usage: "PKG oci://HOST/REPOSITORY:TAG",
  arguments: [
    { name: "PKG", help: "a package, a saved model, or oci://HOST/REPOSITORY:TAG" },
    { name: "REFERENCE", help: "where to, with the tag that names it there" },
  ],
  options: registryFlags,
  examples: ["slipway push churn.slip oci://ghcr.io/acme/churn:1.2.0", "slipway push oci://127.0.0.1:5000/churn:rc oci://127.0.0.1:5000/released/churn:1.2.0"],
  async run(call) {
    const [what, where] = call.args as [string, string];
    const target = parseReference(where);
    if (target.tag === undefined) throw usageError("bad-argument", `${JSON.stringify(where)} has no tag`, { hint: `Name it, for example oci://${target.host}/${target.repository}:1.0.0.` });
    const source = isOciReference(what) ? parseReference(what) : undefined;
    const line = progress();
    line.update("reading ...");
    try {
      const { package: pkg, imported } = await openModel(what);
      for (const warning of imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
      if (target.digest !== undefined && target.digest !== pkg.digest) throw usageError("bad-argument", `the package is ${pkg.digest}, not ${target.digest}`);
      line.update("pushing ...");
      const store = await RegistryStore.open(target.host, target.repository, registryOptions(call));
      try {
        await pushPackage(store, pkg, { tag: target.tag, mountFrom: source?.host === target.host ? source.repository : undefined });
      } finally {
        await store.close();
      }
      line.done();
      const reference = formatReference({ ...target, digest: pkg.digest });
      const bytes = [...pkg.blobs.values()].reduce((sum, blob) => sum + blob.length, 0);
      if (call.flag("json")) printJson({ reference, digest: pkg.digest, name: pkg.manifest.name, version: pkg.manifest.version, bytes });
      else printResult(`pushed ${pkg.manifest.name} ${pkg.manifest.version}\n${reference}\n\nnext: slipway serve ${formatReference({ ...target, digest: undefined })}`);
      return 0;
    } finally {
      line.done();
    }
  },
});
