// KServe in standard mode: a container of its own that holds its model, or, with a place where models lie, a runtime that
// any InferenceService of the namespace may use for packages.

import type { KubeObject, KubernetesOptions } from "./options.ts";
import { container, labelsOf, metadataOf, podSecurity, PORT, PROBES, volumes } from "./pod.ts";

const PROTOCOLS = ["v1", "v2"];

export function kserveObjects(options: KubernetesOptions): readonly KubeObject[] {
  const metadata = { ...metadataOf(options), annotations: { "serving.kserve.io/deploymentMode": "Standard" } };
  const scaling = { minReplicas: options.replicas, maxReplicas: options.maxReplicas, scaleMetric: "cpu", scaleTarget: 70 };
  const probes = { ports: [{ containerPort: PORT, protocol: "TCP", name: "http1" }], readinessProbe: { ...PROBES.readinessProbe, httpGet: { path: "/v2/health/ready", port: PORT } }, livenessProbe: { ...PROBES.livenessProbe, httpGet: { path: "/v2/health/live", port: PORT } } };
  const service = (predictor: object): KubeObject => ({ apiVersion: "serving.kserve.io/v1beta1", kind: "InferenceService", metadata, spec: { predictor: { ...scaling, serviceAccountName: options.name, ...predictor } } });
  const pod = { securityContext: podSecurity(), volumes: volumes(options), ...(options.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: options.pullSecret }] }) };
  if (options.storageUri === undefined) return [service({ ...pod, containers: [container(options, { name: "kserve-container", ...probes })] })];
  const runtime: KubeObject = {
    apiVersion: "serving.kserve.io/v1alpha1", kind: "ServingRuntime", metadata: { ...metadataOf(options), name: "slipway" },
    spec: {
      supportedModelFormats: [{ name: "slipway", version: "1", autoSelect: true, priority: 1 }], protocolVersions: PROTOCOLS, multiModel: false, labels: labelsOf(options),
      containers: [container(options, { name: "kserve-container", ...probes })], volumes: volumes(options),
    },
  };
  return [runtime, service({ model: { modelFormat: { name: "slipway", version: "1" }, runtime: "slipway", protocolVersion: "v2", storageUri: options.storageUri } })];
}
