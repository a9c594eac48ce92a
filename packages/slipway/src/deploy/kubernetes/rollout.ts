// From objects to running pods: applied in order, waited for, and put back where the new pods do not become ready.

import { setTimeout as pause } from "node:timers/promises";
import { deployError } from "../errors.ts";
import type { ApplyOptions, KubeApi } from "./kube-api.ts";
import type { KubeObject } from "./options.ts";

export interface RolloutOptions extends Pick<ApplyOptions, "force"> {
  readonly waitMs: number;
  /** Puts the pods back that ran before, where the new ones do not become ready. */
  readonly rollback: boolean;
  readonly progress: (text: string) => void;
}
export interface AppliedObject {
  readonly kind: string;
  readonly name: string;
  readonly change: "created" | "changed" | "unchanged";
}

interface Deployment {
  readonly metadata: { readonly generation?: number; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly replicas?: number; readonly template: unknown; readonly selector: { readonly matchLabels: Record<string, string> } };
  readonly status?: {
    readonly observedGeneration?: number; readonly replicas?: number; readonly updatedReplicas?: number; readonly availableReplicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[];
  };
}

const POLL_MS = 500;
/** Reasons for which a container waits and which waiting does not help. */
const HOPELESS = /^(?:ErrImageNeverPull|InvalidImageName|CreateContainerConfigError|CreateContainerError|CrashLoopBackOff|ImagePullBackOff|ErrImagePull)$/;
/** ... unless they pass by themselves, which they are given time for. */
const PATIENCE_MS = 30_000;

/** Nothing is made unless the cluster would take everything. @throws deploy-refused, deploy-denied, deploy-cluster, deploy-rollout */
export async function rollOut(api: KubeApi, objects: readonly KubeObject[], { force, waitMs, rollback, progress }: RolloutOptions): Promise<readonly AppliedObject[]> {
  for (const object of objects) await api.apply(object, { dryRun: true, ...(force === undefined ? {} : { force }) });
  const workload = objects.find((object) => object.kind === "Deployment");
  const before = workload === undefined ? undefined : ((await api.get(workload)) as unknown as Deployment | undefined);
  const applied: AppliedObject[] = [];
  for (const object of objects) {
    const old = await api.get(object);
    const made = await api.apply(object, force === undefined ? {} : { force });
    const version = (o: KubeObject): unknown => (o.metadata as { readonly resourceVersion?: unknown }).resourceVersion;
    applied.push({ kind: object.kind, name: object.metadata.name, change: old === undefined ? "created" : version(old) === version(made) ? "unchanged" : "changed" });
    progress(`${object.kind} ${object.metadata.name} ${applied.at(-1)!.change}`);
  }
  if (workload === undefined) return applied;
  try {
    await waitForPods(api, workload, waitMs, progress);
  } catch (error) {
    if (!rollback || before === undefined) throw error;
    progress("the new pods do not become ready: putting back what ran before ...");
    await putTemplate(api, workload, before, before.spec.template);
    await waitForPods(api, workload, waitMs, progress);
    throw error;
  }
  return applied;
}

/** The pods before the last change. @returns the revision @throws deploy-rollout, and as the cluster */
export async function undo(api: KubeApi, workload: KubeObject, waitMs: number, progress: (text: string) => void): Promise<number> {
  const current = (await api.get(workload)) as unknown as Deployment | undefined;
  if (current === undefined) throw deployError("deploy-rollout", `there is no Deployment ${workload.metadata.name} in ${api.namespace}`);
  const revisions = (await api.list("apps/v1", "ReplicaSet", current.spec.selector.matchLabels)).map((set) => ({ set, revision: Number(set.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0) })).sort((a, b) => b.revision - a.revision);
  const previous = revisions[1];
  if (previous === undefined) throw deployError("deploy-rollout", `the Deployment ${workload.metadata.name} has no earlier revision`);
  const template = structuredClone((previous.set["spec"] as { readonly template: { readonly metadata: { readonly labels: Record<string, string> } } }).template);
  delete template.metadata.labels["pod-template-hash"];
  await putTemplate(api, workload, current, template);
  await waitForPods(api, workload, waitMs, progress);
  return previous.revision;
}

/** By server-side apply as well: fields that were set in another way would be another manager's, and refused to the next deployment. */
async function putTemplate(api: KubeApi, { apiVersion, kind, metadata: { name, namespace } }: KubeObject, { metadata: { labels }, spec }: Deployment, template: unknown): Promise<void> {
  const { replicas: _, ...rest } = spec;
  await api.apply({ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(labels === undefined ? {} : { labels }) }, spec: { ...rest, template } }, { force: true });
}

async function waitForPods(api: KubeApi, workload: KubeObject, waitMs: number, progress: (text: string) => void): Promise<void> {
  let told = "";
  let hopeless: { readonly why: string; readonly since: number } | undefined;
  for (const end = Date.now() + waitMs; ; await pause(POLL_MS)) {
    const { metadata, spec, status } = (await api.get(workload)) as unknown as Deployment;
    const wanted = spec.replicas ?? 1;
    const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
    const seen = observedGeneration >= (metadata.generation ?? 0);
    if (seen && updatedReplicas === wanted && availableReplicas === wanted && replicas === wanted) return progress(`${wanted} of ${wanted} pods ready`);
    const text = `${Math.min(updatedReplicas, availableReplicas)} of ${wanted} new pods ready${replicas > updatedReplicas ? `, ${replicas - updatedReplicas} of before still there` : ""}`;
    if (text !== told) progress((told = text));
    const why = seen ? await waitingFor(api, spec.selector.matchLabels) : undefined;
    hopeless = why === undefined ? undefined : { why, since: hopeless?.since ?? Date.now() };
    const stuck = status?.conditions?.find((c) => c.type === "Progressing" && c.status === "False" && seen);
    if (stuck !== undefined || Date.now() > end || (hopeless !== undefined && Date.now() - hopeless.since > Math.min(PATIENCE_MS, waitMs))) {
      throw deployError("deploy-rollout", `${workload.metadata.name}: ${text}${hopeless === undefined ? (stuck?.message === undefined ? "" : `; ${stuck.message}`) : `; ${hopeless.why}`}`, { hint: `kubectl -n ${api.namespace} describe pods -l app.kubernetes.io/instance=${workload.metadata.name}` });
    }
  }
}

/** What a container of the newest pods says for not running. */
async function waitingFor(api: KubeApi, labels: Readonly<Record<string, string>>): Promise<string | undefined> {
  for (const pod of await api.list("v1", "Pod", labels)) {
    const { containerStatuses = [] } = (pod["status"] ?? {}) as { readonly containerStatuses?: readonly { readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } } }[] };
    for (const { state } of containerStatuses) if (HOPELESS.test(state?.waiting?.reason ?? "")) return `${state!.waiting!.reason}${state!.waiting!.message === undefined ? "" : `: ${state!.waiting!.message.slice(0, 300)}`}`;
  }
  return undefined;
}
