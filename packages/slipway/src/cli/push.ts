// slipway push PKG oci://HOST/REPOSITORY:TAG, slipway push PKG oci-layout:FOLDER[:TAG]

import type { ModelPackage } from "@slipway/core/package";
import { findLayoutReference, formatLayoutReference, formatReference, isOciReference, parseReference, pushModelKit, pushPackage, RegistryStore, writeToLayout } from "../oci/index.ts";
import { openModel } from "../runtime/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { registryFlags, registryOptions } from "./registry-flags.ts";

/** Where a package went. */
interface Pushed {
  /** With its digest. */
  readonly reference: string;
  /** What to type to use it. */
  readonly short: string;
  /** Of what was written, where that is not the package itself. */
  readonly digest?: string;
}

export const push: Command = defineCommand({
  name: "push",
  summary: "a package into an OCI registry or layout folder",
  usage: "PKG oci://HOST/REPOSITORY:TAG [--format modelkit]",
  arguments: [
    { name: "PKG", help: "a package, a saved model, oci://HOST/REPOSITORY:TAG, or oci-layout:FOLDER:TAG" },
    { name: "REFERENCE", help: "where to, with the tag that names it there; or oci-layout:FOLDER[:TAG], an image layout on disk, made where there is none (the package's version is its tag by default)" },
  ],
  options: { ...registryFlags, format: { type: "string", value: "modelpack|modelkit", help: "modelpack (the default): what Slipway and tools for OCI artifacts read. modelkit: for KitOps, whose `kit unpack` gives model.slip and card.md" } },
  examples: ["slipway push churn.slip oci://ghcr.io/acme/churn:1.2.0", "slipway push oci://127.0.0.1:5000/churn:rc oci://127.0.0.1:5000/released/churn:1.2.0", "slipway push churn.slip oci-layout:./usb-stick:1.2.0", "slipway push churn.slip oci://ghcr.io/acme/churn:1.2.0-kit --format modelkit"],
  async run(call) {
    const [what, where] = call.args as [string, string];
    const format = call.text("format") ?? "modelpack";
    if (format !== "modelpack" && format !== "modelkit") throw usageError("bad-argument", `--format is ${JSON.stringify(format)}`, { hint: "Give modelpack or modelkit." });
    if (format === "modelkit" && !isOciReference(where)) throw usageError("bad-argument", "a ModelKit goes to a registry", { hint: "Give oci://HOST/REPOSITORY:TAG: kit reads no image layouts." });
    const target = await targetOf(where, isOciReference(what) ? what : undefined);
    const line = progress();
    line.update("reading ...");
    try {
      const { package: pkg, imported } = await openModel(await sourceOf(what));
      for (const warning of imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
      line.update("pushing ...");
      const { reference, short, digest = pkg.digest } = await target(pkg, call);
      line.done();
      const bytes = [...pkg.blobs.values()].reduce((sum, blob) => sum + blob.length, 0);
      if (call.flag("json")) printJson({ reference, digest, ...(format === "modelkit" ? { package: pkg.digest } : {}), name: pkg.manifest.name, version: pkg.manifest.version, bytes });
      else printResult(`pushed ${pkg.manifest.name} ${pkg.manifest.version}\n${reference}\n\nnext: ${format === "modelkit" ? `kit unpack ${short.slice("oci://".length)} && slipway serve model.slip` : `slipway serve ${short}`}`);
      return 0;
    } finally {
      line.done();
    }
  },
});

/** FOLDER:TAG of a folder that is a layout, spelt so that everything understands it. */
async function sourceOf(what: string): Promise<string> {
  const layout = await findLayoutReference(what);
  return layout === undefined ? what : formatLayoutReference(layout);
}

/** Looked at before the package is read. @throws oci-reference, bad-argument */
async function targetOf(where: string, source: string | undefined): Promise<(pkg: ModelPackage, call: Invocation) => Promise<Pushed>> {
  const expect = (pkg: ModelPackage, digest: string | undefined): void => {
    if (digest !== undefined && digest !== pkg.digest) throw usageError("bad-argument", `the package is ${pkg.digest}, not ${digest}`, { hint: "Leave the digest out, or push the package that it names." });
  };
  const layout = await findLayoutReference(where);
  if (layout !== undefined) {
    return async (pkg) => {
      expect(pkg, layout.digest);
      const written = await writeToLayout(layout, pkg);
      return { reference: formatLayoutReference(written), short: formatLayoutReference({ ...written, digest: undefined }) };
    };
  }
  const target = parseReference(where);
  if (target.tag === undefined) throw usageError("bad-argument", `${JSON.stringify(where)} has no tag`, { hint: `Name it, for example oci://${target.host}/${target.repository}:1.0.0.` });
  const from = source === undefined ? undefined : parseReference(source);
  return async (pkg, call) => {
    const kit = call.text("format") === "modelkit";
    if (!kit) expect(pkg, target.digest);
    else if (target.digest !== undefined) throw usageError("bad-argument", "a ModelKit has a digest of its own", { hint: "Leave the digest out." });
    let digest = pkg.digest;
    const store = await RegistryStore.open(target.host, target.repository, registryOptions(call));
    try {
      if (kit) ({ digest } = await pushModelKit(store, pkg, target.tag!));
      else await pushPackage(store, pkg, { tag: target.tag, mountFrom: from?.host === target.host ? from.repository : undefined });
    } finally {
      await store.close();
    }
    return { reference: formatReference({ ...target, digest }), short: formatReference({ ...target, digest: undefined }), digest };
  };
}
