// A Python process that computes a model, as a worker of a pool: started, asked one thing at a time, and ended when it gives no
// answer within its time. What it prints goes to the log; its environment has nothing of ours in it.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Duplex, Readable, Writable } from "node:stream";
import type { EngineInput } from "@slipway/core/predict";
import { REFUSED_OUTPUT } from "@slipway/core/package";
import type { WorkerHandle, WorkerListener } from "../workers/worker.ts";
import { FrameReader, readTensors, writeFrame, writeRows, type Frame } from "./frames.ts";
import type { PythonSource } from "./source.ts";

/** What the model told of itself when it was loaded. */
export interface PythonFacts {
  readonly class: string;
  readonly columns: readonly string[] | null;
  readonly features: number | null;
  readonly classes: readonly (string | number | boolean)[] | null;
}
export interface PythonOpened {
  readonly facts: PythonFacts;
  /** What the process cannot do. */
  readonly sandbox: readonly string[];
  readonly python: string;
  readonly libraries: Readonly<Record<string, string>>;
}

const here = dirname(fileURLToPath(import.meta.url));
/** Of the sources, and of the built package. */
const WORKER = ["../../../assets/python/worker.py", "../../assets/python/worker.py"].map((p) => join(here, p)).find((p) => existsSync(p))!;
/** Loading a model may import a large library first. */
const LOAD_MS = 120_000;
const KEPT_LINES = 20;
/** Of a line that the model prints. */
const MAX_LINE = 2000;
const TOLD = "python: ";

export interface PythonListener extends WorkerListener {
  readonly opened?: (opened: PythonOpened) => void;
  /** One line that the model, or a library, printed. */
  readonly printed?: (line: string) => void;
}

export function startPython(source: PythonSource, { message, ended, opened, printed }: PythonListener): WorkerHandle {
  const child = spawn(source.interpreter, ["-u", "-B", "-X", "utf8", WORKER], {
    cwd: join(source.folder, "tmp"), stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"], env: environment(source), detached: true,
  });
  const input = child.stdio[3] as Writable;
  const output = child.stdio[4] as Readable;
  const last: string[] = [];
  let reason: string | undefined;
  let done = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (why: string): void => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    ended(reason ?? (last.length === 0 ? why : `${why}: ${last.at(-1)}`));
  };
  const kill = (why?: string): void => {
    reason ??= why;
    // The whole group: a model may have started processes of its own.
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
  };
  for (const stream of [child.stdout!, child.stderr!]) lines(stream, (line) => {
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
    printed?.(TOLD + line);
  });
  const reader = new FrameReader();
  const asked: number[] = [];
  let outputs: readonly string[] = [];
  output.on("data", (piece: Buffer) => {
    try {
      for (const frame of reader.push(piece)) {
        clearTimeout(timer);
        child.unref();
        hold(child.stdio, false);
        take(frame);
      }
    } catch (error) {
      kill(`what it wrote is no message of ours (${error instanceof Error ? error.message : String(error)})`);
    }
  });
  const take = (frame: Frame): void => {
    const { header } = frame;
    const text = typeof header["message"] === "string" ? header["message"].slice(0, MAX_LINE) : "it gave no reason";
    if (header["op"] === "opened") {
      opened?.(header as unknown as PythonOpened);
      message({ kind: "opened", inputs: inputsOf(source), outputNames: source.outputs?.map((o) => o.name) ?? [] });
    } else if (header["op"] === "refused") message({ kind: "refused", failure: { code: "python-load-failed", message: text, hint: hintOf(text, source) } });
    else if (header["op"] === "failed") message({ kind: "failed", id: asked.shift()!, failure: { code: "python-failed", message: text, hint: undefined } });
    else {
      const tensors = readTensors(frame);
      const rows = frameRows(tensors);
      if (outputs.includes(REFUSED_OUTPUT)) {
        const refused = new BigInt64Array(rows);
        for (const row of header["refused"] as number[]) refused[row] = 1n;
        tensors[REFUSED_OUTPUT] = { type: "int64", dims: [rows], data: refused };
      }
      message({ kind: "done", id: asked.shift()!, ms: 0, outputs: tensors });
    }
  };
  child.on("error", (error) => end((error as NodeJS.ErrnoException).code === "ENOENT" ? `there is no interpreter at ${source.interpreter}` : error.message));
  child.on("close", (code, signal) => end(signal === null ? `the process ended with ${code}` : `the process was ended by ${signal}`));
  // It tells by its end that it does not read.
  input.on("error", () => undefined);
  output.on("error", () => undefined);
  const send = (frame: Buffer, ms: number, what: string): void => {
    child.ref();
    hold(child.stdio, true);
    timer = setTimeout(() => kill(`${what} took longer than ${ms / 1000} s`), ms);
    input.write(frame);
  };
  return {
    pid: child.pid,
    send: (m) => {
      if (m.kind === "open") {
        send(writeFrame({ op: "open", style: source.style, path: source.path, entry: source.entry ?? null, columns: source.columns, sandbox: { memory: source.memory ?? null, network: source.network, folder: join(source.folder, "tmp") } }), LOAD_MS, "loading the model");
        return;
      }
      asked.push(m.id);
      outputs = m.outputs;
      const { rows, tensors, body } = writeRows(m.feeds);
      const wanted = source.outputs?.filter((o) => m.outputs.includes(o.name)) ?? null;
      send(writeFrame({ op: "run", id: m.id, rows, tensors, outputs: wanted }, body), source.timeoutMs, "a prediction");
    },
    end: () => new Promise((resolve) => {
      if (done) return resolve();
      child.ref();
      hold(child.stdio, true);
      child.once("close", () => resolve());
      kill();
    }),
  };
}

