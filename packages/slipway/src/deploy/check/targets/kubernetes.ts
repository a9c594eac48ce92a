// Plain Kubernetes under the pod security standard `restricted`, and KServe in standard mode, which mounts the model.
// https://kubernetes.io/docs/concepts/security/pod-security-standards, https://kserve.github.io/website

import { defineContract, execForm, numericUser, type HttpContract } from "../contract.ts";
import { instancesOf, requestOf } from "../instances.ts";

export const kubernetes: HttpContract = defineContract({
  kind: "http", name: "kubernetes", port: 8080,
  // As the manifests of `slipway deploy --insecure` have it; with keys it would be asked with one.
  env: { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443", SLIPWAY_INSECURE: "true", SLIPWAY_PORT: "tcp://10.0.0.9:8080" },
  health: { path: "/health/ready", startMs: 60_000, answerMs: 1000 }, also: ["/health/live", "/metrics"],
  predict: ({ signature }) => ({ path: "/predict", body: requestOf(signature) }),
  answerMs: 60_000, payloadBytes: 32 * 1024 * 1024, stopMs: 30_000, readOnly: true,
  image: (facts) => [execForm(facts), numericUser(facts)],
});

export const kserve: HttpContract = defineContract({
  ...kubernetes, name: "kserve",
  env: { SLIPWAY_INSECURE: "true", STORAGE_URI: "pvc://models/model" },
  folder: { path: "/mnt/models", filled: true },
  health: { path: "/v2/health/ready", startMs: 60_000, answerMs: 1000 }, also: ["/v2/health/live", "/v1/models"],
  predict: ({ name, signature }) => ({ path: `/v1/models/${name}:predict`, body: { instances: instancesOf(signature) } }),
});
