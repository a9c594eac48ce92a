// slipway bench PKG|FILE|URL

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Checks, Signature } from "@slipway/core/package";
import {
  benchError, Connection, explainCapacity, findCapacity, makeRequest, notesOn, PROTOCOLS, randomRows, reportHtml, reportJson, reportText, runLoad, startService,
  type Capacity, type CapacityTarget, type Measurement, type Reply, type Service, type Stage, type Target,
} from "../bench/index.ts";
import { serviceModels } from "../client/index.ts";
import { readLeafText } from "../config/index.ts";
import { openModel } from "../runtime/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { isUrl } from "./service-url.ts";
import { writeFileWhole } from "./write-file.ts";

const MAX_STAGE_MS = 600_000;
const BIN = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
/** Different requests that are made beforehand; as many as fit into the second figure, in bytes. */
const REQUESTS = 500;
const REQUEST_BYTES = 64 * 2 ** 20;

export const bench: Command = defineCommand({
  name: "bench",
  summary: "throughput, latency, and how many replicas a load needs",
  usage: "PKG|FILE|URL [--connections 16 | --rate 500 | --target-rps 5000 --target-p99 20ms]",
  arguments: [{ name: "PKG|FILE|URL", help: "a package (a file, or oci://HOST/REPOSITORY:TAG) or saved model, which is served for it in a process of its own on this machine, or a running service", package: true }],
  options: {
    connections: { type: "string", value: "N", help: "closed loop: so many callers that ask again when they are answered (16 by default); with --rate: no more than that (512 by default)" },
    sweep: { type: "boolean", help: "closed loop with 1, 2, 4 ... up to --connections callers" },
    rate: { type: "string", value: "N", help: "open loop: so many requests a second, whether answers come or not; latency counts from when a request was due" },
    arrivals: { type: "string", value: "HOW", help: "with --rate: poisson (by default, as independent callers come) or constant" },
    "target-rps": { type: "string", value: "N", help: "say how many replicas this many requests a second need" },
    "target-p99": { type: "string", value: "TIME", help: "with --target-rps: the 99th percentile that must hold, such as 20ms" },
    margin: { type: "string", value: "SHARE", help: "with --target-rps: what is kept free of each replica (0.2 by default)" },
    duration: { type: "string", value: "TIME", help: "of each measurement (5s by default, 10m at most)" },
    warmup: { type: "string", value: "TIME", help: "before each measurement, not counted (1s by default)" },
    timeout: { type: "string", value: "TIME", help: "of one request (10s by default)" },
    rows: { type: "string", value: "N", help: "rows a request (1 by default)" },
    protocol: { type: "string", value: "WHICH", help: `${PROTOCOLS.join(", ")}; slipway by default` },
    model: { type: "string", value: "NAME", help: "which model of a running service; the first by default" },
    threads: { type: "string", value: "N", help: "threads that send the load (1 by default)" },
    serve: { type: "string", value: "OPTION", multiple: true, help: "an option for slipway serve where it is started, such as --serve=--placement=thread; may be repeated" },
    "api-key": { type: "string", value: "KEY", help: "for a service that asks for one; SLIPWAY_API_KEY does the same" },
    seed: { type: "string", value: "N", help: "of the random rows and arrivals (1 by default)" },
    report: { type: "string", value: "FILE", help: "write a page with drawings (.html)" },
  },
  examples: ["slipway bench churn.slip", "slipway bench churn.slip --sweep --connections 64 --report churn.html", "slipway bench http://127.0.0.1:8080 --rate 500 --rows 10", "slipway bench churn.slip --target-rps 5000 --target-p99 20ms"],
  async run(call) {
    const what = call.args[0]!;
    const settings = settingsOf(call);
    const apiKey = call.text("api-key") ?? process.env["SLIPWAY_API_KEY"];
    if (isUrl(what) && call.texts("serve").length > 0) throw usageError("bad-argument", "--serve is for a service that is started here, and the address of a running one is given");
    let signature: Signature;
    let checks: Checks | null = null;
    let name: string;
    let version: string;
    let service: Service | undefined;
    if (isUrl(what)) {
      const models = await serviceModels(what, { apiKey });
      const wanted = call.text("model");
      const model = wanted === undefined ? models[0] : models.find((m) => m.name === wanted);
      if (model === undefined) throw usageError("bad-argument", wanted === undefined ? "the service has no models" : `the service has no model ${JSON.stringify(wanted)}`, { hint: `It has ${models.map((m) => m.name).join(", ") || "none"}.` });
      ({ signature, name, version } = model);
    } else {
      const opened = await openModel(what);
      ({ signature, checks, manifest: { name, version } } = opened.package);
      for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
    }
    try {
      if (!isUrl(what)) service = await startService(["--disable-warning=ExperimentalWarning", BIN], `${name}=${what}`, call.texts("serve").flatMap((o) => o.split(/\s+/)));
      const url = new URL(service?.url ?? what);
      const target: Target = { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port) || (url.protocol === "https:" ? 443 : 80), tls: url.protocol === "https:" };
      const requests = makeRequests(signature, checks, settings, { model: name, host: url.host, prefix: url.pathname.replace(/\/+$/, ""), apiKey });
      await firstAnswer(target, requests[0]!, settings.timeoutMs);
      const stages: Stage[] = [];
      const shown = progress();
      const measure = async (load: { readonly connections: number; readonly rate?: number }): Promise<Measurement> => {
        shown.update(load.rate === undefined ? `${load.connections} connections ...` : `${Math.round(load.rate)} requests a second ...`);
        const { arrivals, warmupMs, durationMs, timeoutMs, seed } = settings;
        const before = service?.usage();
        const started = performance.now();
        const measurement = await runLoad({ target, requests, ...load, arrivals, warmupMs, durationMs, timeoutMs, seed: seed + stages.length }, settings.threads);
        const after = service?.usage();
        const seconds = (performance.now() - started) / 1000;
        stages.push({ measurement, cpu: before && after ? (after.cpuS - before.cpuS) / seconds : undefined, rss: after?.rss });
        return measurement;
      };
      let capacity: Capacity | undefined;
      const { rate, goal } = settings;
      if (goal !== undefined) {
        const most = await measure({ connections: settings.connections ?? 16 });
        capacity = await findCapacity(goal, Math.max(1, most.goodput), (r) => measure({ connections: settings.connections ?? 512, rate: r }));
      } else if (rate !== undefined) await measure({ connections: settings.connections ?? 512, rate });
      else for (const connections of settings.sweep ? doublings(settings.connections ?? 16) : [settings.connections ?? 16]) await measure({ connections });
      shown.done();
      const report = {
        model: name, version, url: url.href.replace(/\/$/, ""), protocol: settings.protocol, rows: settings.rows, durationMs: settings.durationMs, arrivals: settings.arrivals, stages, capacity,
        sentence: goal === undefined || capacity === undefined ? undefined : explainCapacity(goal, capacity, settings.rows), notes: notesOn(stages, availableParallelism()),
      };
      const file = call.text("report");
      if (file !== undefined) await writeFileWhole(file, Buffer.from(reportHtml(report)));
      if (call.flag("json")) printJson(reportJson(report));
      else printResult(reportText(report));
      return goal !== undefined && capacity?.replicas === undefined ? 1 : 0;
    } finally {
      await service?.stop();
    }
  },
});

