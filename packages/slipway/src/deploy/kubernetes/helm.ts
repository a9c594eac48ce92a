// A Helm chart of the same objects: what installations differ in is a value, all else stands in the templates as it is.

import { deployError } from "../errors.ts";
import { manifests } from "./manifests.ts";
import type { KubeObject, KubernetesOptions } from "./options.ts";
import { environment } from "./pod.ts";
import { fileName, yamlOf } from "./write-yaml.ts";

/** In the place of what a value will be; no name, image or setting looks like them. */
const NAME = "slipway-helm-name";
const IMAGE = "slipway.helm.image";
const SECRET = "slipway-helm-secret";
/** An object that a value switches off. */
const SWITCH: Readonly<Record<string, string>> = { HorizontalPodAutoscaler: "autoscaling.enabled", PodDisruptionBudget: "podDisruptionBudget.enabled", NetworkPolicy: "networkPolicy.enabled", ServiceMonitor: "serviceMonitor.enabled", Ingress: "ingress.enabled", CronJob: "batch.enabled" };

/** @throws deploy-options */
export function helmFiles(options: KubernetesOptions): ReadonlyMap<string, string> {
  if (options.kind !== "deployment" && options.kind !== "rollout") throw deployError("deploy-options", `there is no chart of the kind ${options.kind}`, { hint: "Knative's and KServe's objects are few: --print, --out DIR or --kustomize DIR." });
  const { access, model } = options;
  const objects = manifests({ ...options, name: NAME, namespace: undefined, image: IMAGE, access: access === "open" ? "open" : { secret: SECRET }, serviceMonitor: true, ingressHost: options.ingressHost ?? "slipway-helm-host", batch: options.batch ?? { schedule: "0 3 * * *", input: "/data/in.csv", output: "/data/out.csv" } });
  const files = new Map(objects.map((object, i): [string, string] => [`templates/${fileName(object, i)}`, template(object)]));
  files.set("Chart.yaml", yamlOf({ apiVersion: "v2", name: options.name, description: `The model ${model.name}, served by Slipway`, type: "application", version: chartVersion(model.version), appVersion: model.version, annotations: { "slipway.dev/package": model.digest } }));
  files.set("values.yaml", values(options));
  files.set("templates/NOTES.txt", `{{ .Release.Name }} answers inside the cluster at http://{{ .Release.Name }}.{{ .Release.Namespace }}.svc/predict\n`);
  return files;
}

function template(object: KubeObject): string {
  const text = yamlOf(object)
    .replaceAll(SECRET, "{{ .Values.keys.secret }}")
    .replaceAll(NAME, "{{ .Release.Name }}")
    .replaceAll(IMAGE, "{{ .Values.image }}")
    .replaceAll("slipway-helm-host", "{{ .Values.ingress.host }}")
    .replace(/^( *)resources:\n(?:\1 .*\n)+/gm, (_, indent: string) => `${indent}resources: {{- toYaml .Values.resources | nindent ${indent.length + 2} }}\n`)
    .replace(/^( *)env:\n(?:\1 .*\n)+/gm, (_, indent: string) => `${indent}env: {{- toYaml .Values.env | nindent ${indent.length + 2} }}\n`)
    .replace(/^( *)minReplicas: .*$/m, "$1minReplicas: {{ .Values.autoscaling.minReplicas }}")
    .replace(/^( *)maxReplicas: .*$/m, "$1maxReplicas: {{ .Values.autoscaling.maxReplicas }}")
    .replace(/^( *)schedule: .*$/m, "$1schedule: {{ .Values.batch.schedule | quote }}");
  const quoted = text.replace(/: (\{\{ \.(?:Release|Values)\.[\w.]+ \}\})$/gm, (_, value: string) => `: ${value.includes("Replicas") ? value : `"${value}"`}`);
  const value = SWITCH[object.kind];
  return value === undefined ? quoted : `{{- if .Values.${value} }}\n${quoted}{{- end }}\n`;
}

function values(options: KubernetesOptions): string {
  const { access, batch } = options;
  const value = {
    image: options.image,
    ...(access === "open" ? {} : { keys: { secret: access.secret } }),
    env: environment(options),
    resources: { requests: { cpu: options.cpu, memory: options.memory }, limits: { memory: options.memory } },
    autoscaling: { enabled: true, minReplicas: options.replicas, maxReplicas: options.maxReplicas },
    podDisruptionBudget: { enabled: true },
    networkPolicy: { enabled: true },
    serviceMonitor: { enabled: options.serviceMonitor },
    ingress: { enabled: options.ingressHost !== undefined, host: options.ingressHost ?? "" },
    batch: { enabled: batch !== undefined, schedule: batch?.schedule ?? "0 3 * * *" },
  };
  return yamlOf(value);
}

/** Helm wants SemVer. */
function chartVersion(version: string): string {
  return /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.test(version) ? version : "0.1.0";
}
