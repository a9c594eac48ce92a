// How a cluster is reached: kubectl's file (KUBECONFIG, ~/.kube/config), or inside a pod its service account. Certificates,
// tokens and programs that bring them (client.authentication.k8s.io, as EKS, GKE and AKS use).

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { JsonObject, type Fail } from "@slipway/core/package";
import { parse } from "yaml";
import { deployError } from "../errors.ts";

export interface ClusterAccess {
  readonly server: URL;
  readonly namespace: string;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly token: string | undefined;
  /** The name that the certificate is for, where it is not the address's. */
  readonly serverName: string | undefined;
  readonly skipVerify: boolean;
}
export interface AccessOptions {
  readonly file?: string | undefined;
  readonly context?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const POD = "/var/run/secrets/kubernetes.io/serviceaccount";
const MAX_ENTRIES = 1000;
const EXEC_MS = 60_000;
const fail: Fail = (message, where) => deployError("deploy-kubeconfig", message, { where });

/** @throws deploy-kubeconfig */
export async function clusterAccess({ file, context, env = process.env }: AccessOptions = {}): Promise<ClusterAccess> {
  const listed = file !== undefined ? [file] : (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  const paths = listed.length > 0 ? listed : [join(env["HOME"] ?? homedir(), ".kube", "config")];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text !== undefined) return fromFile(path, text, context, env);
  }
  if (listed.length === 0 && env["KUBERNETES_SERVICE_HOST"] !== undefined) return fromPod(env);
  throw deployError("deploy-kubeconfig", `there is no ${paths.map((path) => JSON.stringify(path)).join(" or ")}`, { hint: "Give --kubeconfig FILE, or set KUBECONFIG." });
}

async function fromFile(path: string, text: string, context: string | undefined, env: Readonly<Record<string, string | undefined>>): Promise<ClusterAccess> {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (cause) {
    throw deployError("deploy-kubeconfig", `${JSON.stringify(path)} is not YAML: ${(cause as Error).message.split("\n", 1)[0]}`, { cause });
  }
  const config = new JsonObject(value, "", (message, where) => fail(message, `${path}: ${where}`));
  const named = (list: string, kind: string, name: string): JsonObject => {
    const found = config.array(list, MAX_ENTRIES, (item, where) => new JsonObject(item, where, config.fail)).find((item) => item.get("name") === name);
    if (found === undefined) throw deployError("deploy-kubeconfig", `${JSON.stringify(path)} has no ${kind} called ${JSON.stringify(name)}`);
    return found.object(kind);
  };
  const current = context ?? config.optionalString("current-context");
  if (current === undefined || current === "") throw deployError("deploy-kubeconfig", `${JSON.stringify(path)} has no current context`, { hint: "kubectl config use-context NAME, or --context NAME." });
  const chosen = named("contexts", "context", current);
  const cluster = named("clusters", "cluster", chosen.string("cluster"));
  const user = chosen.has("user") && chosen.get("user") !== "" ? named("users", "user", chosen.string("user")) : undefined;
  const data = async (object: JsonObject | undefined, key: string): Promise<string | undefined> => {
    const inline = object?.optionalString(`${key}-data`);
    if (inline !== undefined && inline !== "") return Buffer.from(inline, "base64").toString("utf8");
    const at = object?.optionalString(key);
    return at === undefined || at === "" ? undefined : readFile(resolve(dirname(path), at), "utf8").catch((cause: unknown) => Promise.reject(deployError("deploy-kubeconfig", `${JSON.stringify(path)} names ${JSON.stringify(at)}, which cannot be read`, { cause })));
  };
  const server = cluster.string("server");
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) throw fail(`the server ${JSON.stringify(server.slice(0, 200))} is no address`, path);
  const own = { cert: await data(user, "client-certificate"), key: await data(user, "client-key"), token: user?.optionalString("token") ?? (user?.has("tokenFile") === true ? (await readFile(user.string("tokenFile"), "utf8")).trim() : undefined) };
  const brought = user?.has("exec") === true ? await fromProgram(user.object("exec"), dirname(path), env) : {};
  return {
    server: new URL(server), namespace: chosen.optionalString("namespace") || "default", ca: await data(cluster, "certificate-authority"),
    serverName: cluster.optionalString("tls-server-name"), skipVerify: cluster.get("insecure-skip-tls-verify") === true, ...own, ...brought,
  };
}

async function fromProgram(exec: JsonObject, folder: string, env: Readonly<Record<string, string | undefined>>): Promise<Partial<Pick<ClusterAccess, "token" | "cert" | "key">>> {
  const command = exec.string("command");
  const args = exec.has("args") && exec.get("args") !== null ? exec.array("args", MAX_ENTRIES, String) : [];
  const more = exec.has("env") && exec.get("env") !== null ? exec.array("env", MAX_ENTRIES, (item, where) => new JsonObject(item, where, exec.fail)) : [];
  const variables = { ...env, ...Object.fromEntries(more.map((item) => [item.string("name"), item.string("value")])), KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion: exec.string("apiVersion"), kind: "ExecCredential", spec: { interactive: false } }) };
  const said = await promisify(execFile)(command.includes("/") ? resolve(folder, command) : command, args, { env: variables, timeout: EXEC_MS, maxBuffer: 1 << 20 }).catch((cause: unknown) => {
    throw deployError("deploy-kubeconfig", `${command} brought no credentials: ${((cause as { stderr?: string }).stderr || (cause as Error).message).trim().split("\n").at(-1)?.slice(0, 300) ?? ""}`, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(said.stdout);
  } catch (cause) {
    throw deployError("deploy-kubeconfig", `${command} printed no ExecCredential`, { cause });
  }
  const status = new JsonObject(value, command, fail).object("status");
  return { token: status.optionalString("token"), cert: status.optionalString("clientCertificateData"), key: status.optionalString("clientKeyData") };
}

async function fromPod(env: Readonly<Record<string, string | undefined>>): Promise<ClusterAccess> {
  const read = (name: string): Promise<string> => readFile(join(POD, name), "utf8").catch((cause: unknown) => Promise.reject(deployError("deploy-kubeconfig", `this pod has no ${name} of a service account`, { cause })));
  const host = env["KUBERNETES_SERVICE_HOST"]!;
  return {
    server: new URL(`https://${host.includes(":") ? `[${host}]` : host}:${env["KUBERNETES_SERVICE_PORT"] ?? "443"}`), namespace: (await read("namespace")).trim(), ca: await read("ca.crt"), token: (await read("token")).trim(),
    cert: undefined, key: undefined, serverName: undefined, skipVerify: false,
  };
}