interface Settings {
  readonly connections: number | undefined;
  readonly sweep: boolean;
  readonly rate: number | undefined;
  readonly goal: CapacityTarget | undefined;
  readonly arrivals: "poisson" | "constant";
  readonly durationMs: number;
  readonly warmupMs: number;
  readonly timeoutMs: number;
  readonly rows: number;
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly threads: number;
  readonly seed: number;
}

/** Everything has an end: nothing here can run, or send, without one. */
function settingsOf(call: Invocation): Settings {
  const choice = <T extends string>(option: string, choices: readonly T[], standard: T): T => {
    const given = call.text(option) ?? standard;
    const found = choices.find((c) => c === given);
    if (found === undefined) throw usageError("bad-argument", `--${option} must be one of ${choices.join(", ")}, found ${JSON.stringify(given)}`);
    return found;
  };
  const time = (option: string, standard: number | undefined, bounds: readonly [number, number]): number | undefined => {
    const given = call.text(option);
    if (given === undefined) return standard;
    return readLeafText({ type: "duration", min: bounds[0], max: bounds[1], help: "" }, given, (expected) => usageError("bad-argument", `--${option} must be ${expected}, found ${JSON.stringify(given)}`, { hint: "Write it as 20ms, 5s or 2m." })) as number;
  };
  const rps = call.count("target-rps", [1, 1_000_000_000]);
  const p99Ms = time("target-p99", undefined, [1, 60_000]);
  const margin = Number(call.text("margin") ?? 0.2);
  if ((rps === undefined) !== (p99Ms === undefined)) throw usageError("bad-argument", "--target-rps and --target-p99 go together", { hint: "How many replicas a load needs depends on how long an answer may take." });
  if (!(margin >= 0 && margin < 1)) throw usageError("bad-argument", `--margin must be from 0 to below 1, found ${JSON.stringify(call.text("margin"))}`);
  const rate = call.count("rate", [1, 1_000_000]);
  if (rate !== undefined && rps !== undefined) throw usageError("bad-argument", "--rate and --target-rps exclude each other", { hint: "With a target, rates are searched for." });
  if (call.flag("sweep") && (rate !== undefined || rps !== undefined)) throw usageError("bad-argument", "--sweep is for closed loops; it excludes --rate and --target-rps");
  return {
    connections: call.count("connections", [1, 10_000]), sweep: call.flag("sweep"), rate, goal: rps === undefined ? undefined : { rps, p99Ms: p99Ms!, margin },
    arrivals: choice("arrivals", ["poisson", "constant"], "poisson"), protocol: choice("protocol", PROTOCOLS, "slipway"),
    durationMs: time("duration", 5000, [100, MAX_STAGE_MS])!, warmupMs: time("warmup", 1000, [0, MAX_STAGE_MS])!, timeoutMs: time("timeout", 10_000, [1, MAX_STAGE_MS])!,
    rows: call.count("rows", [1, 100_000]) ?? 1, threads: call.count("threads", [1, 64]) ?? 1, seed: call.count("seed", [1, 1_000_000_000]) ?? 1,
  };
}

