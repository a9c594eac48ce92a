// A deployment on a real cluster, under load: first version, second, back again, a third whose image is not there. Every request
// is counted, and none may fail.
//   BIN=... T=/tmp/kc scripts/kubernetes/cluster.sh up
//   BIN=... T=/tmp/kc scripts/kubernetes/cluster.sh exec node --conditions=@slipway/source scripts/kubernetes/rolling-update.ts
// The cluster is KUBECONFIG's; REGISTRY (127.0.0.1:5000 by default) is one that its nodes pull from. Everything is in a namespace
// of its own under the pod security standard `restricted`, which is removed at the end.

import { spawn } from "node:child_process";
import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { once, onCluster, registry } from "./on-cluster.ts";

/** slipway itself blocks this process: the load comes from another. */
class Load {
  readonly counts = new Map<string, number>();
  readonly failures: string[] = [];
  #on = true;
  #running: Promise<void>[] = [];

  constructor(host: string) {
    const kept = new Agent({ keepAlive: true, maxSockets: 2 });
    // Connections that are kept, as clients and meshes have them, and new ones, as load balancers see them.
    this.#running = [this.#ask(host, kept), this.#ask(host, kept), this.#ask(host, undefined), this.#ask(host, undefined)];
  }
  async stop(): Promise<void> {
    this.#on = false;
    await Promise.all(this.#running);
  }
  async #ask(host: string, agent: Agent | undefined): Promise<void> {
    while (this.#on) {
      const told = await once(host, agent ?? false);
      if (told.startsWith("version ")) this.counts.set(told, (this.counts.get(told) ?? 0) + 1);
      else this.failures.push(`${new Date().toISOString()} ${agent === undefined ? "new" : "kept"} connection: ${told}`);
      await pause(20);
    }
  }
}

if (process.argv[2] === "load") {
  const load = new Load(process.argv[3]!);
  process.once("SIGTERM", () => void load.stop().then(() => {
    console.log(JSON.stringify({ counts: Object.fromEntries(load.counts), failures: load.failures }));
    process.exit(0);
  }));
} else await main();

async function main(): Promise<void> {
  await onCluster(["1.0.0", "2.0.0"], async ({ deploy, kubectl, slipway, namespace }) => {
    if (deploy("1.0.0").status !== 0) throw new Error(`the first deployment failed: ${kubectl("describe", "pods")}`);
    const host = kubectl("get", "service", "churn", "-o", "jsonpath={.spec.clusterIP}");
    const load = spawn(process.execPath, ["--conditions=@slipway/source", "--disable-warning=ExperimentalWarning", fileURLToPath(import.meta.url), "load", host], { stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    load.stdout.setEncoding("utf8").on("data", (piece: string) => (told += piece));
    await pause(3000);
    const steps = [
      ["update", deploy("2.0.0").status === 0],
      ["back", slipway("deploy", "2.0.0.slip", "--to", "kubernetes", "--namespace", namespace, "--undo").status === 0],
      ["an image that is not there is put back", (() => {
        const { status, text } = deploy("2.0.0", "--image", `oci://${registry}/checked/churn:3.0.0`, "--no-pin", "--wait", "60");
        return status === 1 && text.includes("putting back") && /ImagePull/.test(text);
      })()],
    ] as const;
    await pause(3000);
    const ended = new Promise((resolve) => load.once("exit", resolve));
    load.kill("SIGTERM");
    await ended;
    const { counts, failures } = JSON.parse(told) as { counts: Record<string, number>; failures: string[] };
    console.log({ steps: Object.fromEntries(steps), counts, failed: failures.length });
    for (const failure of failures.slice(0, 20)) console.log(failure);
    process.exitCode = failures.length === 0 && steps.every(([, ok]) => ok) && Object.keys(counts).length === 2 ? 0 : 1;
  });
}
