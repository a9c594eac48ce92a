// Knative Serving: one object that scales from zero on requests. Inside the cluster only, unless its label is taken off.

import type { KubeObject, KubernetesOptions } from "./options.ts";
import { container, labelsOf, metadataOf, podMetadata, volumes } from "./pod.ts";

export function knativeObjects(options: KubernetesOptions): readonly KubeObject[] {
  const metadata = metadataOf(options);
  const probe = (path: string): object => ({ httpGet: { path } });
  const { annotations } = podMetadata(options) as { annotations: Record<string, string> };
  return [{
    apiVersion: "serving.knative.dev/v1", kind: "Service",
    metadata: { ...metadata, labels: { ...metadata.labels, "networking.knative.dev/visibility": "cluster-local" } },
    spec: { template: {
      metadata: { labels: labelsOf(options), annotations: { ...annotations, "autoscaling.knative.dev/min-scale": String(options.replicas), "autoscaling.knative.dev/max-scale": String(options.maxReplicas), "autoscaling.knative.dev/metric": "concurrency", "autoscaling.knative.dev/target": "20" } },
      spec: {
        serviceAccountName: options.name, enableServiceLinks: false, timeoutSeconds: 300, containerConcurrency: 0,
        ...(options.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: options.pullSecret }] }),
        // The port's name is the protocol here: http1.
        containers: [container(options, { ports: [{ containerPort: 8080, name: "http1" }], readinessProbe: probe("/health/ready"), livenessProbe: probe("/health/live") })],
        volumes: volumes(options),
      },
    } },
  }];
}
