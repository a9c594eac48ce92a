// `slipway serve` side by side in one run with other servers of the same models and with the limits of the platform:
// a node:http echo and onnxruntime-node behind node:http.
//   node --conditions=@slipway/source bench/peers.ts FOLDER [--cases m1,m3] [--only fastapi_ort,...] [--seconds 1] [--rounds 3] [--warm 3] [--json]
// FOLDER holds contenders.json, the servers it names (environments in envs/, made by its setup_envs.sh) and the models and
// payloads of its make_models.py. Contenders whose environment is not there are left out. Each server runs on core 0, with
// its defaults and its log in a file, the load (wrk) on core 1; rounds take turns. Ratios are medians over rounds.
// Before them, servers on node get --warm seconds for the compiler: some ten thousand requests, which a busy machine takes longer for.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Contender, type Entry } from "./peers/contender.ts";
import { requestOf } from "./peers/payloads.ts";
import { median, needWrk, wrk, type Measured } from "./shared/wrk.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cases: { type: "string" }, only: { type: "string" }, seconds: { type: "string", default: "1" }, rounds: { type: "string", default: "3" }, warm: { type: "string", default: "3" }, json: { type: "boolean", default: false } },
});
if (positionals[0] === undefined) throw new Error("the folder with contenders.json is needed");
needWrk();
const root = resolve(positionals[0]);
const logs = mkdtempSync(join(tmpdir(), "slipway-peers-"));
const BIN = fileURLToPath(new URL("../packages/slipway/bin/slipway.mjs", import.meta.url));

interface Case {
  readonly what: string;
  readonly rows?: number;
  readonly connections?: number;
  readonly bytes?: boolean;
  /** Without the servers that are far behind: what they do under another load says nothing new. */
  readonly near?: boolean;
}
interface Group {
  readonly name: string;
  readonly model: string;
  readonly file: string;
  readonly cores?: number;
  readonly cases: readonly Case[];
}
const ONE: Case = { what: "1 row, 16 connections" };
const GROUPS: readonly Group[] = [
  { name: "m1", model: "m1", file: "m1.pkl", cases: [ONE, { what: "1 row, 1 connection", connections: 1, near: true }, { what: "64 rows, 16 connections", rows: 64 }] },
  { name: "m1n", model: "m1n", file: "m1n.pkl", cases: [ONE, { what: "1 row, 1 connection", connections: 1, near: true }] },
  { name: "m2", model: "m2", file: "m2.onnx", cases: [ONE, { what: "64 rows, 16 connections", rows: 64 }] },
  { name: "m4", model: "m4", file: "m4.pkl", cases: [ONE] },
  { name: "m3", model: "m3", file: "m3.onnx", cases: [{ what: "JSON, 4 connections", connections: 4 }, { what: "bytes, 4 connections", connections: 4, bytes: true }] },
  { name: "m1n2", model: "m1n", file: "m1n.pkl", cores: 2, cases: [{ what: "1 row, 16 connections, two cores" }] },
];
/** Those that compute with ONNX Runtime or nothing. */
const NEAR = /^(?:slipway|node_http_|fastapi_ort)/;
/** Those with an address for floats as they are. */
const RAW = /^(?:slipway|node_http_ort$|fastapi_)/;

const table = JSON.parse(readFileSync(join(root, "contenders.json"), "utf8")) as Entry[];
const only = values.only?.split(",");
function entriesOf(group: Group): Entry[] {
  const two = group.cores === 2;
  const slipway: Entry = { name: two ? "slipway --processes 2" : "slipway", kind: "slipway", models: [group.model], check: "slipway",
    cmd: `node ${BIN} serve models/${group.file} --port {port} --drain-ms 0${two ? " --processes 2" : ""}` };
  const one: Entry[] = two ? [{ ...slipway, name: "slipway", cores: 1, cmd: slipway.cmd.replace(" --processes 2", "") }] : [];
  const limits = ["node_http_echo", ...(two ? [] : ["node_http_ort"])];
  const peers = table.filter((e) => (limits.includes(e.name) || (e.kind === (two ? "peer2" : "peer") && (e.cores ?? 1) === (group.cores ?? 1)))
    && (e.models.includes(group.model) || e.name === "node_http_echo") && installed(e, group.model) && (only === undefined || limits.includes(e.name) || only.includes(e.name)));
  return [...peers.filter((e) => e.kind === "limit"), slipway, ...one, ...peers.filter((e) => e.kind !== "limit")];
}
function installed(entry: Entry, model: string): boolean {
  if (entry.cmd.includes("models/mlflow_{model}") && !existsSync(join(root, `models/mlflow_${model}`))) return false;
  const env = /envs\/\w+/.exec(entry.cmd)?.[0] ?? (entry.name.startsWith("mlserver") ? "envs/mlserver" : undefined);
  return env === undefined || existsSync(join(root, env, "bin", /envs\/\w+\/bin\/(\w+)/.exec(entry.cmd)?.[1] ?? "mlserver"));
}

