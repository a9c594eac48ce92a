// Bulk predictions by the clock: `slipway batch` in the same image. A run that was stopped goes on where it was.

import type { KubeObject, KubernetesOptions } from "./options.ts";
import { container, environment, labelsOf, podSecurity } from "./pod.ts";

export function batchJob(options: KubernetesOptions, metadata: KubeObject["metadata"]): KubeObject {
  const { schedule, input, output, volume } = options.batch!;
  const mounts = [{ name: "tmp", mountPath: "/tmp" }, ...(volume === undefined ? [] : [{ name: "data", mountPath: volume.path }])];
  return { apiVersion: "batch/v1", kind: "CronJob", metadata, spec: {
    schedule, concurrencyPolicy: "Forbid", startingDeadlineSeconds: 600, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 3,
    jobTemplate: { spec: {
      backoffLimit: 3,
      template: {
        metadata: { labels: { ...labelsOf(options), "app.kubernetes.io/name": "slipway-batch", "app.kubernetes.io/component": "batch" } },
        spec: {
          restartPolicy: "Never", serviceAccountName: options.name, automountServiceAccountToken: false, enableServiceLinks: false, securityContext: podSecurity(),
          ...(options.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: options.pullSecret }] }),
          containers: [container(options, {
            args: ["batch", `/models/${options.model.name}.slip`, "--in", input, "--out", output, "--resume"],
            ports: [], env: environment(options).filter(({ name }) => !/^SLIPWAY_(?:KEYS|INSECURE|DRAIN_MS)$/.test(name)), volumeMounts: mounts,
          })],
          volumes: [{ name: "tmp", emptyDir: {} }, ...(volume === undefined ? [] : [{ name: "data", persistentVolumeClaim: { claimName: volume.claim } }])],
        },
      },
    } },
  } };
}
