// For tests: small packages and people.

import { buildPackage, type ModelPackage } from "../packages/core/src/package/index.ts";
import { exampleManifest, exampleParts } from "../packages/core/src/package/testing.ts";
import type { Actor } from "../packages/slipway/src/audit/index.ts";

export function person(name: string): Actor {
  return { name, roles: ["developer"], groups: [], how: "local" };
}

/** A package of this name; each seed gives another model and so another digest. */
export function examplePackage(name: string, seed: number, manifest: Parameters<typeof exampleManifest>[0] = {}): Promise<ModelPackage> {
  return buildPackage(exampleParts({
    manifest: exampleManifest({ name, version: `1.${seed}.0`, lineage: [], ...manifest }),
    model: Uint8Array.from({ length: 3000 }, (_, i) => (i * 37 + seed * 101 + (i >> 8) * seed) & 255),
  }));
}
