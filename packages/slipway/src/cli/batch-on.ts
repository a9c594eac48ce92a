// --on: who makes the parts of a bulk run, where it is not this process.

import { batchError, printJob, runBatch, runOnKubernetes, runOnPostgres, type BatchOptions, type BatchSummary, type KubernetesOptions } from "../batch/index.ts";
import { readLeafText } from "../config/index.ts";
import { usageError, type Invocation, type OptionSpec } from "./command.ts";
import { printJson, printNote, printRaw, printResult } from "./output.ts";

const LEASE_MS: readonly [number, number] = [1000, 3_600_000];
const ATTEMPTS: readonly [number, number] = [1, 100];

const INDEXES: readonly [number, number] = [1, 100_000];
const RETRIES: readonly [number, number] = [0, 1000];
const USERS: readonly [number, number] = [1, 4_294_967_294];
const QUANTITY = /^\d+(?:\.\d+)?(?:m|[kMGT]i?)?$/;

export const onOptions: Readonly<Record<string, OptionSpec>> = {
  on: { type: "string", value: "ENGINE", help: "who makes the parts, if not this process, over a folder that all see or a bucket (--out s3://..., gs://... or az://...): postgres (slipway worker processes with the same SLIPWAY_DATABASE_URL) or kubernetes (pods of an Indexed Job)" },
  detach: { type: "boolean", help: "with --on: make the run, and leave it to the others; the same command with --resume waits for it" },
  lease: { type: "string", value: "TIME", help: "with --on postgres: after so long without a word from its worker a shard is another's (30s by default)" },
  attempts: { type: "string", value: "N", help: "with --on postgres: so often a shard is tried before it is set aside (5 by default)" },
  "pod-image": { type: "string", value: "REF", help: "with --on kubernetes: an image with Node and slipway" },
  command: { type: "string", value: "WORDS", help: "with --on kubernetes: what slipway is called in the image (slipway by default)" },
  volume: { type: "string", value: "CLAIM:PATH[:ro]", multiple: true, help: "with --on kubernetes: a PersistentVolumeClaim, mounted at the path that it has here; may be repeated" },
  indexes: { type: "string", value: "N", help: "with --on kubernetes: shares that the shards are divided in (8 by default)" },
  parallelism: { type: "string", value: "N", help: "with --on kubernetes: pods at a time (4 by default)" },
  retries: { type: "string", value: "N", help: "with --on kubernetes: pods that an index may lose (3 by default)" },
  cpu: { type: "string", value: "QUANTITY", help: "with --on kubernetes: of each pod (1 by default)" },
  memory: { type: "string", value: "QUANTITY", help: "with --on kubernetes: of each pod (1Gi by default)" },
  user: { type: "string", value: "ID", help: "with --on kubernetes: who the pods are on the storage; you by default, 65532 where you are root" },
  "service-account": { type: "string", value: "NAME", help: "with --on kubernetes: the pods' service account, where a role for buckets is bound to it" },
  "pod-secret": { type: "string", value: "NAME", multiple: true, help: "with --on kubernetes: a Secret whose keys are variables of the pods, such as AWS_ACCESS_KEY_ID; may be repeated" },
  "pod-env": { type: "string", value: "NAME=VALUE", multiple: true, help: "with --on kubernetes: a variable of the pods; may be repeated" },
  namespace: { type: "string", value: "NAME", help: "with --on kubernetes: where the job goes; kubectl's own by default" },
  print: { type: "boolean", help: "with --on kubernetes: print the manifest; nothing is made or asked" },
};
const OF: Readonly<Record<string, readonly string[]>> = {
  postgres: ["detach", "lease", "attempts"],
  kubernetes: ["detach", "pod-image", "command", "volume", "indexes", "parallelism", "retries", "cpu", "memory", "user", "service-account", "pod-secret", "pod-env", "namespace", "print"],
};

