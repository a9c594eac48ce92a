// A plan carried out: request after request, each waited for; what was made stays where one is refused, and the same plan
// goes on from there.

import { setTimeout as sleep } from "node:timers/promises";
import { signed as amazon } from "./aws/amazon.ts";
import { signed as azure } from "./azure/azure.ts";
import { cloudError } from "./errors.ts";
import { signed as google } from "./google/google.ts";
import { textAt, type Answer, type CloudPlan, type CloudRequest, type CloudStatus, type Json, type Step, type Wait } from "./plan.ts";

export interface CarryOutOptions {
  /** The steps take away. */
  readonly destroys?: boolean;
  readonly progress?: (text: string) => void;
  /** Longest time to wait for what a step makes; 20 minutes by default. */
  readonly waitMs?: number;
  /** Between two looks. */
  readonly everyMs?: number;
}

const TRIES = 4;
const TIMEOUT_MS = 60_000;
const MAX_ANSWER = 4 * 2 ** 20;

/** @returns what was done, step by step @throws SlipwayError cloud-... */
export async function carryOut(steps: readonly Step[], { progress = () => undefined, waitMs = 20 * 60_000, everyMs = 5000, destroys = false }: CarryOutOptions = {}): Promise<readonly string[]> {
  const done: string[] = [];
  for (const step of steps) {
    progress(`${step.title} ...`);
    let answer = await ask(step.request);
    let what = destroys ? "gone" : "made";
    if (answer.status >= 300) {
      if (step.there?.(answer) !== true) throw refused(step.title, answer);
      what = step.update === undefined ? "was so" : "changed";
      if (step.update !== undefined) {
        answer = await ask(step.update);
        if (answer.status >= 300) throw refused(step.title, answer);
      }
    }
    // What was so already has nothing to wait for: its refusal is no answer about it.
    if (step.wait !== undefined && what !== "was so") await waitFor(step.title, step.wait, answer, waitMs, everyMs, progress);
    done.push(`${step.title}: ${what}`);
  }
  return done;
}

/** @throws SlipwayError cloud-...; undefined where nothing is deployed */
export async function statusOf({ status }: CloudPlan): Promise<CloudStatus | undefined> {
  const answer = await ask(status.request);
  if (answer.status === 404 || (answer.status === 400 && /could not find|not exist|not found/i.test(messageOf(answer)))) return undefined;
  if (answer.status >= 300) throw refused("how it stands", answer);
  return status.read(answer);
}

async function waitFor(title: string, wait: Wait, first: Answer, waitMs: number, everyMs: number, progress: (text: string) => void): Promise<void> {
  const request = typeof wait.request === "function" ? wait.request(first) : wait.request;
  const why = typeof wait.request === "function" ? wait.failed(first) : undefined;
  if (why !== undefined) throw cloudError("cloud-failed", `${title}: ${why.slice(0, 500)}`);
  if (request === undefined) return;
  const began = performance.now();
  for (;;) {
    const answer = await ask(request);
    if (answer.status >= 300) throw refused(title, answer);
    const reason = wait.failed(answer);
    if (reason !== undefined) throw cloudError("cloud-failed", `${title}: ${reason.slice(0, 500)}`);
    if (wait.done(answer)) return;
    const waited = performance.now() - began;
    if (waited > waitMs) throw cloudError("cloud-failed", `${title}: not ready after ${Math.round(waitMs / 1000)} s`, { hint: "It may still become so: slipway deploy ... --status tells." });
    progress(`${title} ... ${Math.round(waited / 1000)} s`);
    await sleep(everyMs);
  }
}

/** Faults of the cloud's own are tried again. */
async function ask(request: CloudRequest): Promise<Answer> {
  const host = new URL(request.url).hostname;
  const sign = host.endsWith(".amazonaws.com") ? amazon : host.endsWith("azure.com") ? azure : google;
  for (let tries = 1; ; tries++) {
    const { url, headers, body } = await sign(request);
    let answer: Answer | undefined;
    let cause: unknown;
    try {
      const found = await fetch(url, { method: request.method, headers, ...(body === undefined ? {} : { body }), redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
      const text = (await found.text()).slice(0, MAX_ANSWER);
      answer = { status: found.status, body: parsed(text) };
    } catch (error) {
      cause = error;
    }
    if (answer !== undefined && answer.status !== 429 && answer.status < 500) return answer;
    if (tries >= TRIES) throw cloudError("cloud-unavailable", `${host} ${answer === undefined ? "does not answer" : `answers ${answer.status}: ${messageOf(answer)}`}`, { cause });
    await sleep(250 * 2 ** tries);
  }
}

function parsed(text: string): Json {
  try {
    const json = JSON.parse(text) as unknown;
    return typeof json === "object" && json !== null ? (json as Json) : {};
  } catch {
    return text === "" ? {} : { message: text.slice(0, 500) };
  }
}

function refused(title: string, answer: Answer): Error {
  const code = answer.status === 401 || answer.status === 403 ? "cloud-denied" : "cloud-refused";
  return cloudError(code, `${title}: ${messageOf(answer)}`, { data: { status: answer.status } });
}
function messageOf({ status, body }: Answer): string {
  const found = textAt(body, "message") ?? textAt(body, "Message") ?? textAt(body, "error", "message") ?? textAt(body, "error_description");
  return (found ?? `status ${status}`).slice(0, 500);
}
