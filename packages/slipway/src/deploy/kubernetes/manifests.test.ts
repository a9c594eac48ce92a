import { expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { helmFiles } from "./helm.ts";
import { kustomizeFiles } from "./kustomize.ts";
import { manifests } from "./manifests.ts";
import type { KubeObject, KubernetesOptions } from "./options.ts";
import { yamlDocuments } from "./write-yaml.ts";

const OPTIONS: KubernetesOptions = {
  name: "churn", namespace: undefined, image: `ghcr.io/acme/churn:1.0.0@sha256:${"a".repeat(64)}`, model: { name: "churn", version: "1.0.0+build/7", digest: `sha256:${"b".repeat(64)}` },
  kind: "deployment", replicas: 2, maxReplicas: 10, cpu: "250m", memory: "512Mi", access: { secret: "churn-keys", keys: '{"keys":[]}' }, env: ["SLIPWAY_LOG_LEVEL=warn"], envFromSecrets: ["more"],
  pullSecret: "pull", fromNamespaces: ["monitoring"], egress: ["10.0.0.0/8:5432"], scaleOn: { metric: "slipway_http_requests_in_flight", value: "8" }, serviceMonitor: true, ingressHost: "churn.example",
  storageUri: undefined, batch: { schedule: "0 3 * * *", input: "/data/in.csv", output: "/data/out.csv", volume: { claim: "scores", path: "/data" } },
};
const of = (options: Partial<KubernetesOptions> = {}): readonly KubeObject[] => manifests({ ...OPTIONS, ...options });
const kind = (objects: readonly KubeObject[], name: string): any => objects.find((o) => o.kind === name); // eslint-disable-line -- objects of many forms, looked at by their paths

it("gives what a model needs to run, each under the same name and labels", () => {
  const objects = of();
  expect(objects.map((o) => o.kind)).toEqual(["ServiceAccount", "Secret", "Service", "NetworkPolicy", "Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Ingress", "ServiceMonitor", "CronJob"]);
  for (const { metadata } of objects) {
    expect(metadata.name.startsWith("churn")).toBe(true);
    expect(metadata.labels).toMatchObject({ "app.kubernetes.io/instance": "churn", "app.kubernetes.io/managed-by": "slipway" });
    for (const value of Object.values(metadata.labels!)) expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);
  }
  // Read again, it is the same.
  expect(parseAllDocuments(yamlDocuments(objects)).map((d) => d.toJS() as unknown)).toEqual(JSON.parse(JSON.stringify(objects)));
});

it("keeps its pods within the pod security standard `restricted`, with a read-only root", () => {
  for (const pod of [kind(of(), "Deployment").spec.template.spec, kind(of(), "CronJob").spec.jobTemplate.spec.template.spec, kind(of({ kind: "kserve" }), "InferenceService").spec.predictor]) {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } });
    for (const container of pod.containers) expect(container.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: { drop: ["ALL"] }, seccompProfile: { type: "RuntimeDefault" } });
  }
});

it("loses no request: new pods first, probes, and an end that waits", () => {
  const { spec } = kind(of(), "Deployment");
  expect(spec.replicas).toBeUndefined();
  expect(spec.strategy.rollingUpdate).toEqual({ maxSurge: "25%", maxUnavailable: 0 });
  const [container] = spec.template.spec.containers;
  expect(container.readinessProbe.httpGet.path).toBe("/health/ready");
  const drain = Number(container.env.find((e: { name: string }) => e.name === "SLIPWAY_DRAIN_MS").value);
  // The readiness probe fails at the latest after period x failures; then 25 s for what is in flight.
  expect(drain).toBeGreaterThanOrEqual(container.readinessProbe.periodSeconds * container.readinessProbe.failureThreshold * 1000);
  expect(spec.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(drain + 25_000);
});

it("lets in whom it is told to, with keys or without", () => {
  const env = (objects: readonly KubeObject[]): readonly string[] => kind(objects, "Deployment").spec.template.spec.containers[0].env.map((e: { name: string; value: string }) => `${e.name}=${e.value}`);
  expect(env(of())).toContain("SLIPWAY_KEYS=/etc/slipway/keys/keys.json");
  expect(env(of()).join()).not.toContain("INSECURE");
  expect(kind(of(), "Secret").stringData).toEqual({ "keys.json": '{"keys":[]}' });
  expect(kind(of({ access: { secret: "theirs" } }), "Secret")).toBeUndefined();
  const open = of({ access: "open" });
  expect(env(open)).toContain("SLIPWAY_INSECURE=true");
  expect(kind(open, "ServiceMonitor").spec.endpoints[0].authorization).toBeUndefined();
  const { ingress, egress } = kind(of(), "NetworkPolicy").spec;
  expect(ingress[0].from).toEqual([{ podSelector: {} }, { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }]);
  expect(egress[1]).toEqual({ to: [{ ipBlock: { cidr: "10.0.0.0/8" } }], ports: [{ port: 5432, protocol: "TCP" }] });
});

it("is a Rollout, a Knative Service or an InferenceService as well", () => {
  expect(kind(of({ kind: "rollout" }), "HorizontalPodAutoscaler").spec.scaleTargetRef.kind).toBe("Rollout");
  const service = kind(of({ kind: "knative", replicas: 0 }), "Service");
  expect(service.metadata.labels["networking.knative.dev/visibility"]).toBe("cluster-local");
  expect(service.spec.template.metadata.annotations["autoscaling.knative.dev/min-scale"]).toBe("0");
  expect(service.spec.template.spec.containers[0].env.map((e: { name: string }) => e.name).filter((n: string) => n === "PORT" || n.startsWith("K_"))).toEqual([]);
  const runtime = of({ kind: "kserve", storageUri: "pvc://models/churn" });
  expect(runtime.map((o) => o.kind)).toContain("ServingRuntime");
  expect(kind(runtime, "InferenceService").spec.predictor.model).toMatchObject({ runtime: "slipway", storageUri: "pvc://models/churn" });
});

it("has a Kustomize base and an overlay with the image's digest", () => {
  const files = kustomizeFiles(OPTIONS, of());
  const base = parse(files.get("base/kustomization.yaml")!) as { resources: string[] };
  for (const name of base.resources) expect(files.has(`base/${name}`)).toBe(true);
  expect(parse(files.get("overlays/production/kustomization.yaml")!)).toMatchObject({ images: [{ name: "ghcr.io/acme/churn", digest: `sha256:${"a".repeat(64)}` }] });
});

it("has a chart in which what differs is a value", () => {
  const files = helmFiles(OPTIONS);
  const deployment = files.get("templates/05-deployment.yaml") ?? [...files].find(([path]) => path.includes("deployment"))![1];
  expect(deployment).toContain('image: "{{ .Values.image }}"');
  expect(deployment).toContain('secretName: "{{ .Values.keys.secret }}"');
  expect([...files.values()].join("\n")).not.toMatch(/slipway[-.]helm/);
  expect(parse(files.get("values.yaml")!)).toMatchObject({ image: OPTIONS.image, autoscaling: { minReplicas: 2, maxReplicas: 10 }, keys: { secret: "churn-keys" } });
  expect(() => helmFiles({ ...OPTIONS, kind: "knative" })).toThrow(/no chart/);
});