/** A server's life does not depend on the process, but one that waits for an answer must not end before it comes. */
function hold(streams: readonly unknown[], on: boolean): void {
  for (const stream of streams) {
    const socket = stream as Duplex & { ref?: () => void; unref?: () => void };
    if (on) socket?.ref?.();
    else socket?.unref?.();
  }
}

function frameRows(tensors: ReturnType<typeof readTensors>): number {
  return Object.values(tensors)[0]?.dims[0] ?? 0;
}

/** As the packed face of a compiled model: one matrix of numbers, one of texts. */
export function inputsOf({ columns, matrix }: PythonSource): EngineInput[] {
  const numbers = columns.some((c) => c.type !== "string");
  return [
    ...(numbers ? [{ name: matrix ?? NUMBERS, type: "float64" as const }] : []),
    ...(columns.some((c) => c.type === "string") ? [{ name: STRINGS, type: "string" as const }] : []),
  ];
}
export const NUMBERS = "slipway.numbers";
export const STRINGS = "slipway.strings";

/** Nothing of ours but what a program needs to run: no key, no token, no address. */
function environment({ folder, interpreter, threads }: PythonSource): NodeJS.ProcessEnv {
  const tmp = join(folder, "tmp");
  const kept = Object.fromEntries(["PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT"].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const count = String(threads);
  return {
    ...kept, HOME: tmp, TMPDIR: tmp, MPLCONFIGDIR: tmp, VIRTUAL_ENV: dirname(dirname(interpreter)), PYTHONNOUSERSITE: "1", PYTHONDONTWRITEBYTECODE: "1",
    OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count, HF_HUB_OFFLINE: "1", DO_NOT_TRACK: "1",
  };
}

function hintOf(message: string, { interpreter }: PythonSource): string | undefined {
  const missing = /No module named '([\w.]+)'/.exec(message);
  if (missing) return `Install it where the model runs: ${interpreter} -m pip install ${missing[1]!.split(".")[0]}; or name another interpreter with --python.`;
  if (message.includes("__main__")) return "The pickle names a class of the notebook it was made in. Put the class into a module beside the pickle, in one folder, and serve the folder; or write a predict.py with load() and predict(rows).";
  return undefined;
}

function lines(stream: Readable, tell: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (piece: string) => {
    const all = (rest + piece).split("\n");
    rest = all.pop()!.slice(-MAX_LINE);
    for (const line of all) if (line.trim() !== "") tell(line.slice(0, MAX_LINE));
  });
}
