// slipway deploy PKG --to kubernetes: files for those who apply them themselves, or applied here, waited for, put back.

import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { clusterAccess, deployError, fileName, helmFiles, KubeApi, kustomizeFiles, manifests, rollOut, undo, WORKLOAD_KINDS, yamlDocuments, yamlOf, type KubernetesOptions, type WorkloadKind } from "../deploy/index.ts";
import { formatReference, parseReference, pinReference } from "../oci/index.ts";
import { deployedModel } from "./deployed-model.ts";
import { usageError, type Invocation, type OptionSpec } from "./command.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { registryOptions } from "./registry-flags.ts";
import { writeFileWhole } from "./write-file.ts";

export const kubernetesFlags: Readonly<Record<string, OptionSpec>> = {
  image: { type: "string", value: "REF", help: "the image that `slipway image --push` made: oci://HOST/REPOSITORY:TAG; its digest is what is deployed" },
  "no-pin": { type: "boolean", help: "deploy the image's tag as it is, without asking the registry for its digest" },
  as: { type: "string", value: "KIND", help: `${WORKLOAD_KINDS.join(", ")} (deployment by default)` },
  name: { type: "string", value: "NAME", help: "of every object; the model's by default" },
  namespace: { type: "string", value: "NAME", help: "the namespace; the context's by default" },
  replicas: { type: "string", value: "N", help: "the least pods (2 by default; Knative: 0)" },
  "max-replicas": { type: "string", value: "N", help: "the most pods (10 by default)" },
  cpu: { type: "string", value: "CPU", help: "what a pod is promised (250m by default)" },
  memory: { type: "string", value: "SIZE", help: "what a pod is promised, and may have (512Mi by default)" },
  keys: { type: "string", value: "FILE", help: "the key file of `slipway keys`: put into a Secret, and callers need a key" },
  "keys-secret": { type: "string", value: "NAME", help: "a Secret that is there and holds keys.json" },
  insecure: { type: "boolean", help: "let everybody ask whom the network policy lets through" },
  "allow-from": { type: "string", value: "NAMESPACE", multiple: true, help: "a namespace beside its own that may ask, such as that of the ingress or of Prometheus; may be repeated" },
  egress: { type: "string", value: "CIDR[:PORT]", multiple: true, help: "what the pods may reach beside DNS; may be repeated" },
  "env-secret": { type: "string", value: "NAME", multiple: true, help: "a Secret whose keys become variables; may be repeated" },
  "pull-secret": { type: "string", value: "NAME", help: "a Secret with the registry's credentials" },
  "scale-on": { type: "string", value: "METRIC=VALUE", help: "a metric of the pods to scale on beside the processor, such as slipway_http_requests_in_flight=8" },
  "service-monitor": { type: "boolean", help: "add a ServiceMonitor of the Prometheus operator" },
  ingress: { type: "string", value: "HOST", help: "add an Ingress for this host" },
  "storage-uri": { type: "string", value: "URI", help: "KServe: where the model lies, for a runtime that takes models from there" },
  schedule: { type: "string", value: "CRON", help: "add a CronJob of bulk predictions: with --in and --out" },
  in: { type: "string", value: "DATA", help: "of the CronJob: what `slipway batch --in` takes" },
  out: { type: "string", value: "PATH", help: "with --schedule the CronJob's output; else a folder for the files" },
  volume: { type: "string", value: "CLAIM:PATH", help: "of the CronJob: a PersistentVolumeClaim and where it is mounted" },
  print: { type: "boolean", help: "print the objects as YAML" },
  kustomize: { type: "string", value: "DIR", help: "write a Kustomize base and an overlay" },
  helm: { type: "string", value: "DIR", help: "write a Helm chart" },
  kubeconfig: { type: "string", value: "FILE", help: "how the cluster is reached (KUBECONFIG or ~/.kube/config by default)" },
  context: { type: "string", value: "NAME", help: "which of its contexts" },
  "dry-run": { type: "boolean", help: "let the cluster check the objects, and change nothing" },
  force: { type: "boolean", help: "take fields that another tool owns" },
  wait: { type: "string", value: "SECONDS", help: "how long the new pods may take (300 by default)" },
  "no-rollback": { type: "boolean", help: "leave pods that do not become ready as they are" },
  undo: { type: "boolean", help: "go back to the pods before the last change" },
};

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,51}[a-z0-9])?$/;
const QUANTITY = /^\d+(?:\.\d+)?(?:m|k|M|G|Ki|Mi|Gi)?$/;

