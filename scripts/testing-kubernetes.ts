// Kubernetes' own control plane for tests: etcd and kube-apiserver, which is all that judges objects. No node, no
// controllers: nothing runs. Programs are looked for as other tools are (testing-tools.ts); kube-apiserver is built from the Go
// module proxy, which takes minutes, or comes with envtest's files.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { makeCertificates } from "../packages/slipway/src/oci/testing-registry.ts";
import { toolOf } from "./testing-tools.ts";

export const kubeApiServer: string | undefined = toolOf("kube-apiserver", "OUT=.tools/bin scripts/kubernetes/build.sh 1.34.4 kube-apiserver makes it.");
export const etcd: string | undefined = toolOf("etcd", "apt-get install etcd-server");

export interface TestCluster {
  /** kubectl's files: for somebody who may do everything, and for somebody who may do nothing. */
  readonly kubeconfig: string;
  readonly nobody: string;
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const TOKEN = "for-tests-only";
const NOBODY = "nobody-in-tests";

/** @throws when it does not start, with what it printed */
export async function startControlPlane(): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-kube-"));
  const { ca, cert, key } = makeCertificates(folder);
  const [client, peer, port] = (await Promise.all([freePort(), freePort(), freePort()])) as [number, number, number];
  execFileSync("openssl", ["genrsa", "-out", join(folder, "sa.key"), "2048"], { stdio: "ignore" });
  writeFileSync(join(folder, "tokens.csv"), `${TOKEN},admin,1,"system:masters"\n${NOBODY},nobody,2,"nobodies"\n`);
  mkdirSync(join(folder, "etcd"));
  const url = `https://127.0.0.1:${port}`;
  const etcdUrl = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const children: ChildProcess[] = [];
  const log: string[] = [];
  const run = (program: string, args: readonly string[]): void => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], cwd: folder });
    child.stderr!.setEncoding("utf8").on("data", (piece: string) => log.push(piece));
    children.push(child);
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => new Promise<void>((done) => (child.exitCode === null && child.signalCode === null ? (child.once("exit", () => done()), child.kill("SIGKILL")) : done()))));
    rmSync(folder, { recursive: true, force: true });
  };
  run(etcd!, ["--data-dir", join(folder, "etcd"), "--listen-client-urls", etcdUrl, "--advertise-client-urls", etcdUrl, "--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl, "--initial-cluster", `default=${peerUrl}`]);
  run(kubeApiServer!, [
    "--etcd-servers", etcdUrl, "--bind-address", "127.0.0.1", "--secure-port", String(port), "--advertise-address", "10.255.255.254", "--endpoint-reconciler-type=none",
    "--tls-cert-file", cert, "--tls-private-key-file", key, "--token-auth-file", join(folder, "tokens.csv"), "--service-account-key-file", join(folder, "sa.key"), "--service-account-signing-key-file", join(folder, "sa.key"),
    "--service-account-issuer", "https://kubernetes.default.svc", "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.0.0.0/24", "--cert-dir", join(folder, "certs"),
    // Without the controller that makes them.
    "--disable-admission-plugins", "ServiceAccount",
  ]);
  const config = (name: string, token: string): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": "test", clusters: [{ name: "test", cluster: { server: url, "certificate-authority": ca } }], users: [{ name: "user", user: { token } }], contexts: [{ name: "test", context: { cluster: "test", user: "user" } }] }));
    return path;
  };
  const [kubeconfig, nobody] = [config("kubeconfig", TOKEN), config("nobody", NOBODY)];
  for (let waited = 0; ; waited += 100) {
    const ready = (() => {
      try {
        return execFileSync("curl", ["-s", "-m", "2", "--cacert", ca, "-H", `authorization: Bearer ${TOKEN}`, `${url}/readyz`], { encoding: "utf8" }) === "ok";
      } catch {
        return false;
      }
    })();
    if (ready) return { kubeconfig, nobody, url, stop };
    if (children.some((child) => child.exitCode !== null) || waited > 90_000) {
      await stop();
      throw new Error(`the control plane does not start: ${log.join("").slice(-3000)}`);
    }
    await pause(100);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
