// Runs of the gate, so that every process over the same database knows of them. The report of one that was carried out is
// attached to the version; that is what policies look at.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { appendAudit, type Actor } from "../audit/index.ts";
import type { GateSettings } from "../config/index.ts";
import { migrate, type Migration } from "../database/index.ts";
import { scoreOf, type GateReport } from "../gate/index.ts";
import type { Attachment, Registry } from "../registry/index.ts";
import { apiError } from "./errors.ts";
import type { Jobs } from "./jobs/jobs.ts";

export const REPORT_MEDIA_TYPE = "application/vnd.slipway.gate-report.v1+json";

export const GATE_MIGRATIONS: readonly Migration[] = [
  {
    title: "gate: runs",
    statements: () => ["create table gate_runs (model text not null, version integer not null, state text not null, reason text, started_at text not null, started_by text not null, ended_at text, primary key (model, version))"],
  },
];

export interface GateRun {
  readonly state: "none" | "running" | "green" | "red" | "failed";
  /** Of the report, or of the failure. */
  readonly at: string | null;
  readonly reason: string | null;
  readonly report: GateReport | null;
}
export interface GateRequest {
  readonly settings: Partial<GateSettings>;
  readonly data?: { readonly text: string; readonly target: string; readonly slices: readonly string[] } | undefined;
  /** A version to compare with on the data. */
  readonly baseline?: number | undefined;
}

interface Row {
  readonly state: "running" | "failed" | "done";
  readonly reason: string | null;
  readonly started_at: string;
  readonly ended_at: string | null;
}
/** A run that says it is still running after so long was broken off with its server. */
const STALE_MS = 30 * 60_000;

export class GateRuns {
  readonly #registry: Registry;
  readonly #jobs: Jobs;
  readonly #folder: string;
  readonly #onError: (error: unknown) => void;
  readonly #pending = new Set<Promise<void>>();

  private constructor(registry: Registry, jobs: Jobs, folder: string, onError: (error: unknown) => void) {
    this.#registry = registry;
    this.#jobs = jobs;
    this.#folder = folder;
    this.#onError = onError;
  }
  static async open(registry: Registry, jobs: Jobs, folder: string, onError: (error: unknown) => void = () => undefined): Promise<GateRuns> {
    await migrate(registry.database, "gate", GATE_MIGRATIONS);
    return new GateRuns(registry, jobs, folder, onError);
  }

  /** Begins; `get` tells how it went. @throws registry-not-found, registry-version-removed, gate-running */
  async start(model: string, version: number, request: GateRequest, actor: Actor): Promise<void> {
    const found = await this.#registry.version(`${model}:${version}`);
    if (found.state !== "available") await this.#registry.package(`${model}:${version}`);
    await this.#registry.database.transaction(async (tx) => {
      const [row] = await tx.query<Row>("select state, reason, started_at, ended_at from gate_runs where model = $1 and version = $2", [model, version]);
      if (row !== undefined && isRunning(row)) throw apiError("gate-running", `the gate of ${model}:${version} runs since ${row.started_at}`);
      const now = new Date().toISOString();
      await tx.query("insert into gate_runs (model, version, state, started_at, started_by) values ($1, $2, 'running', $3, $4) on conflict (model, version) do update set state = 'running', reason = null, started_at = $3, started_by = $4, ended_at = null", [model, version, now, actor.name]);
      await appendAudit(tx, { actor, action: "gate.started", model, version, detail: { digest: found.digest, data: request.data !== undefined, baseline: request.baseline ?? null } });
    });
    const run: Promise<void> = this.#run(model, version, request, actor).catch(this.#onError).finally(() => this.#pending.delete(run));
    this.#pending.add(run);
  }

  async get(model: string, version: number): Promise<GateRun> {
    const [row] = await this.#registry.database.query<Row>("select state, reason, started_at, ended_at from gate_runs where model = $1 and version = $2", [model, version]);
    const last = (await this.#registry.attachments(model, version)).findLast((a) => a.kind === "gate-report");
    const report = last === undefined ? null : await this.report(last);
    if (row !== undefined && isRunning(row)) return { state: "running", at: row.started_at, reason: null, report };
    if (row !== undefined && row.state !== "done" && (last === undefined || last.createdAt < row.started_at)) return { state: "failed", at: row.ended_at, reason: row.reason ?? "the server stopped while it ran", report };
    return last === undefined ? { state: "none", at: null, reason: null, report } : { state: last.summary["passed"] === true ? "green" : "red", at: last.createdAt, reason: null, report };
  }

  /** Null where the attachment is no report that can be read. */
  async report(attachment: Attachment): Promise<GateReport | null> {
    try {
      const value = JSON.parse(Buffer.from(await this.#registry.readAttachment(attachment)).toString("utf8")) as Partial<GateReport> | null;
      return value !== null && Array.isArray(value.results) && typeof value.passed === "boolean" && typeof value.model === "object" ? value as GateReport : null;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** Waits for those that were begun here. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #run(model: string, version: number, { settings, data, baseline }: GateRequest, actor: Actor): Promise<void> {
    const { database } = this.#registry;
    const ended = (state: "done" | "failed", reason: string | null, tx = database): Promise<unknown> => tx.query("update gate_runs set state = $3, reason = $4, ended_at = $5 where model = $1 and version = $2", [model, version, state, reason, new Date().toISOString()]);
    await mkdir(this.#folder, { recursive: true });
    const own = await mkdtemp(join(this.#folder, "gate-"));
    try {
      const pulled = async (number: number): Promise<string> => {
        const path = join(own, `${number}.slip`);
        await writeFile(path, await this.#registry.pull(`${model}:${number}`), { mode: 0o600 });
        return path;
      };
      const path = await pulled(version);
      const report = await this.#jobs.run({ kind: "gate", path, settings, data, ...(baseline === undefined ? {} : { baseline: await pulled(baseline) }) });
      const counts: Record<string, number> = {};
      for (const { verdict } of report.results) counts[verdict] = (counts[verdict] ?? 0) + 1;
      await this.#registry.attach(model, version, {
        kind: "gate-report", mediaType: REPORT_MEDIA_TYPE, bytes: new TextEncoder().encode(JSON.stringify({ ...report, score: scoreOf(report.results) })), title: "gate-report.json", actor,
        summary: { passed: report.passed, counts, failed: report.results.filter((r) => r.verdict === "fail").map((r) => r.name), tool: report.tool },
      });
      await ended("done", null);
    } catch (error) {
      const reason = error instanceof SlipwayError ? `${error.message} [${error.code}]` : String(error);
      await database.transaction(async (tx) => {
        await ended("failed", reason.slice(0, 2000), tx);
        await appendAudit(tx, { actor, action: "gate.failed", model, version, detail: { reason: reason.slice(0, 2000) } });
      });
      if (!(error instanceof SlipwayError)) throw error;
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  }
}

function isRunning(row: Row): boolean {
  return row.state === "running" && Date.now() - Date.parse(row.started_at) < STALE_MS;
}