export async function toKubernetes(call: Invocation): Promise<number> {
  const model = await deployedModel(call);
  const name = call.text("name") ?? model.name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  if (!DNS_LABEL.test(name)) throw deployError("deploy-options", `${JSON.stringify(name.slice(0, 80))} cannot name objects of Kubernetes`, { hint: "--name NAME: lower-case letters, digits and -, at most 53." });
  const namespace = call.text("namespace");
  const waitMs = (call.count("wait", [1, 86_400]) ?? 300) * 1000;
  const report = (text: string): void => printNote(text);
  if (call.flag("undo")) {
    return withCluster(call, async (api) => {
      const revision = await undo(api, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, ...(namespace === undefined ? {} : { namespace }) } }, waitMs, report);
      if (call.flag("json")) printJson({ name, namespace: api.namespace, revision });
      else printResult(`${name} is as in revision ${revision}`);
    });
  }
  const options = await optionsOf(call, name, namespace, model);
  const objects = manifests(options);
  const [folder, kustomize, helm] = [call.text("schedule") === undefined ? call.text("out") : undefined, call.text("kustomize"), call.text("helm")];
  if (call.flag("print")) {
    printResult(yamlDocuments(objects));
    return 0;
  }
  if (kustomize !== undefined) return written(call, kustomize, kustomizeFiles(options, objects));
  if (helm !== undefined) return written(call, helm, helmFiles(options));
  if (folder !== undefined) return written(call, folder, new Map(objects.map((object, i) => [fileName(object, i), yamlOf(object)])));
  return withCluster(call, async (api) => {
    if (call.flag("dry-run")) {
      for (const object of objects) await api.apply(object, { dryRun: true, force: call.flag("force") });
      if (call.flag("json")) printJson({ dryRun: true, namespace: api.namespace, objects: objects.map((o) => ({ kind: o.kind, name: o.metadata.name })) });
      else printResult(`the cluster takes ${objects.map((o) => o.kind).join(", ")}; nothing was changed`);
      return;
    }
    const applied = await rollOut(api, objects, { waitMs, rollback: !call.flag("no-rollback"), force: call.flag("force"), progress: report });
    if (call.flag("json")) printJson({ name, namespace: api.namespace, image: options.image, objects: applied });
    else printResult(`${name} ${options.model.version} runs in ${api.namespace}: http://${name}.${api.namespace}.svc/predict\n\nback to what was before: slipway deploy ${call.given[0]!} --to kubernetes --undo`);
  });
}

async function withCluster(call: Invocation, work: (api: KubeApi) => Promise<void>): Promise<number> {
  const api = new KubeApi(await clusterAccess({ file: call.text("kubeconfig"), context: call.text("context") }), call.text("namespace"));
  try {
    await work(api);
    return 0;
  } finally {
    api.close();
  }
}

async function optionsOf(call: Invocation, name: string, namespace: string | undefined, model: KubernetesOptions["model"]): Promise<KubernetesOptions> {
  const kind = call.text("as") ?? "deployment";
  if (!(WORKLOAD_KINDS as readonly string[]).includes(kind)) throw deployError("deploy-options", `--as is ${JSON.stringify(kind.slice(0, 60))}`, { hint: `One of ${WORKLOAD_KINDS.join(", ")}.` });
  const replicas = call.count("replicas", [kind === "knative" ? 0 : 1, 10_000]) ?? (kind === "knative" ? 0 : 2);
  const maxReplicas = call.count("max-replicas", [1, 10_000]) ?? Math.max(10, replicas);
  if (maxReplicas < replicas) throw deployError("deploy-options", `--max-replicas is ${maxReplicas}, and --replicas ${replicas}`);
  for (const quantity of ["cpu", "memory"]) if (!QUANTITY.test(call.text(quantity) ?? "1")) throw deployError("deploy-options", `--${quantity} is ${JSON.stringify(call.text(quantity))}`, { hint: "Write it as Kubernetes does: 500m, 512Mi." });
  const scaleOn = /^([a-zA-Z_:][\w:]*)=(\d+(?:\.\d+)?m?)$/.exec(call.text("scale-on") ?? "");
  if (call.text("scale-on") !== undefined && scaleOn === null) throw deployError("deploy-options", `--scale-on is ${JSON.stringify(call.text("scale-on"))}`, { hint: "Write METRIC=VALUE." });
  for (const entry of call.texts("egress")) if (!/^(?:\d{1,3}\.){3}\d{1,3}\/\d{1,2}(?::\d{1,5})?$/.test(entry)) throw deployError("deploy-options", `--egress is ${JSON.stringify(entry.slice(0, 100))}`, { hint: "Write CIDR or CIDR:PORT, such as 10.0.0.0/8:5432." });
  return {
    name, namespace, model, kind: kind as WorkloadKind, replicas, maxReplicas, cpu: call.text("cpu") ?? "250m", memory: call.text("memory") ?? "512Mi",
    image: await imageOf(call), access: await accessOf(call, name), env: call.texts("env"), envFromSecrets: call.texts("env-secret"), pullSecret: call.text("pull-secret"),
    fromNamespaces: call.texts("allow-from"), egress: call.texts("egress"), scaleOn: scaleOn === null ? undefined : { metric: scaleOn[1]!, value: scaleOn[2]! },
    serviceMonitor: call.flag("service-monitor"), ingressHost: call.text("ingress"), storageUri: call.text("storage-uri"), batch: batchOf(call),
  };
}

