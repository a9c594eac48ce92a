// The pod that every workload is made of: under the pod security standard `restricted`, with a read-only root, probes, and
// an end that loses no request.

import type { KubeObject, KubernetesOptions } from "./options.ts";

export const PORT = 8080;
/** How long a pod answers on after SIGTERM, until every Service has noticed that it goes. */
const DRAIN_MS = 5000;
/** Beyond it, what is in flight may take 25 s. */
const GRACE_S = 40;
const USER = 65532;
const KEYS = "/etc/slipway/keys";

export function labelsOf({ name, model }: KubernetesOptions): Record<string, string> {
  return { ...selectorOf(name), "app.kubernetes.io/version": labelValue(model.version), "app.kubernetes.io/component": "model", "app.kubernetes.io/part-of": labelValue(model.name), "app.kubernetes.io/managed-by": "slipway" };
}
export function selectorOf(name: string): Record<string, string> {
  return { "app.kubernetes.io/name": "slipway", "app.kubernetes.io/instance": name };
}
/** What a label may hold: versions of packages have more. */
function labelValue(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 63).replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

export function metadataOf(options: KubernetesOptions): KubeObject["metadata"] {
  return { name: options.name, ...(options.namespace === undefined ? {} : { namespace: options.namespace }), labels: labelsOf(options) };
}

export function podMetadata(options: KubernetesOptions): object {
  return { labels: labelsOf(options), annotations: { "slipway.dev/package": options.model.digest, "kubectl.kubernetes.io/default-container": "slipway" } };
}

/** Fields that the three kinds of workload share. Knative and KServe allow fewer than a Deployment does. */
export function container(options: KubernetesOptions, more: Record<string, unknown> = {}): Record<string, unknown> {
  const { access, envFromSecrets } = options;
  const mounts = [{ name: "tmp", mountPath: "/tmp" }, ...(access === "open" ? [] : [{ name: "keys", mountPath: KEYS, readOnly: true }])];
  return {
    name: "slipway",
    image: options.image,
    args: ["serve"],
    ports: [{ name: "http", containerPort: PORT, protocol: "TCP" }],
    env: environment(options),
    ...(envFromSecrets.length === 0 ? {} : { envFrom: envFromSecrets.map((name) => ({ secretRef: { name } })) }),
    resources: { requests: { cpu: options.cpu, memory: options.memory }, limits: { memory: options.memory } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: { drop: ["ALL"] }, seccompProfile: { type: "RuntimeDefault" } },
    volumeMounts: mounts,
    ...more,
  };
}

export function environment({ access, env }: KubernetesOptions): readonly { readonly name: string; readonly value: string }[] {
  const own = { SLIPWAY_DRAIN_MS: String(DRAIN_MS), ...(access === "open" ? { SLIPWAY_INSECURE: "true" } : { SLIPWAY_KEYS: `${KEYS}/keys.json` }) };
  const given = env.map((entry): [string, string] => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]);
  return Object.entries({ ...own, ...Object.fromEntries(given) }).map(([name, value]) => ({ name, value }));
}

export const PROBES = {
  startupProbe: { httpGet: { path: "/health/live", port: "http" }, periodSeconds: 1, failureThreshold: 120, timeoutSeconds: 2 },
  readinessProbe: { httpGet: { path: "/health/ready", port: "http" }, periodSeconds: 2, failureThreshold: 2, timeoutSeconds: 2 },
  livenessProbe: { httpGet: { path: "/health/live", port: "http" }, periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 5 },
} as const;

export function volumes({ access }: KubernetesOptions): readonly object[] {
  return [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }, ...(access === "open" ? [] : [{ name: "keys", secret: { secretName: access.secret, defaultMode: 0o440 } }])];
}

export function podSecurity(): object {
  return { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: "RuntimeDefault" } };
}

export function podSpec(options: KubernetesOptions): Record<string, unknown> {
  const spread = (topologyKey: string): object => ({ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels: selectorOf(options.name) } });
  return {
    serviceAccountName: options.name,
    automountServiceAccountToken: false,
    // A Service called slipway would be SLIPWAY_PORT=tcp://... in every pod.
    enableServiceLinks: false,
    securityContext: podSecurity(),
    terminationGracePeriodSeconds: GRACE_S,
    topologySpreadConstraints: [spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")],
    ...(options.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: options.pullSecret }] }),
    containers: [container(options, PROBES)],
    volumes: volumes(options),
  };
}
