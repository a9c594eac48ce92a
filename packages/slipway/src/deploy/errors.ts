import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "deploy-target": { kind: "usage", doc: "There is no such target. `slipway deploy --help` lists those that images are checked for and deployed to." },
  "deploy-image": { kind: "invalid", doc: "What is to be checked is no image that `slipway image` made: an OCI layout or archive, a docker archive, or oci://HOST/REPOSITORY:TAG; or a package, of which an image is made for the check." },
  "deploy-check-here": { kind: "unsupported", doc: "Images hold programs for Linux, and for one processor: they are checked on a machine of that kind." },
  "deploy-check-failed": { kind: "internal", doc: "The check itself ended without a result. Please report it with what it printed." },
  "deploy-options": { kind: "usage", doc: "The options of a deployment cannot be understood, or do not go together." },
  "deploy-access": { kind: "usage", doc: "A deployment needs to know who may ask it: --keys FILE (of `slipway keys`), --keys-secret NAME of a Secret that is there, or --insecure for everybody whom the network policy lets through." },
  "deploy-kubeconfig": { kind: "usage", doc: "The file that says how the cluster is reached (KUBECONFIG, ~/.kube/config, --kubeconfig) is missing or cannot be understood, or its program for credentials failed." },
  "deploy-cluster": { kind: "unavailable", doc: "The cluster does not answer, or answers with a fault of its own." },
  "deploy-denied": { kind: "unauthenticated", doc: "The cluster knows who asks and does not allow it, or does not know who asks. The message names the verb and the resource: ask for a role that has them." },
  "deploy-refused": { kind: "invalid", doc: "The cluster does not take an object: a field that it does not know, a value that is not allowed, another tool that owns a field, or a kind that is not installed there." },
  "deploy-rollout": { kind: "failed-check", doc: "The new pods did not become ready. The message says what they wait for; what ran before runs on, or was put back." },
} as const;

export const deployError: ErrorMaker<typeof table> = defineErrors(table);
