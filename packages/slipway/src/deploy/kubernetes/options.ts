// What a deployment onto Kubernetes is to be.

export type WorkloadKind = "deployment" | "rollout" | "knative" | "kserve";
export const WORKLOAD_KINDS: readonly WorkloadKind[] = ["deployment", "rollout", "knative", "kserve"];

export interface KubernetesOptions {
  /** Of every object; a DNS label. */
  readonly name: string;
  readonly namespace: string | undefined;
  /** HOST/REPOSITORY:TAG@sha256:... */
  readonly image: string;
  readonly model: { readonly name: string; readonly version: string; readonly digest: string };
  readonly kind: WorkloadKind;
  readonly replicas: number;
  readonly maxReplicas: number;
  readonly cpu: string;
  readonly memory: string;
  /** A Secret with the key file `keys.json`; or everybody whom the network lets through may ask. */
  readonly access: { readonly secret: string; readonly keys?: string | undefined } | "open";
  /** NAME=VALUE */
  readonly env: readonly string[];
  readonly envFromSecrets: readonly string[];
  readonly pullSecret: string | undefined;
  /** Namespaces beside its own that may ask. */
  readonly fromNamespaces: readonly string[];
  /** CIDR or CIDR:PORT that it may reach beside DNS. */
  readonly egress: readonly string[];
  /** A metric of pods and its value for each: "slipway_http_requests_in_flight=8". */
  readonly scaleOn: { readonly metric: string; readonly value: string } | undefined;
  readonly serviceMonitor: boolean;
  readonly ingressHost: string | undefined;
  /** KServe: where the model lies, if not in the image. */
  readonly storageUri: string | undefined;
  readonly batch: { readonly schedule: string; readonly input: string; readonly output: string; readonly volume?: { readonly claim: string; readonly path: string } | undefined } | undefined;
}

/** An object of Kubernetes' interface, as JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}
