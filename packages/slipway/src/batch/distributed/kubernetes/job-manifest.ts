// An Indexed Job (batch/v1; Kubernetes 1.33 or later, where backoffLimitPerIndex is stable) whose pods make the parts of a run:
// each index has its share of the shards. A pod that dies is replaced; one that says that its share can never be made ends its
// index alone (FailIndex); evictions do not count. It runs under the Pod Security Standard "restricted".

import { isBucketAddress } from "../../remote/bucket-address.ts";
import { CANNOT_EXIT } from "./index-shares.ts";

export interface JobOptions {
  readonly image: string;
  /** What slipway is called in the image. */
  readonly command: readonly string[];
  readonly namespace: string | undefined;
  /** Claims of storage, by where they are mounted: the same paths as here. */
  readonly volumes: readonly { readonly claim: string; readonly path: string; readonly readOnly: boolean }[];
  readonly indexes: number;
  /** Pods at a time. */
  readonly parallelism: number;
  /** Of each index, after its first pod. */
  readonly retries: number;
  readonly cpu: string;
  readonly memory: string;
  /** Who the pods are on the storage. */
  readonly user: number;
  /** Of the pods' environment, and secrets whose every key is a variable there: who asks a bucket. */
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly serviceAccount?: string | undefined;
}

const CONTAINER = "worker";
/** The job and its pods' logs stay for a day. */
const KEPT_SECONDS = 86_400;
/** More than a worker takes for what it has in hand. */
const GRACE_SECONDS = 30;

export function jobName(runId: string): string {
  return `slipway-batch-${runId.replaceAll("-", "").slice(0, 16)}`;
}

/** `folder`: the run's. */
export function jobManifest(runId: string, folder: string, { image, command, namespace, volumes, indexes, parallelism, retries, cpu, memory, user, env = {}, secrets = [], serviceAccount }: JobOptions): object {
  const labels = { "app.kubernetes.io/name": "slipway", "app.kubernetes.io/component": "batch-worker", "app.kubernetes.io/managed-by": "slipway" };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: jobName(runId), ...(namespace === undefined ? {} : { namespace }), labels, annotations: { "slipway/run": runId } },
    spec: {
      completionMode: "Indexed", completions: indexes, parallelism, backoffLimitPerIndex: retries, maxFailedIndexes: indexes, ttlSecondsAfterFinished: KEPT_SECONDS,
      podFailurePolicy: {
        rules: [
          { action: "FailIndex", onExitCodes: { containerName: CONTAINER, operator: "In", values: [CANNOT_EXIT] } },
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
        ],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: "Never", ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }), automountServiceAccountToken: false, enableServiceLinks: false, terminationGracePeriodSeconds: GRACE_SECONDS,
          securityContext: { runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user, fsGroupChangePolicy: "OnRootMismatch", seccompProfile: { type: "RuntimeDefault" } },
          containers: [{
            name: CONTAINER, image, command: [...command, "worker", "--folder", folder, "--index", "$(JOB_COMPLETION_INDEX)", "--indexes", String(indexes)],
            env: [{ name: "HOME", value: "/tmp" }, ...Object.entries({ ...(isBucketAddress(folder) ? whereBucketsAre() : {}), ...env }).map(([name, value]) => ({ name, value }))],
            ...(secrets.length === 0 ? {} : { envFrom: secrets.map((name) => ({ secretRef: { name } })) }),
            resources: { requests: { cpu, memory }, limits: { memory } },
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
            volumeMounts: [{ name: "tmp", mountPath: "/tmp" }, ...volumes.map(({ path, readOnly }, i) => ({ name: `data-${i}`, mountPath: path, ...(readOnly ? { readOnly } : {}) }))],
          }],
          volumes: [{ name: "tmp", emptyDir: {} }, ...volumes.map(({ claim, readOnly }, i) => ({ name: `data-${i}`, persistentVolumeClaim: { claimName: claim, ...(readOnly ? { readOnly } : {}) } }))],
        },
      },
    },
  };
}

/** Where buckets are, as it is said here; nothing of who asks. */
function whereBucketsAre(): Record<string, string> {
  return Object.fromEntries(["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AZURE_STORAGE_ACCOUNT", "STORAGE_EMULATOR_HOST", "GCE_METADATA_HOST"].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
