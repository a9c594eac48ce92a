// A rollout over two real services on one Postgres and one OCI registry, under requests, while the one that leads is killed
// (SIGKILL) and started again, again and again. Says whether it was promoted, and what happened to requests of the survivor.
//   node --conditions=@slipway/source scripts/chaos/rollout-kills.ts [kills]

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { startDockerRegistry } from "../../packages/slipway/src/oci/testing-registry.ts";
import { CHURN_ROW, churnSlip } from "../testing-models.ts";
import { startPostgres } from "../testing-postgres.ts";
import { startUp, workingFolder, type Running } from "../testing-up.ts";

const kills = Number(process.argv[2] ?? 3);
const postgres = await startPostgres();
const registry = await startDockerRegistry();
const place = workingFolder({ ana: { roles: ["developer", "operator", "predictor"] } }, { rollout: { requests: 150, bake: "2s", latencySlack: "10s", shadow: { requests: 300 } } });
const env = { SLIPWAY_DATABASE_URL: postgres.create("rollout_kills"), SLIPWAY_REGISTRY: `${registry.host}/models` };
const headers = { authorization: `Bearer ${place.keys["ana"]!}` };
const services: Running[] = [];
const start = async (at: number): Promise<void> => void (services[at] = await startUp(place.folder, [], env));
await start(0);
await start(1);

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  // Whichever answers: one of them may be dead at the moment.
  for (const { url } of [...services, ...services]) {
    const answer = await fetch(`${url}/api/v1${path}`, { method, headers: { ...headers, "content-type": "application/json" }, ...(body === undefined ? {} : { body: body instanceof Uint8Array ? new Blob([body as Uint8Array<ArrayBuffer>]) : JSON.stringify(body) }) }).catch(() => undefined);
    if (answer?.ok === true) return (await answer.json()) as T;
    if (answer !== undefined) throw new Error(`${method} ${path}: ${await answer.text()}`);
  }
  throw new Error("nobody answers");
}

const load = new AbortController();
const dead = new Set<Running>();
/** Services that have answered: from then on nothing of theirs may fail. */
const ready = new Set<Running>();
const counts = { answered: 0, refused: 0, cut: 0 };
async function ask(at: number): Promise<void> {
  while (!load.signal.aborted) {
    const service = services[at]!;
    try {
      const answer = await fetch(`${service.url}/models/churn/predict`, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify([CHURN_ROW]) });
      await answer.arrayBuffer();
      if (answer.status === 200) {
        counts.answered++;
        ready.add(service);
      } else if (ready.has(service)) counts.refused++;
      else await sleep(50);
    } catch {
      // Of a service that was killed this is no surprise.
      if (!dead.has(service)) counts.refused++;
      counts.cut++;
      await sleep(50);
    }
  }
}

try {
  for (const version of ["1.0.0", "1.0.1"]) await call("POST", "/models/churn/versions", await churnSlip(version));
  await call("PUT", "/models/churn/aliases/production", { version: 1, expected: null });
  while ((await fetch(`${services[1]!.url}/models/churn/predict`, { method: "POST", headers, body: JSON.stringify([CHURN_ROW]) })).status !== 200) await sleep(100);
  const asking = Promise.all([0, 1, 0, 1].map(ask));
  const { id } = await call<{ id: string }>("POST", "/models/churn/rollouts", { version: 2, alias: "production" });
  let done = 0;
  let last = -1;
  for (;;) {
    const r = await call<{ state: string; reason: string; stage: number; leader: string | null; replicas: readonly { readonly replica: string }[] }>("GET", `/rollouts/${id}`);
    if (r.state !== "running") {
      console.log(`${r.state}: ${r.reason}\n${r.replicas.length} replicas wrote counts; ${done} leaders killed; ${counts.answered} requests answered, ${counts.refused} failed, ${counts.cut} cut off with a killed service`);
      process.exitCode = r.state === "promoted" && counts.refused === 0 ? 0 : 1;
      break;
    }
    const leader = services.findIndex((s) => r.leader?.includes(`-${s.process.pid}-`) === true);
    if (done < kills && r.stage >= 1 && r.stage !== last && leader >= 0) {
      last = r.stage;
      dead.add(services[leader]!);
      services[leader]!.process.kill("SIGKILL");
      await once(services[leader]!.process, "exit");
      console.log(`killed the leader ${r.leader} at stage ${r.stage}`);
      done++;
      await start(leader);
    }
    await sleep(200);
  }
  load.abort();
  await asking;
} finally {
  load.abort();
  await Promise.all(services.map((s) => s.stop()));
  await postgres.stop();
  await registry.stop();
  place.remove();
}
