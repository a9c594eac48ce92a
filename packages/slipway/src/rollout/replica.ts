// One process that serves: it follows what the rows of open rollouts say, counts what comes of it, writes that down, and
// leads where nobody else does. It may be killed at any moment: what it wrote stays, and another one goes on.

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { Traffic, type Family, type ModelDirectory, type ModelEntry, type Steering } from "../server/index.ts";
import type { StageCounts, WatchedBins } from "./counts.ts";
import type { Signature } from "@slipway/core/package";
import type { Finding } from "@slipway/core/stats";
import { countLabels, type LabelCounts, type LabelSource } from "./labels.ts";
import { lead } from "./leader.ts";
import { rolloutFamilies, type Ended } from "./metrics.ts";
import { StageObserver, type AnswerPair } from "./observer.ts";
import { replayGolden } from "./replay.ts";
import { rolloutOf, type ReplicaRow, type Rollout, type RolloutRow } from "./rollout.ts";
import type { Rollouts } from "./rollouts.ts";
import { addPairs, pairsOf, rowOf, updateRow, writeReplica } from "./rows.ts";

export interface ReplicaOptions {
  readonly rollouts: Rollouts;
  readonly directory: ModelDirectory;
  /** Brings the served models in line with the registry now. */
  readonly follow: () => Promise<unknown>;
  readonly intervalMs: number;
  /** None where nobody knows of labels. */
  readonly labels?: LabelSource | undefined;
  readonly onError?: (error: unknown) => void;
}

/** How soon a change is followed. */
const LOOK_MS = 200;
/** Where nothing goes on: a return to the version before is to be there within a second. */
const IDLE_MS = 400;
/** Of what a version is shown beside another one while both answer; more where labels are to tell which is better. */
const BESIDE_SHARE = 0.2;
/** Labels come slowly, and counting them takes a look at many rows: once in so many intervals. */
const LABELS_EVERY = 10;

interface Local {
  rollout: Rollout;
  /** By stage. */
  readonly observers: (StageObserver | undefined)[];
  applied: number;
  lagMs: number | null;
  problem: string | null;
  ready: number;
  replayed: Finding | undefined;
  replaying: boolean;
  steering: Steering | undefined;
  leads: boolean;
  labels: LabelCounts | undefined;
  labelsAt: number;
}

