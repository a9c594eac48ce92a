// A Kustomize base, and an overlay that shows where to set what differs between environments.

import type { KubeObject, KubernetesOptions } from "./options.ts";
import { fileName, yamlOf } from "./write-yaml.ts";

export function kustomizeFiles(options: KubernetesOptions, objects: readonly KubeObject[]): ReadonlyMap<string, string> {
  const files = new Map(objects.map((object, i): [string, string] => [`base/${fileName(object, i)}`, yamlOf(object)]));
  const resources = [...files.keys()].map((path) => path.slice("base/".length));
  files.set("base/kustomization.yaml", yamlOf({ apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources }));
  const scaled = objects.some((object) => object.kind === "HorizontalPodAutoscaler");
  const [name, digest] = options.image.split("@") as [string, string | undefined];
  const tag = /:([^:/]+)$/.exec(name)?.[1];
  const image = tag === undefined ? name : name.slice(0, -tag.length - 1);
  files.set("overlays/production/kustomization.yaml", yamlOf({
    apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources: ["../../base"],
    images: [{ name: image, ...(digest === undefined ? (tag === undefined ? {} : { newTag: tag }) : { digest }) }],
    ...(scaled ? { patches: [{ target: { kind: "HorizontalPodAutoscaler" }, patch: `- op: replace\n  path: /spec/minReplicas\n  value: ${options.replicas}\n- op: replace\n  path: /spec/maxReplicas\n  value: ${options.maxReplicas}\n` }] } : {}),
  }));
  return files;
}
