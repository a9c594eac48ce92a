// A deployment on a real cluster that scales by itself: load comes and pods are added, it goes and they are taken away; and bulk
// predictions by the clock beside it, whose output is compared with a run here. No request may fail.
//   BIN=... T=/tmp/kc scripts/kubernetes/cluster.sh up           (with metrics-server in BIN)
//   BIN=... T=/tmp/kc scripts/kubernetes/cluster.sh exec node --conditions=@slipway/source scripts/kubernetes/scaling.ts

import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { once, onCluster, root, type OnCluster } from "./on-cluster.ts";

const MOST = 4;
const WAIT_MS = 8 * 60_000;
/** A folder of the node that pods mount; any user of theirs writes there. */
const data = mkdtempSync(join(tmpdir(), "slipway-volume-"));

await onCluster(["1.0.0"], async (cluster) => {
  chmodSync(data, 0o777);
  copyFileSync(join(root, "examples", "churn", "new-customers.csv"), join(data, "in.csv"));
  chmodSync(join(data, "in.csv"), 0o644);
  volume(cluster);
  const { status } = cluster.deploy("1.0.0", "--replicas", "1", "--max-replicas", String(MOST), "--schedule", "* * * * *", "--in", "/data/in.csv", "--out", "/data/out.csv", "--volume", "data:/data");
  if (status !== 0) throw new Error(`the deployment failed: ${cluster.kubectl("describe", "pods")}`);
  // Five minutes of patience are right for a service, and long for a check.
  cluster.kubectl("patch", "hpa", "churn", "--type=merge", "-p", JSON.stringify({ spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 15 } } } }));
  const results = { scaling: await scaling(cluster), cron: await cron(cluster) };
  console.log(JSON.stringify(results, undefined, 2));
  const { scaling: { failed, most, least }, cron: { same } } = results;
  process.exitCode = failed === 0 && most > 1 && least === 1 && same ? 0 : 1;
});
rmSync(data, { recursive: true, force: true });

async function scaling({ kubectl }: OnCluster): Promise<{ readonly asked: number; readonly failed: number; readonly failures: readonly string[]; readonly most: number; readonly least: number; readonly upAfterS: number; readonly backAfterS: number }> {
  const host = kubectl("get", "service", "churn", "-o", "jsonpath={.spec.clusterIP}");
  const pods = (): number => Number(kubectl("get", "deployment", "churn", "-o", "jsonpath={.status.readyReplicas}") || 0);
  await until("the first figures of the processor", () => kubectl("get", "hpa", "churn", "-o", "jsonpath={.status.currentMetrics[0].resource.current.averageUtilization}") !== "");
  const load = new AbortController();
  let asked = 0;
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: false });
  const callers = Array.from({ length: 6 }, async () => {
    while (!load.signal.aborted) {
      const told = await once(host, agent);
      asked++;
      if (told !== "version 1.0.0") failures.push(told);
    }
  });
  const began = Date.now();
  await until("more than one pod is ready", () => pods() > 1);
  const upAfterS = Math.round((Date.now() - began) / 1000);
  // Until no more are wanted.
  for (let before = 0, now = pods(); now > before; before = now, now = pods()) await pause(30_000);
  const most = pods();
  load.abort();
  await Promise.all(callers);
  const ended = Date.now();
  await until("one pod is left", () => pods() === 1 && kubectl("get", "deployment", "churn", "-o", "jsonpath={.status.replicas}") === "1");
  return { asked, failed: failures.length, failures: failures.slice(0, 10), most, least: pods(), upAfterS, backAfterS: Math.round((Date.now() - ended) / 1000) };
}

async function cron({ kubectl, must, folder }: OnCluster): Promise<{ readonly jobs: string; readonly rows: number; readonly same: boolean }> {
  const done = (): string => kubectl("get", "jobs", "-o", "jsonpath={range .items[*]}{.metadata.name}={.status.succeeded} {end}");
  await until("a job of the CronJob is done", () => /=1 /.test(done()) && existsSync(join(data, "out.csv")));
  kubectl("patch", "cronjob", "churn-batch", "--type=merge", "-p", '{"spec": {"suspend": true}}');
  must("batch", "1.0.0.slip", "--in", join(data, "in.csv"), "--out", "here.csv");
  // Ids of predictions are each run's own.
  const [there, here] = [join(data, "out.csv"), join(folder, "here.csv")].map((file) => readFileSync(file, "utf8").replace(/,[0-9a-f]{12}-(\d+-\d+),/g, ",$1,")) as [string, string];
  if (there !== here) console.log(`there:\n${there.slice(0, 1000)}\nhere:\n${here.slice(0, 1000)}`);
  return { jobs: done().trim(), rows: there.trim().split("\n").length - 1, same: there === here };
}

/** A volume of the node's own, as there is no driver for others. */
function volume({ namespace, folder }: OnCluster): void {
  const name = `data-${namespace}`;
  const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, storageClassName: "", volumeName: name };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "volume.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items: [
    { apiVersion: "v1", kind: "PersistentVolume", metadata: { name }, spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], persistentVolumeReclaimPolicy: "Retain", storageClassName: "", hostPath: { path: data, type: "Directory" } } },
    { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data", namespace }, spec: claim },
  ] }));
  execFileSync("kubectl", ["apply", "--server-side", "-f", join(folder, "volume.json")]);
}

async function until(what: string, is: () => boolean): Promise<void> {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await pause(2000)) if (is()) return;
  throw new Error(`not within ${WAIT_MS / 60_000} minutes: ${what}`);
}