const running: Contender[] = [];
process.once("SIGINT", () => void Promise.all(running.map((s) => s.stop())).then(() => process.exit(130)));
for (const group of GROUPS.filter((g) => values.cases === undefined || values.cases.split(",").includes(g.name))) {
  const load = loadavg()[0]!.toFixed(1);
  try {
    for (const entry of entriesOf(group)) {
      const server = await Contender.start(entry, root, group.model, group.cores === 2 && entry.cores !== 1 && entry.name !== "node_http_echo" ? "0,1" : "0", logs);
      try {
        await server.ready(requestOf(root, entry, group.model, 1, false));
        running.push(server);
      } catch (error) {
        console.error(String(error));
        await server.stop();
      }
    }
    for (const one of group.cases) {
      const found = await measure(group, one, running, load);
      if (values.json) for (const row of found) console.log(JSON.stringify(row));
      else console.table(found);
    }
  } finally {
    await Promise.all(running.splice(0).map((s) => s.stop()));
  }
}
rmSync(logs, { recursive: true });

async function measure(group: Group, { what, rows: count = 1, connections = 16, bytes = false, near = false }: Case, entered: readonly Contender[], load: string): Promise<Record<string, string | number>[]> {
  const entrants = entered.filter((s) => (!bytes || RAW.test(s.entry.name)) && (!near || NEAR.test(s.entry.name))).map((server) => ({ server, request: requestOf(root, server.entry, group.model, count, bytes), rounds: [] as Measured[] }));
  for (const { server, request } of entrants) {
    for (let i = 0; i < request.bodies.length; i++) {
      const wrong = await server.ask(request, i);
      if (wrong !== undefined) throw new Error(`${server.entry.name}, ${group.name}, ${what}: ${wrong.slice(0, 300)}`);
    }
  }
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const { server, request, rounds } of entrants) {
      const found = await wrk({ url: server.url(request.path), pid: server.pid, bodies: request.bodies, headers: request.headers, connections, seconds: round < 0 && NEAR.test(server.entry.name) ? Number(values.warm) : Number(values.seconds), cores: group.cores === 2 ? "0,1" : "1" });
      if (round >= 0) rounds.push(found);
    }
  }
  const of = (rounds: readonly Measured[], key: keyof Measured): number => median(rounds.map((r) => r[key]));
  // Where there is no echo, of bytes, ONNX Runtime itself is the limit.
  const limit = entrants[0]!;
  return entrants.map(({ server, rounds }) => ({
    what: `${group.model.toUpperCase()}, ${what}`, name: server.entry.name, "requests/s": Math.round(of(rounds, "rps")),
    "of first": ratio(median(rounds.map((r, i) => r.rps / limit.rounds[i]!.rps))), "p50 ms": ratio(of(rounds, "p50")), "p99 ms": ratio(of(rounds, "p99")), "p50 x": ratio(of(rounds, "p50") / of(limit.rounds, "p50")), "p99 x": ratio(of(rounds, "p99") / of(limit.rounds, "p99")),
    "cpu us": Math.round(of(rounds, "cpu")), "cpu of first": ratio(of(limit.rounds, "cpu") / of(rounds, "cpu")), "MB": Math.round(server.memoryMb()), "cold s": ratio(server.cold), failed: rounds.reduce((n, r) => n + r.failed, 0), load,
  }));
}
function ratio(value: number): number {
  return Number(value.toPrecision(3));
}
