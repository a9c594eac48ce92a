// A server in the comparison: a line of contenders.json, how it is started, and when it answers rightly for the first time.

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoryMb, processTree } from "../shared/process-tree.ts";
import { wrongIn } from "./answers.ts";

/** A line of contenders.json. */
export interface Entry {
  readonly name: string;
  readonly kind: string;
  /** With {port}, {model}, {root} and {PATH} in it. */
  readonly cmd: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly models: readonly string[];
  readonly path?: string;
  readonly format?: string;
  readonly check?: string;
  readonly cores?: number;
}

export interface Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly Buffer[];
  /** Probabilities of each body's rows. */
  readonly expected: readonly (readonly (readonly number[])[])[];
}

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));
const START_MS = 60_000;
/** Answers that are wrong, and not only refused because a server is not ready. */
const MAX_WRONG = 5;

export class Contender {
  readonly entry: Entry;
  readonly port: number;
  readonly log: string;
  /** Seconds from the start of the process to its first right answer. */
  cold = NaN;
  readonly #child: ChildProcess;
  readonly #began: number = performance.now();
  #tree: number[] = [];

  private constructor(entry: Entry, port: number, log: string, child: ChildProcess) {
    this.entry = entry;
    this.port = port;
    this.log = log;
    this.#child = child;
  }

  /** @param cores as taskset writes them */
  static async start(entry: Entry, root: string, model: string, cores: string, logs: string): Promise<Contender> {
    const port = await freePort();
    const words: Readonly<Record<string, string>> = { port: String(port), model, root, PATH: process.env["PATH"] ?? "" };
    const fill = (text: string): string => text.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
    const [first, ...args] = fill(entry.cmd).split(" ") as [string, ...string[]];
    const program = first === "node" ? process.execPath : existsSync(join(root, first)) ? join(root, first) : first;
    const env: NodeJS.ProcessEnv = { ...process.env, PORT: String(port), MODEL: model, PYTHONPATH: join(root, "peers"), PYTHONWARNINGS: "ignore", NODE_PATH: MODULES };
    if (!cores.includes(",")) env["OMP_NUM_THREADS"] = "1";
    for (const [name, value] of Object.entries(entry.env ?? {})) env[name] = fill(value);
    const log = join(logs, `${entry.name}.${model}.log`);
    const out = openSync(log, "w");
    return new Contender(entry, port, log, spawn("taskset", ["-c", cores, program, ...args], { cwd: join(root, entry.cwd ?? "."), env, stdio: ["ignore", out, out] }));
  }

  get pid(): number {
    return this.#child.pid!;
  }
  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }
  memoryMb(): number {
    return memoryMb(processTree(this.pid));
  }

  /** Asks until the answer is right. @throws Error when it is not within the time */
  async ready(request: Request): Promise<void> {
    let last = "";
    let wrongs = 0;
    while (performance.now() - this.#began < START_MS && this.#child.exitCode === null && wrongs < MAX_WRONG) {
      try {
        const wrong = await this.ask(request, 0);
        if (wrong === undefined) {
          this.cold = (performance.now() - this.#began) / 1000;
          this.#tree = processTree(this.pid);
          return;
        }
        last = wrong;
        if (!/^status (?:4|50[234])/.test(wrong)) wrongs++;
      } catch (error) {
        last ||= String(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`${this.entry.name} does not answer rightly: ${last.slice(0, 300)}; ${readFileSync(this.log, "utf8").slice(-500)}`);
  }

  /** What is wrong with the answer to a body, if anything is. */
  async ask(request: Request, index: number): Promise<string | undefined> {
    const body = request.bodies[index]!;
    const answer = await fetch(this.url(request.path), { method: "POST", headers: { ...request.headers, connection: "close" }, body: new Uint8Array(body) });
    const text = await answer.text();
    return answer.status === 200 ? wrongIn(this.entry.check ?? "rows", text, request.expected[index]!, body) : `status ${answer.status}: ${text}`;
  }

  async stop(): Promise<void> {
    const tree = new Set([...this.#tree, ...processTree(this.pid)]);
    const gone = new Promise<void>((resolve) => this.#child.exitCode === null ? this.#child.once("exit", () => resolve()) : resolve());
    this.#child.kill("SIGTERM");
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
    for (const pid of tree) {
      try {
        // Only what is still the program that was started, in a tree that ended.
        if (pid === this.pid || existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL");
      } catch { /* gone already */ }
    }
  }
}

/** With two free ones after it, which MLServer takes. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if ((await Promise.all([0, 1, 2].map((i) => isFree(port + i)))).every(Boolean)) return port;
  }
}
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