export class RolloutReplica {
  readonly name: string = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  readonly #options: ReplicaOptions;
  readonly #locals = new Map<string, Local>();
  /** By model, how many ended in which way while this process knew them. */
  readonly #endings = new Map<string, Record<Ended, number>>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;
  #beatAt = 0;
  #unlisten: (() => void) | undefined;
  #seenReturn: string | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  start(): void {
    const next = (): void => {
      const wait = Math.min(this.#locals.size > 0 ? LOOK_MS : IDLE_MS, this.#options.intervalMs);
      this.#timer = setTimeout(() => {
        this.#running = this.turn().catch((error: unknown) => this.#options.onError?.(error)).finally(() => {
          if (!this.#closed) next();
        });
      }, wait);
      this.#timer.unref();
    };
    next();
    // One that was made here is there at once.
    this.#unlisten = this.#options.rollouts.onReturn(() => void this.#options.follow().catch((error: unknown) => this.#options.onError?.(error)));
  }
  async stop(): Promise<void> {
    this.#closed = true;
    this.#unlisten?.();
    clearTimeout(this.#timer);
    await this.#running;
    // What was counted since the last beat is kept.
    for (const local of this.#locals.values()) await this.#write(local).catch((error: unknown) => this.#options.onError?.(error));
  }

  readonly families = (): Family[] => rolloutFamilies([...this.#locals.values()], this.#endings, this.#options.rollouts.now());

  /** Looks at what is wanted, follows it, and writes and leads where it is time. */
  async turn(): Promise<void> {
    const { rollouts, intervalMs } = this.#options;
    const [rows, returned] = [await rollouts.open(), await rollouts.latestReturn()];
    if (returned !== this.#seenReturn) {
      this.#seenReturn = returned;
      await this.#options.follow();
    }
    for (const id of this.#locals.keys()) if (!rows.some((r) => r.id === id)) await this.#ended(id);
    let changed = false;
    for (const row of rows) changed = (await this.#follow(row)) || changed;
    if (!changed && performance.now() - this.#beatAt < intervalMs) return;
    this.#beatAt = performance.now();
    for (const row of rows) await this.#beat(row.id);
  }

  /** @returns whether something was changed here */
  async #follow(row: RolloutRow): Promise<boolean> {
    const { directory, follow } = this.#options;
    const rollout = rolloutOf(row);
    let local = this.#locals.get(row.id);
    if (local === undefined) {
      this.#locals.set(row.id, (local = { rollout, observers: [], applied: 0, lagMs: null, problem: null, ready: 0, replayed: undefined, replaying: false, steering: undefined, leads: false, labels: undefined, labelsAt: -Infinity }));
      if (!this.#endings.has(rollout.model)) this.#endings.set(rollout.model, { promoted: 0, aborted: 0 });
      await follow();
    }
    local.rollout = rollout;
    if (row.bins !== null) for (const observer of local.observers) observer?.setBins(JSON.parse(row.bins) as WatchedBins[]);
    if (local.ready !== 1) this.#look(local, directory.entries.get(rollout.model));
    if (local.ready !== 1 || local.applied === rollout.revision) return false;
    const entry = directory.entryOf(rollout.model);
    this.#apply(local, entry, row);
    local.lagMs = Math.max(0, this.#options.rollouts.now() - Date.parse(rollout.stageSince));
    local.applied = rollout.revision;
    return true;
  }

  /** Whether both versions can answer here. */
  #look(local: Local, entry: ModelEntry | undefined): void {
    const { baseline, candidate, model, alias } = local.rollout;
    const [old, fresh] = [baseline, candidate].map((v) => entry?.versions.get(String(v)));
    local.ready = 0;
    local.problem = null;
    if (fresh?.state === "unavailable") {
      local.ready = -1;
      local.problem = `${model}:${candidate} cannot be served: ${fresh.reason?.message ?? "it failed to load"}`;
    } else if ((entry?.settings.traffic?.split?.length ?? 0) > 0) local.problem = `models.${model}.traffic has a split of its own`;
    else if (entry !== undefined && old?.servable !== undefined && fresh?.servable !== undefined && entry.aliases.get(alias) === String(baseline)) local.ready = 1;
  }

  #apply(local: Local, entry: ModelEntry, row: RolloutRow): void {
    const { rollout } = local;
    const stage = rollout.stages[rollout.stage];
    if (stage === undefined || stage.kind === "replay") return;
    if (stage.kind === "rehearsal") {
      // There and back, as it will be: requests of this turn see only where it ends.
      const first = rollout.stages.find((s) => s.kind === "step");
      entry.steering = this.#steering(local, entry, row, first?.weight ?? 0, undefined);
      entry.steering = local.steering = this.#steering(local, entry, row, 0, undefined);
      return;
    }
    entry.steering = local.steering = this.#steering(local, entry, row, stage.kind === "shadow" ? 0 : stage.weight, stage.kind === "shadow" ? stage.share : undefined);
  }

  #steering({ rollout, observers }: Local, entry: ModelEntry, row: RolloutRow, weight: number, shadowShare: number | undefined): Steering {
    const [baseline, candidate] = [String(rollout.baseline), String(rollout.candidate)];
    const bins = row.bins === null ? undefined : JSON.parse(row.bins) as WatchedBins[];
    const { latencyRatio, latencySlack, expectChange, shadow } = rollout.plan;
    const { labels } = this.#options;
    const signatures = [candidate, baseline].map((v) => entry.resolve(v).face!.signature) as [Signature, Signature];
    const observer = (observers[rollout.stage] ??= new StageObserver({
      signature: signatures[1], bins, canary: candidate, slow: { latencyRatio, latencySlackMs: latencySlack }, shadow: shadowShare !== undefined,
      answers: labels === undefined ? undefined : { canary: labels.answers(signatures[0]), baseline: labels.answers(signatures[1]) },
    }));
    // Labels tell which is better where both answered; and where the new version gets every request, only what is asked
    // side by side tells how fast it is.
    const beside = (version: string): string | undefined => (version === baseline && (shadowShare !== undefined || (weight > 0 && expectChange)) ? candidate : version === candidate && weight === 100 ? baseline : undefined);
    const share = shadowShare ?? (expectChange ? shadow.share : Math.min(shadow.share, BESIDE_SHARE));
    const { stickyHeader, stickyColumn, overrideHeader } = entry.settings.traffic ?? {};
    const traffic = new Traffic(rollout.model, {
      split: [{ version: baseline, weight: 100 - weight }, { version: candidate, weight }], experiment: `rollout-${rollout.id}`, shadowShare: share,
      ...([baseline, candidate].some((v) => beside(v) !== undefined) ? { shadow: candidate } : {}), ...(stickyHeader === undefined ? {} : { stickyHeader }), ...(stickyColumn === undefined ? {} : { stickyColumn }), ...(overrideHeader === undefined ? {} : { overrideHeader }),
    }, Math.random, observer.shown);
    // While it is a shadow the pairs are counted, not the requests themselves.
    const watches = shadowShare !== undefined ? undefined : { [baseline]: observer.watch("baseline"), [candidate]: observer.watch("canary") };
    return { alias: rollout.alias, baseline, traffic, watch: (version) => watches?.[version], beside };
  }

  /** What was decided elsewhere. After a promotion the new version stays until the alias here names it. */
  async #ended(id: string): Promise<void> {
    const { rollouts, directory, follow } = this.#options;
    const local = this.#locals.get(id)!;
    const { state, model, alias, candidate } = rolloutOf(await rowOf(rollouts.database, id));
    const entry = directory.entries.get(model);
    if (state === "promoted" && entry !== undefined && entry.aliases.get(alias) !== String(candidate)) await follow();
    if (state === "promoted" && entry !== undefined && entry.aliases.get(alias) !== String(candidate)) return;
    if (entry !== undefined && entry.steering === local.steering) entry.steering = undefined;
    this.#endings.get(model)![state === "aborted" ? "aborted" : "promoted"]++;
    this.#locals.delete(id);
  }

  async #beat(id: string): Promise<void> {
    const { rollouts, intervalMs } = this.#options;
    const local = this.#locals.get(id);
    if (local === undefined) return;
    const bins = local.observers.findLast((o) => o !== undefined)?.proposeBins();
    const answers = takeAnswers(local);
    const row = await rollouts.database.transaction(async (tx) => {
      await writeReplica(tx, id, this.#row(local));
      await addPairs(tx, id, answers);
      const before = await rowOf(tx, id);
      if (bins !== undefined && before.bins === null) await updateRow(tx, id, { bins: JSON.stringify(bins) });
      return lead(tx, id, { rollouts, replica: this.name, intervalMs, replayed: local.replayed, labels: local.labels });
    }).catch((error: unknown) => {
      local.observers.findLast((o) => o !== undefined)?.giveBack(answers);
      throw error;
    });
    if (row.state !== "running" && row.state !== "paused") return this.#ended(id);
    local.leads = row.leader === this.name;
    if (local.leads) {
      this.#replay(local);
      this.#countLabels(local);
    }
    await this.#follow(row);
  }
  async #write(local: Local): Promise<void> {
    await writeReplica(this.#options.rollouts.database, local.rollout.id, this.#row(local));
  }

  #row(local: Local): ReplicaRow {
    const counts: (StageCounts | null)[] = Array.from(local.observers, (o) => o?.read() ?? null);
    return { replica: this.name, seen_at: new Date(this.#options.rollouts.now()).toISOString(), revision: local.applied, ready: local.ready, problem: local.problem, lag_ms: local.lagMs, counts: JSON.stringify(counts) };
  }

  /** In the leader, beside what it does otherwise. */
  #countLabels(local: Local): void {
    const { labels, rollouts, intervalMs, onError } = this.#options;
    if (labels === undefined || performance.now() - local.labelsAt < LABELS_EVERY * intervalMs) return;
    local.labelsAt = performance.now();
    const { id, model, baseline, candidate, createdAt } = local.rollout;
    void Promise.all([labels.labelled(model, String(candidate), createdAt), labels.labelled(model, String(baseline), createdAt), pairsOf(rollouts.database, id)])
      .then(([canary, old, pairs]) => (local.labels = countLabels(labels, canary, old, pairs)), (error: unknown) => onError?.(error));
  }
  #replay(local: Local): void {
    const { rollout } = local;
    if (local.ready !== 1 || local.replaying || rollout.stages[rollout.stage]?.kind !== "replay") return;
    local.replaying = true;
    void replayGolden(this.#options.rollouts.registry, this.#options.directory, rollout).then((finding) => (local.replayed = finding), (error: unknown) => {
      local.replaying = false;
      this.#options.onError?.(error);
    });
  }
}

function takeAnswers({ observers }: Local): readonly AnswerPair[] {
  return observers.flatMap((o) => o?.takeAnswers() ?? []);
}
