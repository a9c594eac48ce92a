export { WORKLOAD_KINDS, type KubeObject, type KubernetesOptions, type WorkloadKind } from "./options.ts";
export { manifests } from "./manifests.ts";
export { helmFiles } from "./helm.ts";
export { kustomizeFiles } from "./kustomize.ts";
export { fileName, yamlDocuments, yamlOf } from "./write-yaml.ts";
export { clusterAccess } from "./kubeconfig.ts";
export { KubeApi } from "./kube-api.ts";
export { rollOut, undo } from "./rollout.ts";
