// Objects as YAML, one document each.

import { stringify } from "yaml";
import type { KubeObject } from "./options.ts";

export function yamlOf(object: unknown): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
}
export function yamlDocuments(objects: readonly KubeObject[]): string {
  return objects.map((object) => yamlOf(object)).join("---\n");
}
/** "03-networkpolicy.yaml" */
export function fileName(object: KubeObject, index: number): string {
  return `${String(index + 1).padStart(2, "0")}-${object.kind.toLowerCase()}.yaml`;
}
