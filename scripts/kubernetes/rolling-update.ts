// A deployment on a real cluster, under load: first version, second, back again, a third whose image is not there. Every request
// is counted, and none may fail.
//   BIN=... T=/tmp/kc scripts/kubernetes/cluster.sh up
//   BIN=... T=/tmp/kc scripts/kubernetes/cluster.sh exec node --conditions=@slipway/source scripts/kubernetes/rolling-update.ts
// The cluster is KUBECONFIG's; REGISTRY (127.0.0.1:5000 by default) is one that its nodes pull from. Everything is in a namespace
// of its own under the pod security standard `restricted`, which is removed at the end.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { RegistryStore } from "../../packages/slipway/src/oci/index.ts";
import { writePauseImage } from "./pause-image.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const registry = process.env["REGISTRY"] ?? "127.0.0.1:5000";
const namespace = `slipway-${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "slipway-rolling-"));
const BODY = JSON.stringify({ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false });

function slipway(...args: string[]): { readonly status: number | null; readonly text: string } {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "packages", "slipway", "bin", "slipway.mjs"), ...args], { cwd: folder, encoding: "utf8" });
  console.log(`$ slipway ${args.join(" ")}\n${stderr}${stdout}exit ${status} after ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  return { status, text: stderr + stdout };
}
const must = (...args: string[]): string => {
  const { status, text } = slipway(...args);
  if (status !== 0) throw new Error(`slipway ${args[0]} exited with ${status}`);
  return text;
};
const kubectl = (...args: string[]): string => execFileSync("kubectl", ["-n", namespace, ...args], { encoding: "utf8" });

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

function once(host: string, agent: Agent | false): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ host, port: 80, path: "/predict", method: "POST", agent, headers: { "content-type": "application/json", "content-length": BODY.length } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece)).on("error", (error) => resolve(error.message)).on("end", () => {
        try {
          const { predictions, model } = JSON.parse(text) as { predictions: [{ label: string }]; model: { version: string } };
          resolve(predictions[0].label === "stays" ? `version ${model.version}` : `a wrong answer: ${text}`);
        } catch {
          resolve(`${answer.statusCode} ${text.slice(0, 200)}`);
        }
      });
    });
    asked.setTimeout(20_000, () => asked.destroy(new Error("no answer in 20 s")));
    asked.on("error", (error) => resolve(error.message));
    asked.end(BODY);
  });
}

if (process.argv[2] === "load") {
  const load = new Load(process.argv[3]!);
  process.once("SIGTERM", () => void load.stop().then(() => {
    console.log(JSON.stringify({ counts: Object.fromEntries(load.counts), failures: load.failures }));
    process.exit(0);
  }));
} else await main();

async function main(): Promise<void> {
  const pauseStore = await RegistryStore.open(registry, "pause");
  if ((await pauseStore.resolve("1")) === undefined) await writePauseImage(pauseStore, "1");
  await pauseStore.close();
  for (const version of ["1.0.0", "2.0.0"]) {
    must("pack", join(root, "examples", "churn", "churn.joblib"), "--check", join(root, "examples", "churn", "check.csv"), "--name", "churn", "--version", version, "-o", `${version}.slip`);
    must("image", `${version}.slip`, "--push", `oci://${registry}/rolling/churn:${version}`, "--base", "host");
  }
  execFileSync("kubectl", ["create", "namespace", namespace]);
  execFileSync("kubectl", ["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"]);
  const deploy = (version: string, ...more: string[]): ReturnType<typeof slipway> => slipway("deploy", `${version}.slip`, "--to", "kubernetes", "--namespace", namespace, "--image", `oci://${registry}/rolling/churn:${version}`, "--insecure", "--cpu", "50m", "--memory", "256Mi", "--wait", "300", ...more);
  try {
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
        const { status, text } = deploy("2.0.0", "--image", `oci://${registry}/rolling/churn:3.0.0`, "--no-pin", "--wait", "60");
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
  } finally {
    execFileSync("kubectl", ["delete", "namespace", namespace, "--wait=false"]);
    rmSync(folder, { recursive: true, force: true });
  }
}
