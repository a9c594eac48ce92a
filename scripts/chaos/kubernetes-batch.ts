// Bulk runs as Indexed Jobs of a real cluster: pods killed while they work, and the command that waits for them; and one index
// that can never succeed. What is good is compared, byte for byte, with runs of one process.
//   node --conditions=@slipway/source scripts/chaos/kubernetes-batch.ts MODEL.slip IMAGE PLACE [KILLS] [COMMAND]
// kubectl knows the cluster (scripts/kubernetes/cluster.sh makes one and runs this with `exec`); IMAGE holds slipway, called
// COMMAND there. PLACE is a folder that is on every node at the same path (it becomes a PersistentVolume); or minio:HOST, an
// address of this machine that pods reach: a MinIO is started there (scripts/testing-tools.sh minio), and nothing but its bucket
// is shared. Makes a namespace of its own, under the Pod Security Standard "restricted", and removes it.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { bucketPlace, folderPlace, type BatchPlace } from "./batch-place.ts";

const [model, image, given, kills = "6", command = "slipway"] = process.argv.slice(2);
if (model === undefined || image === undefined || given === undefined) throw new Error("MODEL.slip, IMAGE and PLACE are needed");
const BIN = fileURLToPath(new URL("../../packages/slipway/bin/slipway.mjs", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../examples/churn/check.csv", import.meta.url));
const NAMESPACE = "slipway-batch-chaos";
const scratch = mkdtempSync(join(tmpdir(), "slipway-batch-chaos-"));
const here = (name: string): string => join(scratch, name);

function kubectl(args: readonly string[], input?: string): string {
  return execFileSync("kubectl", args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "inherit"] });
}
function alone(input: string, out: string, ...more: string[]): void {
  execFileSync(process.execPath, [BIN, "batch", model!, "--in", input, "--out", out, "--shard-mb", "1", "--threads", "1", ...more], { stdio: ["ignore", "ignore", "inherit"] });
}
interface Done { readonly status: number | null; readonly summary: { readonly failed?: readonly { readonly shard: number; readonly reason: string }[]; readonly rows: number; readonly seconds: number } | undefined }
function onKubernetes(place: BatchPlace, input: string, out: string, indexes: number, ...more: string[]): { readonly child: ChildProcess; readonly done: Promise<Done> } {
  const child = spawn(process.execPath, [BIN, "batch", model!, "--in", place.at(input), "--out", place.at(out), "--shard-mb", "1", "--json", "--on", "kubernetes", "--pod-image", image!, "--command", command, ...place.options, "--namespace", NAMESPACE, "--indexes", String(indexes), "--parallelism", "2", "--cpu", "100m", "--retries", "20", ...more], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (piece) => (said += String(piece)));
  return { child, done: new Promise((end) => child.once("close", (status) => end({ status, summary: status === null ? undefined : JSON.parse(said) as Done["summary"] }))) };
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
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
/** Looks at what others see of an output while it is made: nothing of it, or all of it. */
async function watch(place: BatchPlace, out: string, whole: string, until: Promise<unknown>): Promise<{ readonly looks: number; readonly half: readonly string[] }> {
  let looks = 0;
  const half: string[] = [];
  const end = Symbol();
  for (; await Promise.race([until.then(() => end), sleep(200)]) !== end; looks++) {
    const found = await place.read(out);
    if (found !== undefined && digest(found) !== whole) half.push(`${found.length} bytes`);
  }
  return { looks, half };
}

const place = given.startsWith("minio:") ? await bucketPlace(given.slice("minio:".length), NAMESPACE) : folderPlace(resolve(given, "slipway-batch-chaos"), NAMESPACE);
try {
  const [head, ...rows] = readFileSync(EXAMPLE, "utf8").trim().split("\n");
  await place.write("in.csv", Buffer.from(`id,${head}\n${Array.from({ length: 200_000 }, (_, i) => `${i},${rows[i % rows.length]}\n`).join("")}`));
  kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "restricted" } } }, ...place.objects] }));

  alone(place.at("in.csv"), here("alone.csv"));
  const whole = digest(readFileSync(here("alone.csv")));
  const first = onKubernetes(place, "in.csv", "pods.csv", 6);
  let killed = await killPods(first.child, Math.floor(Number(kills) / 2));
  // Whoever waits is killed too, and begun again.
  first.child.kill("SIGKILL");
  const interrupted = (await first.done).status === null;
  const again = onKubernetes(place, "in.csv", "pods.csv", 6, "--resume");
  const seen = watch(place, "pods.csv", whole, again.done);
  killed += await killPods(again.child, Math.ceil(Number(kills) / 2));
  const csv = await again.done;
  console.log(JSON.stringify({ run: "csv", place: given, killed, interrupted, status: csv.status, rows: csv.summary?.rows, seconds: csv.summary?.seconds, same: digest((await place.read("pods.csv"))!) === whole, ...await seen, left: (await place.names("pods.csv")).filter((name) => name !== "" && name !== ".run.json"), uploads: await place.uploads() }));

  // A page's head overwritten: its row group can be read by nobody.
  const duck = await (await DuckDBInstance.create()).connect();
  await duck.run("SET threads = 1");
  writeFileSync(here("in.csv"), (await place.read("in.csv"))!);
  await duck.run(`COPY (SELECT * FROM read_csv('${here("in.csv")}')) TO '${here("in.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 65536)`);
  const [[page]] = (await duck.runAndReadAll(`SELECT CAST(coalesce(dictionary_page_offset, data_page_offset) AS DOUBLE) FROM parquet_metadata('${here("in.parquet")}') WHERE row_group_id = 0 AND path_in_schema = 'monthly_charges'`)).getRows() as [[number]];
  duck.closeSync();
  // Ids are of a plan, and with it of what the input is.
  alone(here("in.parquet"), `${here("alone")}/`, "--no-ids");
  const broken = readFileSync(here("in.parquet"));
  broken.fill(0xff, page, page + 16);
  await place.write("in.parquet", broken);
  const parquet = await onKubernetes(place, "in.parquet", "pods/", 4, "--no-ids").done;
  const job = JSON.parse(kubectl(["get", "jobs", "-n", NAMESPACE, "-o", "json"])) as { items: { status: { failedIndexes?: string; completedIndexes?: string } }[] };
  const names = await place.names("pods/");
  const parts = names.filter((name) => name.startsWith("part-"));
  const same = await Promise.all(parts.map(async (name) => digest((await place.read(`pods/${name}`))!) === digest(readFileSync(join(here("alone"), name)))));
  console.log(JSON.stringify({
    run: "parquet, one index that cannot succeed", status: parquet.status, failed: parquet.summary?.failed, indexes: job.items.map((j) => j.status).filter((s) => s.failedIndexes !== undefined && s.failedIndexes !== "").map(({ failedIndexes, completedIndexes }) => ({ failedIndexes, completedIndexes })),
    parts: 4, made: parts.length, same: same.every(Boolean), marked: (await place.read("pods/_SUCCESS")) !== undefined, others: names.filter((name) => !/^(?:part-|_run\/|_run\.json$)/.test(name)), uploads: await place.uploads(),
  }));
} finally {
  kubectl(["delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false"]);
  kubectl(["delete", "pv", NAMESPACE, "--ignore-not-found", "--wait=false"]);
  await place.close();
  rmSync(scratch, { recursive: true, force: true });
}
