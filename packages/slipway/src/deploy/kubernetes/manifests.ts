// The objects of a deployment, in the order in which they are made.

import { batchJob } from "./batch-job.ts";
import { kserveObjects } from "./kserve.ts";
import { knativeObjects } from "./knative.ts";
import type { KubeObject, KubernetesOptions } from "./options.ts";
import { metadataOf, podMetadata, podSpec, PORT, selectorOf } from "./pod.ts";

export function manifests(options: KubernetesOptions): readonly KubeObject[] {
  const { name, access, kind } = options;
  const metadata = metadataOf(options);
  const own = kind === "deployment" || kind === "rollout";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false },
    ...(access === "open" || access.keys === undefined ? [] : [{ apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name: access.secret }, type: "Opaque", stringData: { "keys.json": access.keys } }]),
    ...(own ? [service(options)] : []),
    networkPolicy(options),
    ...(own ? [workload(options), disruptionBudget(options), autoscaler(options)] : kind === "knative" ? knativeObjects(options) : kserveObjects(options)),
    ...(own && options.ingressHost !== undefined ? [ingress(options, options.ingressHost)] : []),
    ...(own && options.serviceMonitor ? [serviceMonitor(options)] : []),
    ...(options.batch === undefined ? [] : [batchJob(options, { ...metadata, name: `${name}-batch` })]),
  ];
}

function service(options: KubernetesOptions): KubeObject {
  return { apiVersion: "v1", kind: "Service", metadata: metadataOf(options), spec: { type: "ClusterIP", selector: selectorOf(options.name), ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP", appProtocol: "http" }] } };
}

/** New pods first, then the old ones go: no moment with fewer than were asked for. */
function workload(options: KubernetesOptions): KubeObject {
  const template = { metadata: podMetadata(options), spec: podSpec(options) };
  const selector = { matchLabels: selectorOf(options.name) };
  if (options.kind === "rollout") {
    return { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", metadata: metadataOf(options), spec: {
      selector, template, revisionHistoryLimit: 5, progressDeadlineSeconds: 600,
      strategy: { canary: { maxSurge: "25%", maxUnavailable: 0, steps: [{ setWeight: 5 }, { pause: { duration: "5m" } }, { setWeight: 25 }, { pause: { duration: "5m" } }, { setWeight: 50 }, { pause: { duration: "5m" } }] } },
    } };
  }
  // Without a number of replicas: that is the autoscaler's.
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: metadataOf(options), spec: { selector, template, revisionHistoryLimit: 5, progressDeadlineSeconds: 600, strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } } } };
}

function disruptionBudget(options: KubernetesOptions): KubeObject {
  return { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: metadataOf(options), spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(options.name) }, unhealthyPodEvictionPolicy: "AlwaysAllow" } };
}

function autoscaler(options: KubernetesOptions): KubeObject {
  const { name, kind, replicas, maxReplicas, scaleOn } = options;
  return { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: metadataOf(options), spec: {
    scaleTargetRef: kind === "rollout" ? { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name } : { apiVersion: "apps/v1", kind: "Deployment", name },
    minReplicas: replicas, maxReplicas,
    metrics: [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
      ...(scaleOn === undefined ? [] : [{ type: "Pods", pods: { metric: { name: scaleOn.metric }, target: { type: "AverageValue", averageValue: scaleOn.value } } }]),
    ],
    behavior: { scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Percent", value: 100, periodSeconds: 15 }, { type: "Pods", value: 4, periodSeconds: 15 }], selectPolicy: "Max" }, scaleDown: { stabilizationWindowSeconds: 300 } },
  } };
}

/** In: its own namespace and those that are named. Out: names, and what is named. */
function networkPolicy(options: KubernetesOptions): KubeObject {
  const inside = (name: string): object => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: metadataOf(options), spec: {
    podSelector: { matchLabels: selectorOf(options.name) },
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [{ podSelector: {} }, ...options.fromNamespaces.map(inside)], ports: [{ port: PORT, protocol: "TCP" }] }],
    egress: [
      { ports: [{ port: 53, protocol: "UDP" }, { port: 53, protocol: "TCP" }] },
      ...options.egress.map((entry) => {
        const [cidr, port] = /^(.*?)(?::(\d+))?$/.exec(entry)!.slice(1) as [string, string | undefined];
        return { to: [{ ipBlock: { cidr } }], ...(port === undefined ? {} : { ports: [{ port: Number(port), protocol: "TCP" }] }) };
      }),
    ],
  } };
}

function ingress(options: KubernetesOptions, host: string): KubeObject {
  return { apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: metadataOf(options), spec: {
    rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: options.name, port: { name: "http" } } } }] } }],
    tls: [{ hosts: [host], secretName: `${options.name}-tls` }],
  } };
}

/** Of the Prometheus operator. Where keys are asked for, the Secret holds one for it beside the key file. */
function serviceMonitor(options: KubernetesOptions): KubeObject {
  const { access } = options;
  return { apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", metadata: metadataOf(options), spec: {
    selector: { matchLabels: selectorOf(options.name) },
    endpoints: [{ port: "http", path: "/metrics", interval: "30s", ...(access === "open" ? {} : { authorization: { type: "Bearer", credentials: { name: access.secret, key: "metrics-key" } } }) }],
  } };
}
