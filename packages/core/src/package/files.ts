// A package's files by name, as its layers name them: what a tool that unpacks the artifact writes into a folder.

import { packageError } from "./errors.ts";
import { JsonObject, parseJson, type Fail } from "./json.ts";
import { FILEPATH } from "./oci.ts";
import type { ModelPackage } from "./types.ts";

const malformed: Fail = (message, where) => packageError("package-malformed", message, { where });

/** In the order of the layers. A layer without a name goes by the path of its blob. */
export function packageFiles(pkg: Pick<ModelPackage, "digest" | "blobs">): { readonly path: string; readonly bytes: Uint8Array }[] {
  const manifest = new JsonObject(parseJson(pkg.blobs.get(pkg.digest)!, "manifest", malformed), "manifest", malformed);
  return manifest.array("layers", 1000, (item, where) => {
    const layer = new JsonObject(item, where, malformed);
    const digest = layer.string("digest");
    const annotations = layer.has("annotations") ? layer.texts("annotations") : {};
    const bytes = pkg.blobs.get(digest);
    if (bytes === undefined) throw packageError("package-missing-part", `the blob ${digest} is not there`, { where });
    return { path: Object.hasOwn(annotations, FILEPATH) ? annotations[FILEPATH]! : `blobs/${digest.replace(":", "/")}`, bytes };
  });
}
