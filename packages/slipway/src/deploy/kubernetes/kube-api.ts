// The few verbs of Kubernetes' interface that a deployment needs, over node:https.

import { Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent, request } from "node:https";
import { VERSION } from "@slipway/core/base";
import { deployError } from "../errors.ts";
import type { ClusterAccess } from "./kubeconfig.ts";
import type { KubeObject } from "./options.ts";

const MAX_ANSWER = 64 << 20;
const TIMEOUT_MS = 30_000;
/** As whom we own the fields that we set. */
export const FIELD_MANAGER = "slipway";

interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}
export interface ApplyOptions {
  /** Checked by the cluster as if it were done, and not done. */
  readonly dryRun?: boolean;
  /** Take fields that others own. */
  readonly force?: boolean;
}

export class KubeApi {
  readonly namespace: string;
  readonly #access: ClusterAccess;
  readonly #agent: Agent | PlainAgent;
  readonly #resources = new Map<string, Map<string, Resource>>();

  constructor(access: ClusterAccess, namespace?: string) {
    this.#access = access;
    this.namespace = namespace ?? access.namespace;
    const { ca, cert, key, serverName, skipVerify } = access;
    this.#agent = access.server.protocol === "http:" ? new PlainAgent({ keepAlive: true }) : new Agent({ keepAlive: true, ca, cert, key, servername: serverName, rejectUnauthorized: !skipVerify });
  }

  /** Server-side apply, fields that the cluster does not know refused. @throws deploy-refused, deploy-denied, deploy-cluster */
  async apply(object: KubeObject, { dryRun = false, force = false }: ApplyOptions = {}): Promise<KubeObject> {
    const query = `fieldManager=${FIELD_MANAGER}&fieldValidation=Strict&force=${force}${dryRun ? "&dryRun=All" : ""}`;
    return (await this.#send("PATCH", `${await this.pathOf(object)}?${query}`, object, "application/apply-patch+yaml")) as KubeObject;
  }
  /** Undefined where there is none. @throws deploy-denied, deploy-cluster */
  async get(object: Pick<KubeObject, "apiVersion" | "kind" | "metadata">): Promise<KubeObject | undefined> {
    return (await this.#send("GET", await this.pathOf(object), undefined, undefined, true)) as KubeObject | undefined;
  }
  /** @throws deploy-denied, deploy-cluster */
  async list(apiVersion: string, kind: string, labels: Readonly<Record<string, string>>): Promise<readonly KubeObject[]> {
    const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(",");
    const path = await this.pathOf({ apiVersion, kind, metadata: { name: "" } });
    return ((await this.#send("GET", `${path.replace(/\/$/, "")}?labelSelector=${encodeURIComponent(selector)}`)) as { readonly items?: readonly KubeObject[] }).items ?? [];
  }
  close(): void {
    this.#agent.destroy();
  }

  /** @throws deploy-refused where the cluster has no such kind */
  async pathOf({ apiVersion, kind, metadata }: Pick<KubeObject, "apiVersion" | "kind" | "metadata">): Promise<string> {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    let kinds = this.#resources.get(group);
    if (kinds === undefined) {
      const found = (await this.#send("GET", group, undefined, undefined, true)) as { readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[] } | undefined;
      kinds = new Map((found?.resources ?? []).filter((r) => !r.name.includes("/")).map((r) => [r.kind, { plural: r.name, namespaced: r.namespaced }]));
      this.#resources.set(group, kinds);
    }
    const resource = kinds.get(kind);
    if (resource === undefined) throw deployError("deploy-refused", `the cluster has no ${kind} (${apiVersion})`, { hint: KINDS[apiVersion.split("/")[0]!] ?? "Its version of Kubernetes may be too old." });
    const where = resource.namespaced ? `/namespaces/${encodeURIComponent(metadata.namespace ?? this.namespace)}` : "";
    return `${group}${where}/${resource.plural}/${encodeURIComponent(metadata.name)}`;
  }

  #send(method: string, path: string, body?: unknown, type?: string, mayBeMissing = false): Promise<unknown> {
    const { server, token } = this.#access;
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = { accept: "application/json", "user-agent": `slipway/${VERSION}`, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(bytes === undefined ? {} : { "content-type": type, "content-length": bytes.length }) };
    return new Promise((resolve, reject) => {
      const unreachable = (cause: Error): void => reject(deployError("deploy-cluster", `${server.host} does not answer: ${cause.message.slice(0, 300)}`, { cause }));
      const url = new URL(`${server.pathname.replace(/\/$/, "")}${path}`, server);
      const send = server.protocol === "http:" ? plainRequest : request;
      const asked = send(url, { method, agent: this.#agent, headers }, (answer) => {
        const pieces: Buffer[] = [];
        let size = 0;
        answer.on("data", (piece: Buffer) => {
          size += piece.length;
          if (size > MAX_ANSWER) answer.destroy(new Error(`an answer of more than ${MAX_ANSWER} bytes`));
          else pieces.push(piece);
        });
        answer.on("error", unreachable);
        answer.on("end", () => {
          const status = answer.statusCode ?? 0;
          let value: { readonly message?: string } | undefined;
          try {
            value = JSON.parse(Buffer.concat(pieces, size).toString("utf8")) as typeof value;
          } catch {
            // Told by the status.
          }
          if (status >= 200 && status < 300 && value !== undefined) resolve(value);
          else if (status === 404 && mayBeMissing) resolve(undefined);
          else reject(failure(method, path, status, value?.message));
        });
      });
      asked.on("error", unreachable);
      asked.setTimeout(TIMEOUT_MS, () => asked.destroy(new Error(`nothing for ${TIMEOUT_MS / 1000} s`)));
      asked.end(bytes);
    });
  }
}

const KINDS: Readonly<Record<string, string>> = {
  "argoproj.io": "Argo Rollouts is not installed there: --as deployment.", "serving.knative.dev": "Knative Serving is not installed there.", "serving.kserve.io": "KServe is not installed there.", "monitoring.coreos.com": "The Prometheus operator is not installed there: leave --service-monitor out.",
};

function failure(method: string, path: string, status: number, message: string | undefined): Error {
  const text = (message ?? `${method} ${path.split("?", 1)[0]} answered ${status}`).slice(0, 1000);
  if (status === 401 || status === 403) return deployError("deploy-denied", text);
  if (status === 409) return deployError("deploy-refused", text, { hint: "--force takes the fields that another tool owns." });
  if (status === 404) return deployError("deploy-refused", text, { hint: "Make the namespace first: kubectl create namespace NAME." });
  if (status >= 400 && status < 500) return deployError("deploy-refused", text);
  return deployError("deploy-cluster", text);
}