function doublings(most: number): number[] {
  const list: number[] = [];
  for (let n = 1; n < most; n *= 2) list.push(n);
  return [...list, most];
}

function makeRequests(signature: Signature, checks: Checks | null, settings: Settings, options: Omit<Parameters<typeof makeRequest>[2], "protocol">): Buffer[] {
  const rows = signature.tensorRows === "none" ? 1 : settings.rows;
  if (rows !== settings.rows) throw usageError("bad-argument", "--rows: the model takes one set of tensors a request");
  const make = (from: readonly unknown[]): Buffer => makeRequest(signature, from, { ...options, protocol: settings.protocol });
  const first = randomRows(signature, checks, rows, settings.seed);
  const size = make(first).length;
  const count = Math.max(4, Math.min(REQUESTS, Math.floor(REQUEST_BYTES / size)));
  const all = randomRows(signature, checks, Math.min(count * rows, 20_000), settings.seed);
  return Array.from({ length: count }, (_, i) => make(Array.from({ length: rows }, (_, j) => all[(i * rows + j) % all.length])));
}

/** One request before any load: what is refused would be measured as a fast answer. @throws SlipwayError bench-refused */
async function firstAnswer(target: Target, request: Buffer, timeoutMs: number): Promise<void> {
  const connection = new Connection(target, timeoutMs);
  const { status, body, failure } = await new Promise<Reply>((resolve) => connection.send(request, resolve));
  connection.end();
  if (status < 200 || status > 299) throw benchError("bench-refused", failure === undefined ? `the service answered the first request with ${status}: ${body.slice(0, 1000)}` : `the service did not answer the first request: ${failure}`);
}
