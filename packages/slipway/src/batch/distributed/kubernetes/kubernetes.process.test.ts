// What the pods of an Indexed Job do, as processes without a cluster; and the manifest. scripts/chaos/kubernetes-batch.ts runs
// the jobs of a real one.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import type { BatchOptions } from "../../run/options.ts";
import { runBatch } from "../../run/run-batch.ts";
import { finishShared } from "../finish-shared.ts";
import { planShared } from "../plan-shared.ts";
import type { SharedRun } from "../shared-run.ts";
import { BIN, batchOptions, loanPackage, loanRows } from "../testing.ts";
import { indexOf, isMade, readMade, readUnmade, shareOf } from "./index-shares.ts";
import type { JobOptions } from "./job-manifest.ts";
import { finishJob, printJob } from "./run-on-kubernetes.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-indexes-"));
const at = (name: string): string => join(folder, name);
const job: JobOptions = { image: "registry.example/slipway:1", command: ["slipway"], namespace: "models", volumes: [{ claim: "data", path: "/data", readOnly: false }], indexes: 3, parallelism: 2, retries: 3, cpu: "1", memory: "1Gi", user: 1000 };
let pkg: BatchOptions["package"];
beforeAll(async () => {
  pkg = await loanPackage();
  writeFileSync(at("in.csv"), loanRows(12_000));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
interface Pod { readonly ended: Promise<number | string | null>; kill(): void; said(): string }
function pod({ folder: run }: SharedRun, index: number): Pod {
  const child = spawn(process.execPath, [BIN, "worker", "--threads", "1", "--folder", run, "--index", String(index), "--indexes", "3"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (said += String(piece)));
  return { kill: () => child.kill("SIGKILL"), said: () => said, ended: new Promise((end) => child.once("close", (status, signal) => end(status ?? signal))) };
}
async function make(options: BatchOptions): Promise<SharedRun> {
  const planned = await planShared(options, "kubernetes");
  return planned.kind === "whole" ? expect.fail("it was whole already") : planned.run;
}

it("divides shards among indexes, each once", () => {
  for (const [shards, indexes] of [[17, 6], [3, 8], [100, 7], [1, 1]] as const) {
    const shares = Array.from({ length: indexes }, (_, i) => shareOf(i, indexes, shards));
    expect(shares.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i))).toEqual(Array.from({ length: shards }, (_, i) => i));
    for (let shard = 0; shard < shards; shard++) expect(shares[indexOf(shard, indexes, shards)]).toSatisfy(([from, to]: readonly [number, number]) => from <= shard && shard < to);
  }
});

describe("pods", () => {
  it("of which one is killed and one index is worked on by two give the bytes of one process", async () => {
    await runBatch(batchOptions(pkg, at("in.csv"), at("alone.csv")));
    const options = batchOptions(pkg, at("in.csv"), at("pods.csv"));
    const run = await make(options);
    const killed = pod(run, 0);
    const twins = [pod(run, 1), pod(run, 1)];
    for (let i = 0; i < 400 && !isMade(run.folder, 0); i++) await sleep(25);
    killed.kill();
    // Where it was quicker than the kill, the others still have to give the same bytes.
    expect(await Promise.all([killed.ended, ...twins.map((p) => p.ended)])).toEqual([expect.toBeOneOf(["SIGKILL", 0]), 0, 0]);
    expect(await Promise.all([pod(run, 0).ended, pod(run, 2).ended])).toEqual([0, 0]);
    // One that was held up with all of it made finds nothing to put in place once another has ended the run.
    const heldUp = finishShared({ run, maxErrors: "50%", parts: readMade(run.folder), failed: [], tag: ".held-up", seconds: () => 1, rowsOf: () => Promise.resolve(0), place: async (renames) => {
      expect(await finishJob(run, options, 3, () => 1)).toMatchObject({ rows: 12_000, bad: 240 });
      renames();
    } });
    await expect(heldUp).rejects.toMatchObject({ code: "batch-output-failed" });
    expect([digest(at("pods.csv")), digest(`${at("pods.csv")}.errors.jsonl`), existsSync(at("pods.csv.parts"))]).toEqual([digest(at("alone.csv")), digest(`${at("alone.csv")}.errors.jsonl`), false]);
    // One that comes back now finds nothing.
    const late = pod(run, 2);
    expect([await late.ended, late.said()]).toEqual([2, expect.stringContaining("batch-run-unreachable")]);
  }, 60_000);

  it("end with 42 where a shard can never be made; the rest is put together, and what is missing is named", async () => {
    writeFileSync(at("changes.csv"), loanRows(6000));
    const options = batchOptions(pkg, at("changes.csv"), at("some/"));
    const run = await make(options);
    expect(await Promise.all([pod(run, 0).ended, pod(run, 1).ended])).toEqual([0, 0]);
    writeFileSync(at("changes.csv"), loanRows(5000));
    const broken = pod(run, 2);
    expect([await broken.ended, broken.said()]).toEqual([42, expect.stringContaining("can never be made")]);
    const [from, to] = shareOf(2, 3, run.shards);
    expect([...readUnmade(run.folder).keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: to - from }, (_, i) => from + i));
    writeFileSync(at("changes.csv"), loanRows(6000));
    const summary = await finishJob(run, options, 3, () => 1);
    expect(summary.rows).toBe(6000);
    expect(summary.failed).toHaveLength(to - from);
    expect(summary.failed![0]).toMatchObject({ shard: from, unit: "bytes", reason: expect.stringMatching(/^index 2: .*batch-input-changed/) as string });
    expect(readdirSync(at("some")).filter((n) => n.startsWith("part-"))).toHaveLength(from);
    expect([existsSync(at("some/_SUCCESS")), readMade(run.folder).length]).toEqual([false, from]);
  }, 60_000);
});

