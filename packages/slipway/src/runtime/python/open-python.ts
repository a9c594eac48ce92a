// A model that cannot be compiled, trusted by its digest, -> what a server loads: its signature, and how its process is
// started. Never chosen by Slipway itself: the user asks for the engine and names the digest.

import { rmSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { nameFromFile, type Checks } from "@slipway/core/package";
import type { Session } from "@slipway/core/predict";
import type { ModelSource } from "../model.ts";
import { availableCpus } from "../threads.ts";
import { openPoolOf, type PooledSession } from "../workers/pool.ts";
import { splitEntry } from "../split-entry.ts";
import { describe, feedsOf } from "./describe.ts";
import { pythonError } from "./errors.ts";
import { startPython, type PythonOpened } from "./process.ts";
import type { PythonSource } from "./source.ts";
import { openTarget, type PythonTarget, type TargetOptions } from "./target.ts";

export interface PythonOptions extends TargetOptions {
  /** Digests of files and folders that may be run: sha256:... */
  readonly trust: readonly string[];
  /** The interpreter; by default the one of a .venv beside the model, else python3. */
  readonly interpreter?: string | undefined;
  /** Make it an environment of its own, locked by what its file or folder says, with this tool. Never by default: it fetches packages. */
  readonly environment?: "auto" | "uv" | "pip" | undefined;
  /** Rows with the columns that the model takes and, beside them, what it predicted. */
  readonly check?: string | undefined;
  /** Longest time for one call; 30 s by default. */
  readonly timeoutMs?: number | undefined;
  /** Bytes that a process may take. */
  readonly memory?: number | undefined;
  readonly network?: boolean | undefined;
}
export interface OpenedPython {
  readonly source: ModelSource;
  readonly checks: Checks | null;
  readonly notes: readonly string[];
  /** What the card says of it. */
  readonly facts: { readonly file: string; readonly bytes: number; readonly style: string; readonly class: string; readonly python: string; readonly libraries: Readonly<Record<string, string>>; readonly sandbox: readonly string[] };
}

const TIMEOUT_MS = 30_000;

/** @throws SlipwayError python-... and what the check file's reading throws; nothing is left behind then */
export async function openPython(argument: string, options: PythonOptions, named: { readonly name?: string | undefined; readonly version?: string | undefined } = {}): Promise<OpenedPython> {
  const target = await openTrusted(argument, options);
  try {
    const found = process.platform === "win32" ? "python" : "python3";
    const made = options.environment === undefined ? undefined : await (await import("./environment/make-environment.ts")).makeEnvironment(splitEntry(argument).path, target, options.interpreter ?? found, options.environment);
    const interpreter = made?.interpreter ?? options.interpreter ?? target.environment ?? found;
    const source: PythonSource = {
      style: target.style, path: target.path, entry: target.entry, folder: target.folder, interpreter: interpreter.includes("/") ? resolve(interpreter) : interpreter, columns: [],
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS, memory: options.memory, network: options.network === true, threads: Math.max(1, Math.floor(availableCpus())),
    };
    const signatureFile = join(target.root, "signature.json");
    const given = { check: options.check, signature: statSync(signatureFile, { throwIfNoEntry: false }) === undefined ? undefined : signatureFile };
    const trial = new Trial();
    try {
      const opened = await trial.open(source);
      const described = await describe(source, opened.facts, given, (asking, batch) => trial.ask(asking, batch));
      const held = opened.sandbox.length === 0 ? "nothing (this system offers no way)" : opened.sandbox.join(", ");
      return {
        source: {
          model: new Uint8Array(0), signature: described.signature, manifest: { name: named.name ?? nameFromFile(splitEntry(argument).path), version: named.version ?? "0.0.0" },
          digest: target.digest, checks: described.checks, python: described.source,
        },
        checks: described.checks,
        facts: { file: basename(resolve(splitEntry(argument).path)), bytes: target.bytes, style: target.style, class: opened.facts.class, python: opened.python, libraries: opened.libraries, sandbox: opened.sandbox },
        notes: [...(made?.notes ?? []), `runs in Python ${opened.python} (${Object.entries(opened.libraries).map(([name, version]) => `${name} ${version}`).join(", ") || "no library"}), kept from the rest by: ${held}`, ...described.notes],
      };
    } catch (error) {
      for (const line of trial.printed) console.error(line);
      throw error;
    } finally {
      await trial.close();
    }
  } catch (error) {
    rmSync(target.folder, { recursive: true, force: true });
    throw error;
  }
}

/** What is to run, if the user named its digest. The caller removes its `folder`. @throws SlipwayError python-untrusted, and as `openTarget` */
export async function openTrusted(argument: string, options: Pick<PythonOptions, "trust" | "inPlace">): Promise<PythonTarget> {
  const target = await openTarget(argument, options);
  if (options.trust.includes(target.digest)) return target;
  rmSync(target.folder, { recursive: true, force: true });
  throw pythonError("python-untrusted", `${JSON.stringify(argument)} is ${target.digest}, which is not among the digests that are trusted`, {
    hint: `It runs code of whoever made it. Look at ${target.style === "pickle" ? "it (slipway inspect)" : "its files"}; if you trust it, repeat with --trust ${target.digest}.`, data: { digest: target.digest } });
}

/** A process that is asked what the model is like; another one when the columns it is given change. */
class Trial {
  #pool: PooledSession | undefined;
  #columns = "";
  /** Told where something went wrong. */
  readonly printed: string[] = [];

  async open(source: PythonSource): Promise<PythonOpened> {
    let told: PythonOpened | undefined;
    await this.close();
    this.#columns = JSON.stringify(source.columns);
    this.#pool = await poolOf(source, 1, (opened) => (told = opened), (line) => this.printed.push(line));
    return told!;
  }
  async ask(source: PythonSource, batch: Parameters<typeof feedsOf>[2]): ReturnType<Session["run"]> {
    if (JSON.stringify(source.columns) !== this.#columns) await this.open(source);
    const signature = { layout: source.matrix === undefined ? "columns" as const : "matrix" as const, columns: source.columns.map((c) => ({ name: c.name, type: c.type, used: true, missing: "allowed" as const, infinite: "allowed" as const })), extraColumns: "ignored" as const, outputs: [] };
    return this.#pool!.run(feedsOf(source, signature, batch), source.outputs?.map((o) => o.name) ?? []);
  }
  async close(): Promise<void> {
    await this.#pool?.close();
    this.#pool = undefined;
  }
}

/** Processes that are started again when they end. */
export async function openPythonSession(source: PythonSource, instances: number, printed: (line: string) => void): Promise<Session> {
  const pool = await poolOf(source, instances, undefined, printed);
  const close = pool.close.bind(pool);
  pool.close = async () => {
    await close();
    rmSync(source.folder, { recursive: true, force: true });
  };
  return pool;
}

function poolOf(source: PythonSource, instances: number, opened: ((opened: PythonOpened) => void) | undefined, printed: (line: string) => void): Promise<PooledSession> {
  return openPoolOf({
    instances, open: { kind: "open", model: new Uint8Array(0), options: {} },
    start: (listener) => startPython(source, { ...listener, ...(opened === undefined ? {} : { opened }), printed }),
  });
}