/** With its digest: what was tested is what runs, on every node and after every restart. */
async function imageOf(call: Invocation): Promise<string> {
  const given = call.text("image");
  if (given === undefined) throw usageError("missing-argument", "deploy needs --image", { hint: "slipway image PKG --push oci://HOST/REPOSITORY:TAG, then --image with the same reference." });
  const reference = given.startsWith("oci://") ? given : `oci://${given}`;
  const parsed = parseReference(reference);
  if (parsed.tag === undefined && parsed.digest === undefined) throw deployError("deploy-options", `--image is ${JSON.stringify(given.slice(0, 200))}, without a tag or a digest`);
  return (call.flag("no-pin") || parsed.digest !== undefined ? formatReference(parsed) : await pinReference(reference, registryOptions(call))).slice("oci://".length);
}

async function accessOf(call: Invocation, name: string): Promise<KubernetesOptions["access"]> {
  const [file, secret, open] = [call.text("keys"), call.text("keys-secret"), call.flag("insecure")];
  if (open && (file ?? secret) !== undefined) throw deployError("deploy-access", "--insecure and keys do not go together");
  if (open) return "open";
  if (file === undefined && secret === undefined) throw deployError("deploy-access", "nothing says who may ask the deployment", { hint: `slipway keys create --keys keys.json, then --keys keys.json; or --keys-secret ${name}-keys; or --insecure.` });
  const keys = file === undefined ? undefined : await readFile(file, "utf8").catch((cause: unknown) => Promise.reject(deployError("deploy-access", `${JSON.stringify(file)} cannot be read`, { cause })));
  return { secret: secret ?? `${name}-keys`, ...(keys === undefined ? {} : { keys }) };
}

function batchOf(call: Invocation): KubernetesOptions["batch"] {
  const schedule = call.text("schedule");
  if (schedule === undefined) return undefined;
  const [input, output] = [call.text("in"), call.text("out")];
  if (input === undefined || output === undefined) throw deployError("deploy-options", "--schedule needs --in and --out", { hint: "As slipway batch takes them: --in /data/in.csv --out /data/out.csv --volume CLAIM:/data." });
  if (!/^(?:@\w+|\S+(?: \S+){4})$/.test(schedule)) throw deployError("deploy-options", `--schedule is ${JSON.stringify(schedule.slice(0, 60))}`, { hint: 'Five fields, such as "0 3 * * *".' });
  const volume = /^([a-z0-9][a-z0-9.-]*):(\/.+)$/.exec(call.text("volume") ?? "");
  if (call.text("volume") !== undefined && volume === null) throw deployError("deploy-options", `--volume is ${JSON.stringify(call.text("volume"))}`, { hint: "Write CLAIM:PATH, such as scores:/data." });
  return { schedule, input, output, volume: volume === null ? undefined : { claim: volume[1]!, path: volume[2]! } };
}

async function written(call: Invocation, folder: string, files: ReadonlyMap<string, string>): Promise<number> {
  const there = await readdir(folder).catch(() => []);
  // What another run wrote under another name would be applied with the rest.
  if (there.some((name) => !files.has(name) && ![...files.keys()].some((path) => path.startsWith(`${name}/`)))) throw deployError("deploy-options", `${JSON.stringify(folder)} holds other files`, { hint: "Name an empty folder." });
  for (const [path, text] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true }).catch((cause: unknown) => Promise.reject(usageError("cannot-write", `${JSON.stringify(folder)} cannot be made (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, { cause })));
    await writeFileWhole(join(folder, path), new TextEncoder().encode(text));
  }
  if (call.flag("json")) printJson({ folder, files: [...files.keys()] });
  else printResult(`written to ${folder}: ${[...files.keys()].join(", ")}`);
  return 0;
}