/** The run's summary; undefined: it was only made or shown, and that is printed. */
export async function runOn(call: Invocation, options: BatchOptions): Promise<BatchSummary | undefined> {
  const on = call.text("on");
  if (on !== undefined && !Object.hasOwn(OF, on)) throw usageError("bad-argument", `--on must be one of ${Object.keys(OF).join(", ")}, found ${JSON.stringify(on)}`);
  const lost = Object.keys(onOptions).find((name) => name !== "on" && (call.flag(name) || call.text(name) !== undefined || call.texts(name).length > 0) && !(OF[on ?? ""] ?? []).includes(name));
  if (lost !== undefined) throw usageError("bad-argument", `--${lost} does not go ${on === undefined ? "without --on" : `with --on ${on}`}`);
  if (on === undefined) return runBatch(options);
  if (call.flag("print")) {
    printRaw(await printJob(options, jobOptions(call)));
    return undefined;
  }
  const outcome = on === "postgres"
    ? await runOnPostgres(options, { databaseUrl: process.env["SLIPWAY_DATABASE_URL"], leaseMs: leaseMs(call), attempts: call.count("attempts", ATTEMPTS) ?? 5, detach: call.flag("detach"), note: printNote })
    : await runOnKubernetes(options, { ...jobOptions(call), detach: call.flag("detach"), note: printNote });
  if ("summary" in outcome) return outcome.summary;
  if (call.flag("json")) printJson(outcome);
  else printResult(`run ${outcome.run}: ${outcome.shards} shards; the same command with --resume waits for it`);
  return undefined;
}

function leaseMs(call: Invocation): number {
  const lease = call.text("lease");
  return lease === undefined ? 30_000 : readLeafText({ type: "duration", min: LEASE_MS[0], max: LEASE_MS[1], help: "" }, lease, (expected) => usageError("bad-argument", `--lease must be ${expected}, found ${JSON.stringify(lease)}`)) as number;
}

function jobOptions(call: Invocation): Omit<KubernetesOptions, "detach" | "note"> {
  const image = call.text("pod-image");
  if (image === undefined || !/^[\w.:/@-]+$/.test(image)) throw batchError("batch-job-option", image === undefined ? "pods need an image" : `${JSON.stringify(image)} is no image's reference`, { hint: "--pod-image HOST/REPOSITORY:TAG, with Node and slipway in it." });
  const volumes = call.texts("volume").map((text) => {
    const [, claim, path, readOnly] = /^([a-z0-9][a-z0-9.-]{0,252}):(\/[^:]*?)(:ro)?$/.exec(text) ?? [];
    if (claim === undefined || path === undefined) throw batchError("batch-job-option", `--volume takes CLAIM:PATH or CLAIM:PATH:ro, found ${JSON.stringify(text)}`, { hint: "The path is the one that the storage has here." });
    return { claim, path, readOnly: readOnly !== undefined };
  });
  const quantity = (name: string, standard: string): string => {
    const text = call.text(name) ?? standard;
    if (!QUANTITY.test(text)) throw batchError("batch-job-option", `--${name} takes a quantity as Kubernetes writes it, found ${JSON.stringify(text)}`, { hint: "500m, 2, 512Mi, 1Gi ..." });
    return text;
  };
  const named = (name: string, text: string): string => {
    if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text)) throw batchError("batch-job-option", `--${name} takes a name as Kubernetes has them, found ${JSON.stringify(text.slice(0, 80))}`);
    return text;
  };
  const env = Object.fromEntries(call.texts("pod-env").map((text) => {
    const [, variable, value] = /^([A-Za-z_][A-Za-z0-9_]{0,200})=(.*)$/s.exec(text) ?? [];
    // What is not understood may be a secret: it is not shown.
    if (variable === undefined) throw batchError("batch-job-option", "--pod-env takes NAME=VALUE", { hint: "Secrets are better in a Secret of the cluster: --pod-secret NAME." });
    return [variable, value!] as const;
  }));
  const account = call.text("service-account");
  const own = process.getuid?.() ?? 0;
  const indexes = call.count("indexes", INDEXES) ?? 8;
  return {
    image, command: (call.text("command") ?? "slipway").split(" ").filter((word) => word !== ""), namespace: call.text("namespace"), volumes, indexes,
    parallelism: Math.min(indexes, call.count("parallelism", INDEXES) ?? 4), retries: call.count("retries", RETRIES) ?? 3,
    cpu: quantity("cpu", "1"), memory: quantity("memory", "1Gi"), user: call.count("user", USERS) ?? (own === 0 ? 65_532 : own),
    env, secrets: call.texts("pod-secret").map((name) => named("pod-secret", name)), ...(account === undefined ? {} : { serviceAccount: named("service-account", account) }),
  };
}