describe("the manifest", () => {
  it("is printed without a trace, and names what the run would be called", async () => {
    const options = batchOptions(pkg, at("in.csv"), at("later.csv"));
    const manifest = parse(await printJob(options, job)) as { metadata: { annotations: Record<string, string>; namespace: string }; spec: { podFailurePolicy: object; template: { spec: { containers: { command: string[]; securityContext: object }[]; volumes: object[] } } } };
    expect(existsSync(at("later.csv.parts"))).toBe(false);
    const id = manifest.metadata.annotations["slipway/run"]!;
    const [container] = manifest.spec.template.spec.containers;
    expect(container!.command).toEqual(["slipway", "worker", "--folder", at(`later.csv.parts/${id}`), "--index", "$(JOB_COMPLETION_INDEX)", "--indexes", "3"]);
    expect(manifest.spec).toMatchObject({ completionMode: "Indexed", completions: 3, parallelism: 2, backoffLimitPerIndex: 3, podFailurePolicy: { rules: [{ action: "FailIndex", onExitCodes: { values: [42] } }, { action: "Ignore" }] } });
    expect(container!.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
    expect((await make(options)).id).toBe(id);
  });
  it("says where a bucket is and what the pods ask it with, and nothing of who asks here", async () => {
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "s3cret");
    const printed = await printJob(batchOptions(pkg, at("in.csv"), "s3://scores/today/"), { ...job, env: { AWS_ENDPOINT_URL_S3: "http://minio:9000" }, secrets: ["buckets"], serviceAccount: "scorer" });
    vi.unstubAllEnvs();
    const manifest = parse(printed) as { metadata: { annotations: Record<string, string> }; spec: { template: { spec: { serviceAccountName: string; containers: { command: string[]; env: object[]; envFrom: object[] }[] } } } };
    const { serviceAccountName, containers: [container] } = manifest.spec.template.spec;
    expect([serviceAccountName, container!.command[3], container!.envFrom]).toEqual(["scorer", `s3://scores/today/_run/${manifest.metadata.annotations["slipway/run"]!}`, [{ secretRef: { name: "buckets" } }]]);
    expect(container!.env).toEqual([{ name: "HOME", value: "/tmp" }, { name: "AWS_REGION", value: "eu-central-1" }, { name: "AWS_ENDPOINT_URL_S3", value: "http://minio:9000" }]);
    expect(printed).not.toContain("s3cret");
  });
});
