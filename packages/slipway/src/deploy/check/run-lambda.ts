// Plays AWS Lambda: the runtime interface, a read-only file system, one event after the other.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { LambdaEmulator } from "../../functions/index.ts";
import { lastError, startContainer } from "./container.ts";
import type { Finding, LambdaContract } from "./contract.ts";
import { samePrediction, type Expected } from "./expected.ts";
import { requestOf } from "./instances.ts";
import type { CheckPlan } from "./plan.ts";
import { megabytes, seconds } from "./run-http.ts";

export async function runLambdaCheck(contract: LambdaContract, { facts, rootfs, work }: CheckPlan, expected: Expected): Promise<Finding[]> {
  const findings: Finding[] = [];
  const put = (check: string, required: string, found: string, ok: boolean | null): void => void findings.push({ check, required, found, ok });
  for (const path of ["proc", "dev", "tmp"]) mkdirSync(join(rootfs, path), { recursive: true });
  const emulator = await LambdaEmulator.start();
  const env = [...facts.env, ...Object.entries({ ...contract.env, AWS_LAMBDA_RUNTIME_API: emulator.host }).map(([name, value]) => `${name}=${value}`)];
  const since = performance.now();
  const container = startContainer({ rootfs, work: join(work, "bundle"), args: [...facts.entrypoint, ...facts.command], env, user: facts.user, readOnly: true });
  try {
    const why = await Promise.race([emulator.ready.then(() => "", (error: unknown) => JSON.stringify(error)), container.exited.then(() => `it ended: ${lastError(container.output())}`), pause(contract.initMs, "never", { ref: false })]);
    put("init", `asks for its first event within ${seconds(contract.initMs)}`, why === "" ? `after ${seconds(performance.now() - since)}` : why.slice(0, 300), why === "");
    if (why !== "") return findings;
    const event = requestOf(expected.signature);
    const first = await emulator.invoke(event);
    const same = first.ok && samePrediction(JSON.stringify(first.payload), await expected.answer({ path: "/predict", body: event }, {}));
    put("first event", `as the package predicts, within ${seconds(contract.answerMs)}`, `${same ? "the same" : JSON.stringify(first.payload).slice(0, 200)}, ${seconds(first.ms)}`, same && first.ms <= contract.answerMs);
    const http = (path: string, method: string, body?: string): object => ({ version: "2.0", rawPath: path, rawQueryString: "", headers: { "content-type": "application/json", host: "x.lambda-url.eu-west-1.on.aws" }, requestContext: { http: { method, path } }, isBase64Encoded: false, ...(body === undefined ? {} : { body }) });
    const ready = await emulator.invoke(http("/health/ready", "GET"));
    put("function URL", "GET /health/ready answers 200", String((ready.payload as { statusCode?: unknown }).statusCode), (ready.payload as { statusCode?: unknown }).statusCode === 200);
    const text = JSON.stringify(event);
    const large = await emulator.invoke(http("/predict", "POST", text + " ".repeat(contract.payloadBytes - text.length - 1024)));
    put("payload", `${megabytes(contract.payloadBytes)} taken`, `${(large.payload as { statusCode?: unknown }).statusCode as number}, ${seconds(large.ms)}`, (large.payload as { statusCode?: unknown }).statusCode === 200);
    const wrong = await emulator.invoke("{not json");
    const again = await emulator.invoke(event);
    put("a wrong event", "an error of the function, and it goes on", wrong.ok ? "an answer" : String((wrong.payload as { errorType?: unknown }).errorType), !wrong.ok && again.ok);
    put("read-only root", "runs with it", container.by === "runc" ? `runs, as user ${facts.user}` : "not tried: it needs runc and root", container.by === "runc" ? true : null);
    return findings;
  } finally {
    container.signal("SIGKILL");
    await container.exited;
    await emulator.close();
  }
}
