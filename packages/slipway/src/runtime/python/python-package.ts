// A model that Python runs as the parts of a package, for what looks at packages: the gate, the card. It is no package that can be
// stored: what runs is the file or folder that was trusted, by its digest.

import { VERSION } from "@slipway/core/base";
import { buildPackage, writeCard, type ModelPackage } from "@slipway/core/package";
import type { OpenedPython } from "./open-python.ts";
import type { PythonSource } from "./source.ts";

export type PythonPackage = ModelPackage & { readonly python: PythonSource };

export async function pythonPackage({ source, checks, facts }: OpenedPython): Promise<PythonPackage> {
  const { signature, digest, python } = source;
  const manifest = {
    name: source.manifest.name, version: source.manifest.version, lineage: [], tool: { name: "slipway", version: VERSION },
    source: { file: facts.file, sha256: digest.slice("sha256:".length), bytes: facts.bytes, format: `Python, ${facts.style}`, producer: { Python: facts.python, ...facts.libraries }, rootClass: facts.class },
  };
  const limitations = [
    "Python runs it: its own code, in a process of its own. It is not compiled, and not read before it runs.",
    ...(facts.sandbox.length === 0 ? ["Nothing keeps its process from the rest of the machine."] : [`Its process is kept from the rest by: ${facts.sandbox.join(", ")}.`]),
  ];
  const built = await buildPackage({ manifest, model: new Uint8Array(0), signature, checks, profile: null, sbom: null, card: writeCard({ manifest, signature, compiled: false, facts: { limitations } }) });
  return { ...built, digest, python: python! };
}
