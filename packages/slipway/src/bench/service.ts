// The service that is measured, where it is started for that: the same command line in a process of its own, and what
// that process and its workers use.

import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { benchError } from "./errors.ts";

export interface Usage {
  /** Seconds of processor time so far. */
  readonly cpuS: number;
  /** Resident bytes now. */
  readonly rss: number;
}

export interface Service {
  readonly url: string;
  readonly pid: number;
  usage(): Usage | undefined;
  stop(): Promise<void>;
}

const START_MS = 120_000;
const MAX_TEXT = 64 * 1024;

/** @param command the command line's own program @throws SlipwayError bench-server */
export async function startService(command: readonly string[], model: string, more: readonly string[]): Promise<Service> {
  const child = spawn(process.execPath, [...command, "serve", model, "--port", "0", "--json", "--log-level", "error", "--drain-ms", "0", ...more], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (piece) => (errors = (errors + String(piece)).slice(-MAX_TEXT)));
  const url = await new Promise<string>((resolve, reject) => {
    const failed = (why: string): void => {
      child.kill("SIGKILL");
      reject(benchError("bench-server", `the service did not start: ${why}`, { hint: errors.trim().slice(0, 2000) || undefined }));
    };
    const timer = setTimeout(() => failed(`it took longer than ${START_MS / 1000} s`), START_MS);
    let text = "";
    child.stdout.on("data", (piece) => {
      text = (text + String(piece)).slice(-MAX_TEXT);
      const found = /"url":\s*"([^"]+)"/.exec(text)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      failed(`it ended with ${code}`);
    });
  });
  const { pid } = child as { pid: number };
  return { url, pid, usage: () => usageOf(pid), stop: () => stop(child) };
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.once("exit", () => {
      clearTimeout(force);
      resolve();
    });
    child.kill("SIGTERM");
  });
}

/** Linux counts in hundredths of a second (USER_HZ) in /proc, see proc(5). */
const TICKS = 100;

/** Of a process and those that it started; undefined where the system does not tell. */
function usageOf(pid: number): Usage | undefined {
  try {
    let cpuS = 0;
    let rss = 0;
    const waiting = [pid];
    for (let n = 0; waiting.length > 0 && n < 1000; n++) {
      const one = waiting.pop()!;
      const stat = readFileSync(`/proc/${one}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      cpuS += (Number(fields[11]) + Number(fields[12])) / TICKS;
      rss += Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${one}/status`, "latin1"))?.[1] ?? 0) * 1024;
      for (const task of readdirSync(`/proc/${one}/task`)) {
        const children = readFileSync(`/proc/${one}/task/${task}/children`, "latin1").trim();
        if (children !== "") waiting.push(...children.split(" ").map(Number));
      }
    }
    return { cpuS, rss };
  } catch {
    return undefined;
  }
}
