// A model that Python runs, killed (SIGKILL) and hung again and again beside a compiled one that is under load: whether any
// request of the other fails, and what the model's own callers see.
//   node --conditions=@slipway/source scripts/chaos/python-kills.ts [TIMES]

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeRequest, randomRows, runLoad, startService } from "../../packages/slipway/src/bench/index.ts";
import { openModel, openPython } from "../../packages/slipway/src/runtime/index.ts";
import { ms, sleep } from "./shared.ts";

const times = Number(process.argv[2] ?? 100);
const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-kills-"));
mkdirSync(join(folder, "mine"));
writeFileSync(join(folder, "mine", "predict.py"), "import time\nINPUT = 'records'\ndef predict(rows):\n    if rows[0]['x'] < 0:\n        time.sleep(600)\n    return [r['x'] * 2 for r in rows]\n");
writeFileSync(join(folder, "check.csv"), "x,value\n1,2\n2,4\n");
const digest = await openPython(join(folder, "mine"), { trust: [] }).then(() => "", (e: unknown) => (e as { data: { digest: string } }).data.digest);
const { package: pkg } = await openModel(join(root, "examples/churn/churn.joblib"));
const packed = join(folder, "churn.slip");
writeFileSync(packed, (await import("@slipway/core/package")).writeSlip(pkg));

const service = await startService(["--disable-warning=ExperimentalWarning", `${root}packages/slipway/bin/slipway.mjs`], `it=${packed}`, [
  `mine=${join(folder, "mine")}`, "--engine", "python", "--trust", digest, "--python-check", join(folder, "check.csv"), "--python-timeout", "300ms", "--log-level", "error"]);
const url = new URL(service.url);
const children = (): number[] => readdirSync(`/proc/${service.pid}/task`).flatMap((task) => readFileSync(`/proc/${service.pid}/task/${task}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number));
const ask = async (x: number): Promise<string> => {
  const answer = await fetch(`${service.url}/models/mine/predict`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ x }) }).catch((e: unknown) => String(e));
  if (typeof answer === "string") return answer;
  const body = (await answer.json()) as { predictions?: { value: number }[]; error?: { code: string } };
  return body.error?.code ?? (body.predictions?.[0]?.value === x * 2 ? "good" : "wrong");
};
try {
  const requests = Array.from({ length: 50 }, (_, i) => makeRequest(pkg.signature, randomRows(pkg.signature, pkg.checks, 1, i + 1), { protocol: "slipway", model: "it", host: url.host, prefix: "" }));
  const stop = new AbortController();
  const tally = new Map<string, number>();
  const callers = Promise.all(Array.from({ length: 4 }, async (_, i) => {
    for (let x = 1 + i; !stop.signal.aborted; x += 4) {
      const outcome = await ask(x);
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    }
  }));
  const load = runLoad({ target: { host: url.hostname, port: Number(url.port), tls: false }, requests, connections: 8, arrivals: "poisson", warmupMs: 0, durationMs: times * 600, timeoutMs: 10_000, seed: 1 });
  let done = 0;
  const ended = load.then(() => undefined);
  for (; done < times; done++) {
    if (done % 2 === 0) {
      const [pid] = children();
      if (pid !== undefined) process.kill(pid, "SIGKILL");
    } else void ask(-1);
    await Promise.race([sleep(500), ended]);
  }
  const result = await load;
  stop.abort();
  await callers;
  console.log(`${done} kills and hangs; the other model: ${result.asked} requests, ${result.good.count} answered, failed: ${JSON.stringify(result.errors)}, p99 ${ms(result.good.percentile(0.99))}`);
  console.log(`the model's own callers: ${JSON.stringify(Object.fromEntries(tally))}`);
} finally {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
}
