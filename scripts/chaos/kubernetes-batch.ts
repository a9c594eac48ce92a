// Bulk runs as Indexed Jobs of a real cluster: pods killed while they work; and one index that can never succeed. What is good
// is compared, byte for byte, with runs of one process.
//   node --conditions=@slipway/source scripts/chaos/kubernetes-batch.ts MODEL.slip IMAGE FOLDER [KILLS] [COMMAND]
// kubectl knows the cluster (scripts/kubernetes/cluster.sh makes one and runs this with `exec`); IMAGE holds slipway, called
// COMMAND there; FOLDER is on every node at the same path (it becomes a PersistentVolume). Makes a namespace of its own, under
// the Pod Security Standard "restricted", and removes it.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";

const [model, image, given, kills = "6", command = "slipway"] = process.argv.slice(2);
if (model === undefined || image === undefined || given === undefined) throw new Error("MODEL.slip, IMAGE and FOLDER are needed");
const folder = resolve(given, "slipway-batch-chaos");
const at = (name: string): string => join(folder, name);
const BIN = fileURLToPath(new URL("../../packages/slipway/bin/slipway.mjs", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../examples/churn/check.csv", import.meta.url));
const NAMESPACE = "slipway-batch-chaos";

function kubectl(args: readonly string[], input?: string): string {
  return execFileSync("kubectl", args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "inherit"] });
}
function storage(): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "restricted" } } },
    { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: NAMESPACE }, spec: { capacity: { storage: "10Gi" }, accessModes: ["ReadWriteMany"], storageClassName: "", persistentVolumeReclaimPolicy: "Retain", hostPath: { path: folder }, claimRef: { namespace: NAMESPACE, name: "data" } } },
    { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data", namespace: NAMESPACE }, spec: { accessModes: ["ReadWriteMany"], storageClassName: "", volumeName: NAMESPACE, resources: { requests: { storage: "10Gi" } } } },
  ] });
}
function alone(input: string, out: string): void {
  execFileSync(process.execPath, [BIN, "batch", model!, "--in", input, "--out", out, "--shard-mb", "1", "--threads", "1"], { stdio: ["ignore", "ignore", "inherit"] });
}
interface Done { readonly status: number | null; readonly summary: { readonly failed?: readonly { readonly shard: number; readonly reason: string }[]; readonly rows: number; readonly seconds: number } }
function onKubernetes(input: string, out: string, indexes: number): { readonly child: ChildProcess; readonly done: Promise<Done> } {
  const child = spawn(process.execPath, [BIN, "batch", model!, "--in", input, "--out", out, "--shard-mb", "1", "--json", "--on", "kubernetes", "--pod-image", image!, "--command", command, "--volume", `data:${folder}`, "--namespace", NAMESPACE, "--indexes", String(indexes), "--parallelism", "2", "--cpu", "100m", "--retries", "20"], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (piece) => (said += String(piece)));
  return { child, done: new Promise((end, fail) => child.once("close", (status) => {
    try {
      end({ status, summary: JSON.parse(said) as Done["summary"] });
    } catch {
      fail(new Error(`exit ${status}: ${said}`));
    }
  })) };
}
/** Kills running pods while the run goes on; gives how many. */
async function killPods(child: ChildProcess, most: number): Promise<number> {
  let killed = 0;
  while (child.exitCode === null && killed < most) {
    await sleep(500 + Math.random() * 2500);
    const pods = kubectl(["get", "pods", "-n", NAMESPACE, "--field-selector=status.phase=Running", "-o", "name"]).trim().split("\n").filter((name) => name !== "");
    const pod = pods[Math.floor(Math.random() * pods.length)];
    if (pod === undefined) continue;
    kubectl(["delete", "-n", NAMESPACE, pod, "--grace-period=0", "--force", "--wait=false"]);
    killed++;
  }
  return killed;
}
const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
/** The parts of a folder, by their names. */
const parts = (path: string): Map<string, string> => new Map(readdirSync(path).filter((n) => n.startsWith("part-")).toSorted().map((n) => [n, digest(join(path, n))]));

try {
  mkdirSync(folder, { recursive: true });
  const [head, ...rows] = readFileSync(EXAMPLE, "utf8").trim().split("\n");
  writeFileSync(at("in.csv"), `id,${head}\n${Array.from({ length: 200_000 }, (_, i) => `${i},${rows[i % rows.length]}\n`).join("")}`);
  kubectl(["apply", "--server-side", "-f", "-"], storage());

  alone(at("in.csv"), at("alone.csv"));
  const first = onKubernetes(at("in.csv"), at("pods.csv"), 6);
  const killed = await killPods(first.child, Number(kills));
  const csv = await first.done;
  console.log(JSON.stringify({ run: "csv", killed, status: csv.status, rows: csv.summary.rows, seconds: csv.summary.seconds, same: digest(at("pods.csv")) === digest(at("alone.csv")), left: existsSync(at("pods.csv.parts")) }));

  // A page's head overwritten: its row group can be read by nobody. Size and time stay, and with them the plan.
  const duck = await (await DuckDBInstance.create()).connect();
  await duck.run("SET threads = 1");
  await duck.run(`COPY (SELECT * FROM read_csv('${at("in.csv")}')) TO '${at("in.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 65536)`);
  const [[page]] = (await duck.runAndReadAll(`SELECT CAST(coalesce(dictionary_page_offset, data_page_offset) AS DOUBLE) FROM parquet_metadata('${at("in.parquet")}') WHERE row_group_id = 0 AND path_in_schema = 'monthly_charges'`)).getRows() as [[number]];
  duck.closeSync();
  const { mtimeMs } = statSync(at("in.parquet"));
  // Whole milliseconds can be set again.
  utimesSync(at("in.parquet"), Math.floor(mtimeMs / 1000), Math.floor(mtimeMs / 1000));
  alone(at("in.parquet"), `${at("alone")}/`);
  const broken = readFileSync(at("in.parquet"));
  broken.fill(0xff, page, page + 16);
  writeFileSync(at("in.parquet"), broken);
  utimesSync(at("in.parquet"), Math.floor(mtimeMs / 1000), Math.floor(mtimeMs / 1000));
  const second = onKubernetes(at("in.parquet"), `${at("pods")}/`, 4);
  const parquet = await second.done;
  const job = JSON.parse(kubectl(["get", "jobs", "-n", NAMESPACE, "-o", "json"])) as { items: { status: { failedIndexes?: string; completedIndexes?: string } }[] };
  const [whole, made] = [parts(at("alone")), parts(at("pods"))];
  console.log(JSON.stringify({
    run: "parquet, one index that cannot succeed", status: parquet.status, failed: parquet.summary.failed, indexes: job.items.map((j) => j.status).filter((s) => s.failedIndexes !== undefined && s.failedIndexes !== "").map(({ failedIndexes, completedIndexes }) => ({ failedIndexes, completedIndexes })),
    parts: whole.size, made: made.size, same: [...made].every(([name, sha]) => whole.get(name) === sha), marked: existsSync(join(at("pods"), "_SUCCESS")),
  }));
} finally {
  kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false"]);
  kubectl(["delete", "pv", NAMESPACE, "--ignore-not-found", "--wait=false"]);
  rmSync(folder, { recursive: true, force: true });
}
