// What is in an image, as CycloneDX 1.6: the base, Node, ONNX Runtime, the server with the packages of others in it, Python and
// its packages where a model needs them, and the models with their own digests. Deterministic: the serial number comes from what is described.

import { createHash } from "node:crypto";
import { VERSION } from "@slipway/core/base";
import { toJsonBytes } from "@slipway/core/package";
import type { BuiltImage, StoredImage } from "./build-image.ts";
import { NODE_VERSION } from "./node-binary.ts";
import { pythonComponents } from "./python/python-model.ts";

export const SBOM_TYPE = "application/vnd.cyclonedx+json";

export function imageSbom(built: BuiltImage, stored: StoredImage, givenNode: boolean): Uint8Array {
  const npm = (name: string, version: string, license: string): object => {
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    return { type: "library", "bom-ref": purl, name, version, purl, licenses: [{ expression: license }] };
  };
  const hash = createHash("sha256").update(stored.descriptor.digest).digest("hex");
  const image = { type: "container", "bom-ref": stored.descriptor.digest, name: built.annotations["org.opencontainers.image.title"] ?? "image", version: stored.descriptor.digest, hashes: [sha256Of(stored.descriptor.digest)] };
  const components = [
    { type: "container", "bom-ref": "base", name: built.base.reference ?? "base", ...(built.base.digest === undefined ? {} : { version: built.base.digest, hashes: [sha256Of(built.base.digest)] }) },
    { type: "platform", "bom-ref": "node", name: "node", ...(givenNode ? {} : { version: NODE_VERSION, purl: `pkg:generic/nodejs@${NODE_VERSION}`, licenses: [{ license: { name: "Node.js" } }] }) },
    { type: "application", "bom-ref": "slipway", name: "slipway", version: VERSION, purl: `pkg:npm/slipway@${VERSION}`, licenses: [{ expression: "Apache-2.0" }] },
    npm("onnxruntime-node", built.onnxRuntime, "MIT"),
    npm("onnxruntime-common", built.onnxRuntime, "MIT"),
    ...built.bundled.map(({ name, version, license }) => npm(name, version, license)),
    ...(built.python === undefined ? [] : pythonComponents(built.python)),
    ...built.models.map(({ digest, name, version, licenses }) => ({ type: "machine-learning-model", "bom-ref": digest, name, version, hashes: [sha256Of(digest)], ...(licenses === undefined ? {} : { licenses: licenses.map((id) => ({ license: { name: id } })) }) })),
  ];
  return toJsonBytes({
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`,
    version: 1,
    metadata: { timestamp: built.annotations["org.opencontainers.image.created"], tools: { components: [{ type: "application", name: "slipway", version: VERSION }] }, component: image },
    components,
    dependencies: [{ ref: image["bom-ref"], dependsOn: components.map((c) => (c as { "bom-ref": string })["bom-ref"]) }],
  }, 2);
}

function sha256Of(digest: string): object {
  return { alg: "SHA-256", content: digest.slice("sha256:".length) };
}
