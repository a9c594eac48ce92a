// Plays a platform that asks its container over HTTP.

import { mkdirSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ask, type Asked } from "./ask.ts";
import { lastError, startContainer, waitReady, type Container } from "./container.ts";
import type { AskedPath, Finding, HttpContract } from "./contract.ts";
import { samePrediction, type Expected } from "./expected.ts";
import type { CheckPlan } from "./plan.ts";

const PINGS = 20;

export async function runHttp(contract: HttpContract, plan: CheckPlan, expected: Expected): Promise<Finding[]> {
  const { port, health } = contract;
  const { facts, rootfs, work } = plan;
  const findings: Finding[] = [];
  const put = (check: string, required: string, found: string, ok: boolean | null): void => void findings.push({ check, required, found, ok });
  const { folder } = contract;
  if (folder !== undefined) {
    mkdirSync(join(rootfs, folder.path), { recursive: true });
    if (folder.filled && expected.file !== undefined) await cp(expected.file, join(rootfs, folder.path, "model.slip"));
  }
  // Where runc mounts /proc and others, and where a plain process of the image writes.
  for (const path of ["proc", "dev", "tmp"]) mkdirSync(join(rootfs, path), { recursive: true });
  const env = [...facts.env, ...Object.entries(contract.env).map(([name, value]) => `${name}=${value}`)];
  const started = performance.now();
  const container = startContainer({ rootfs, work: join(work, "bundle"), args: [...facts.entrypoint, ...(contract.args ?? facts.command)], env, user: facts.user, readOnly: contract.readOnly });
  const get = (path: string, timeoutMs: number, host?: string): Promise<Asked> => ask({ method: "GET", port, path, timeoutMs, ...(host === undefined ? {} : { host }) });
  const post = (asked: AskedPath, body = JSON.stringify(asked.body)): Promise<Asked> => ask({ method: "POST", port, path: asked.path, body, timeoutMs: contract.answerMs });
  try {
    const ready = await waitReady(container, health.startMs, () => get(health.path, health.answerMs));
    put("start", `${health.path} answers 200 within ${seconds(health.startMs)}`, ready ? `after ${seconds(performance.now() - started)}` : container.isOver() ? `it ended: ${lastError(container.output())}` : "never", ready);
    if (!ready) return findings;
    const elsewhere = (await get(health.path, health.answerMs, "127.0.0.2")).status === 200;
    put("address", "every address of the container", `127.0.0.2 ${elsewhere ? "answers" : "does not answer"}`, elsewhere);
    for (const path of contract.also) {
      const { status } = await get(path, health.answerMs);
      put(path, "200", String(status), status === 200);
    }
    const asked = contract.predict(expected);
    const answer = await post(asked);
    const same = answer.status === 200 && samePrediction(answer.text, await expected.answer(asked, contract.env));
    put(`POST ${asked.path}`, `200, as the package predicts, within ${seconds(contract.answerMs)}`, `${answer.status}${answer.status !== 200 ? `: ${answer.text.slice(0, 120)}` : same ? ", the same" : ", another answer"}, ${seconds(answer.ms)}`, same);
    if (contract.acceptMs !== undefined) {
      const slowest = Math.max(...(await Promise.all(Array.from({ length: PINGS }, () => post(asked)))).map((a) => a.connectMs));
      put("accept", `a connection is taken within ${contract.acceptMs} ms`, seconds(slowest), slowest <= contract.acceptMs);
    }
    // Blanks between tokens are JSON's, whatever the model takes.
    const text = JSON.stringify(asked.body);
    const [large, ...pings] = await Promise.all([post(asked, text + " ".repeat(Math.max(0, contract.payloadBytes - text.length))), ...Array.from({ length: PINGS }, (_, i) => pause(i * 20).then(() => get(health.path, health.answerMs)))]);
    put("payload", `${megabytes(contract.payloadBytes)} taken`, `${large.status}, ${seconds(large.ms)}`, large.status === 200);
    const slowest = Math.max(...pings.map((p) => (p.status === 200 ? p.ms : Infinity)));
    put("health under load", `within ${seconds(health.answerMs)}`, Number.isFinite(slowest) ? seconds(slowest) : "unanswered", slowest <= health.answerMs);
    const wrong = await post(asked, "{not json");
    const alive = (await get(health.path, health.answerMs)).status === 200;
    put("a wrong body", "a 4xx, and it goes on", `${wrong.status}${alive ? "" : ", and no longer healthy"}`, wrong.status >= 400 && wrong.status < 500 && alive);
    if (contract.readOnly) put("read-only root", "runs with it", container.by === "runc" ? `runs, as user ${facts.user}` : "not tried: it needs runc and root", container.by === "runc" ? true : null);
    await stopping(contract, container, () => post(asked), put);
    return findings;
  } finally {
    container.signal("SIGKILL");
    await container.exited;
  }
}

async function stopping({ stopMs }: HttpContract, container: Container, post: () => Promise<Asked>, put: (check: string, required: string, found: string, ok: boolean | null) => void): Promise<void> {
  const inFlight = Array.from({ length: 5 }, post);
  const since = performance.now();
  container.signal("SIGTERM");
  // What arrives while load balancers have not noticed yet is answered too.
  inFlight.push(pause(100).then(post));
  const answers = await Promise.all(inFlight);
  const code = await Promise.race([container.exited, pause(stopMs, undefined, { ref: false }).then(() => undefined)]);
  const answered = answers.filter((a) => a.status === 200).length;
  put("SIGTERM", `ends by itself within ${seconds(stopMs)}, requests answered`, `${code === undefined ? "still runs" : `code ${code} after ${seconds(performance.now() - since)}`}, ${answered} of ${answers.length} answered`, code === 0 && answered === answers.length);
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`;
}
export function megabytes(bytes: number): string {
  return `${Number((bytes / 2 ** 20).toFixed(2))} MiB`;
}
