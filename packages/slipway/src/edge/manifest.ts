// edge.json: what is in the folder, with the integrity of every file (Subresource Integrity, sha384).

import { VERSION } from "@slipway/core/base";
import { toJsonBytes } from "@slipway/core/package";
import { integrityOf } from "./integrity.ts";
import type { EdgePlan, Target } from "./plan.ts";

export const MANIFEST = "edge.json";

export function manifestBytes({ package: { manifest, digest }, file, engine, files }: EdgePlan, target: Target): Uint8Array {
  return toJsonBytes({
    name: manifest.name, version: manifest.version, digest, target, engine, package: file,
    tool: { name: "slipway", version: VERSION },
    files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => [path, { bytes: bytes.length, integrity: integrityOf(bytes) }])),
  });
}
