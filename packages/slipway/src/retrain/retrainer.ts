// Begins trainings when a trigger is met and carries them from stage to stage: the program, the package, the gate, the
// request for release, the rollout. One process has a training by a lease; where it is killed, another one goes on. Nothing
// here promotes: the rollout does, past the alias's policy.

import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import type { Approvals } from "../approvals/index.ts";
import type { Actor } from "../audit/index.ts";
import type { RetrainSettings } from "../config/index.ts";
import type { Registry } from "../registry/index.ts";
import type { Rollouts } from "../rollout/index.ts";
import { retrainError } from "./errors.ts";
import { DataWatch } from "./data-watch.ts";
import { dataState, type Given } from "./given.ts";
import { heldBecause } from "./held.ts";
import { retrainOf, type Retrain, type RetrainRow, type RetrainSetup } from "./retrain.ts";
import { TRAINER, type Retrains } from "./retrains.ts";
import { trainByCommand } from "./train-command.ts";
import { causeOf, checkTriggers, type RetrainSignals } from "./triggers.ts";

/** What packs and tests, in processes of its own. */
export interface Workshop {
  /** A package of the file, or the file itself where it is one. */
  pack(path: string, name: string, out: string, check: string | undefined): Promise<string>;
  startGate(model: string, version: number, actor: Actor): Promise<void>;
  gate(model: string, version: number): Promise<{ readonly state: "none" | "running" | "green" | "red" | "failed"; readonly reason: string | null }>;
}
export interface RetrainerOptions {
  readonly settings: Readonly<Record<string, RetrainSettings>>;
  readonly retrains: Retrains;
  readonly registry: Registry;
  readonly approvals: Pick<Approvals, "standing" | "open">;
  readonly rollouts: Rollouts;
  readonly workshop: Workshop;
  /** Where files are kept while they are worked on. */
  readonly folder: string;
  readonly onError?: (error: unknown) => void;
  readonly now?: () => number;
}

const TURN_MS = 2000;
const LEASE_MS = 30_000;
const TELL_MS = 500;
const MAX_ATTEMPTS = 2;

export class Retrainer {
  readonly worker: string = randomUUID();
  /** What a monitor knows, where there is one. */
  signals: RetrainSignals | undefined;
  readonly #options: RetrainerOptions;
  readonly #now: () => number;
  readonly #ending = new AbortController();
  /** What runs here. */
  readonly #training = new Map<string, { readonly promise: Promise<void>; readonly stop: AbortController }>();
  #timer: NodeJS.Timeout | undefined;
  #turning: Promise<void> = Promise.resolve();
  /** By model. */
  readonly #lookedAt = new Map<string, number>();
  readonly #watches = new Map<string, DataWatch>();

  /** @throws retrain-settings, schedule-invalid */
  constructor(options: RetrainerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    for (const [model, settings] of Object.entries(options.settings)) {
      if (settings.command?.length === 0) throw retrainError("retrain-settings", `retrain.${model}.command names no program`, { where: `retrain.${model}.command` });
      checkTriggers(model, settings);
    }
  }

  start(): void {
    const intervals = Object.values(this.#options.settings).map((s) => s.interval);
    if (intervals.length === 0) return;
    const turnMs = Math.min(TURN_MS, ...intervals);
    const next = (): void => {
      this.#timer = setTimeout(() => {
        this.#turning = this.turn().catch((error: unknown) => this.#options.onError?.(error)).finally(() => this.#ending.signal.aborted || next());
      }, turnMs);
      this.#timer.unref();
    };
    next();
  }
  async stop(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#turning;
    await this.settled();
  }
  /** When what was begun here has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.#training.values()].map((t) => t.promise));
  }

  /** By hand: whatever the cooldown says. @throws retrain-settings, retrain-open */
  async begin(model: string, actor: Actor): Promise<Retrain> {
    const settings = this.#options.settings[model];
    if (settings === undefined) throw retrainError("retrain-settings", `the configuration does not say how ${JSON.stringify(model.slice(0, 150))} is trained`, { hint: `retrain: {${model}: {command: [python, train.py]}}` });
    return this.#options.retrains.begin({ model, alias: settings.alias, cause: actor.name, given: await this.#given(model, settings), outside: settings.command === undefined, actor });
  }
  /** What the configuration says, and when a trigger may begin the next one. */
  async setups(): Promise<RetrainSetup[]> {
    const { retrains } = this.#options;
    return Promise.all(Object.entries(this.#options.settings).map(async ([model, { alias, command, data, triggers = {}, cooldown }]) => {
      const last = await retrains.last(model);
      // Once another training has begun nothing is held back.
      const held = await retrains.held(model);
      const rests = last === undefined ? 0 : Date.parse(last.created_at) + cooldown;
      return {
        model, alias, outside: command === undefined, data: data ?? null, triggers: Object.keys(triggers).filter((name) => name !== "tz"),
        restsUntil: rests > this.#now() ? new Date(rests).toISOString() : null, held: held?.after === last?.id ? held : null,
      };
    }));
  }

  async turn(): Promise<void> {
    const { retrains, onError } = this.#options;
    for (const [model, settings] of Object.entries(this.#options.settings)) {
      if (this.#now() - (this.#lookedAt.get(model) ?? -Infinity) < settings.interval) continue;
      this.#lookedAt.set(model, this.#now());
      await this.#look(model, settings).catch((error: unknown) => onError?.(error));
    }
    const open = await retrains.open();
    for (const [id, { stop }] of this.#training) if (!open.some((r) => r.id === id)) stop.abort();
    for (const { id } of open) {
      const row = await retrains.lease(id, this.worker, LEASE_MS);
      if (row === undefined) continue;
      try {
        await this.#step(row);
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.kind === "unavailable" || error.kind === "timeout") onError?.(error);
        else await retrains.end(id, "failed", error.message);
      }
    }
  }

  async #look(model: string, settings: RetrainSettings): Promise<void> {
    const { retrains, registry } = this.#options;
    const { triggers } = settings;
    if (triggers === undefined || (await retrains.open()).some((r) => r.model === model)) return;
    const since = await retrains.since(model);
    if (since.trained && this.#now() - Date.parse(since.at) < settings.cooldown) return;
    const named = (await registry.aliases(model)).find((a) => a.alias === settings.alias);
    if (named === undefined) return;
    const { createdAt } = await registry.version(`${model}:${named.version}`);
    const cause = await causeOf(triggers, { model, version: named.version, createdAt, since: since.at, now: this.#now() }, this.signals);
    if (cause === undefined) return retrains.hold(model, null);
    const last = await retrains.last(model);
    const watch = this.#watches.get(model) ?? new DataWatch();
    this.#watches.set(model, watch);
    const given = await this.#given(model, settings, createdAt, () => watch.state(settings, this.#now()));
    const before = last === undefined ? undefined : { ...retrainOf(last), given: last.given === null ? null : JSON.parse(last.given) as Given };
    const reason = heldBecause(cause, named.version, before, given.data, last === undefined ? 0 : ((await this.signals?.newLabels(model, last.created_at)) ?? 0));
    await retrains.hold(model, reason === undefined ? null : { cause: cause.name, evidence: cause.evidence, reason, after: last!.id });
    if (reason !== undefined) return;
    try {
      await retrains.begin({ model, alias: settings.alias, cause: cause.name, evidence: cause.evidence, given, outside: settings.command === undefined, actor: TRAINER });
    } catch (error) {
      // Another replica saw the same.
      if ((error as { code?: string }).code !== "retrain-open") throw error;
    }
  }

  /** @param since when the version in use was offered; looked up where it is left out */
  async #given(model: string, settings: RetrainSettings, since?: string, data: () => Promise<string | null> = () => dataState(settings)): Promise<Given> {
    const { registry } = this.#options;
    const named = since !== undefined ? undefined : (await registry.aliases(model).catch(() => [])).find((a) => a.alias === settings.alias);
    const from = since ?? (named === undefined ? undefined : (await registry.version(`${model}:${named.version}`)).createdAt);
    return { data: await data(), labels: from === undefined ? 0 : ((await this.signals?.newLabels(model, from)) ?? 0) };
  }

  async #step(row: RetrainRow): Promise<void> {
    switch (row.state) {
      case "training": return this.#train(row);
      case "waiting": return this.#await(row);
      case "gate": return this.#gate(row);
      case "approval": return this.#approve(row);
      case "rollout": return this.#follow(row);
      default: return;
    }
  }

  async #train(row: RetrainRow): Promise<void> {
    const { retrains, settings } = this.#options;
    // One program at a time, whatever the model.
    if (this.#training.size > 0 || this.#ending.signal.aborted) return;
    const how = settings[row.model];
    if (how?.command === undefined) return void (await retrains.end(row.id, "failed", "the configuration has no command for it any more"));
    if (row.attempts >= MAX_ATTEMPTS) return void (await retrains.end(row.id, "failed", `the server ended ${row.attempts} times while it ran`));
    await retrains.change(row.id, TRAINER, undefined, () => ({ attempts: row.attempts + 1 }));
    const stop = new AbortController();
    const promise = this.#run(row, how, AbortSignal.any([stop.signal, this.#ending.signal])).catch((error: unknown) => this.#options.onError?.(error)).finally(() => this.#training.delete(row.id));
    this.#training.set(row.id, { promise, stop });
  }
  async #run(row: RetrainRow, how: RetrainSettings, signal: AbortSignal): Promise<void> {
    const { retrains, registry, workshop, folder } = this.#options;
    const { model, parent } = row;
    await mkdir(folder, { recursive: true });
    const scratch = await mkdtemp(join(folder, "retrain-"));
    let printed = "";
    let told = "";
    // What it prints can be followed; not every line is a row's change.
    const telling = setInterval(() => {
      if (printed === told) return;
      told = printed;
      void retrains.tell(row.id, printed).catch((error: unknown) => this.#options.onError?.(error));
    }, TELL_MS);
    try {
      const since = parent === null ? row.created_at : (await registry.version(`${model}:${parent}`)).createdAt;
      const { path, check, output } = await trainByCommand(how, retrainOf(row), since, scratch, signal, (text) => (printed = text));
      clearInterval(telling);
      const packed = await workshop.pack(path, model, join(scratch, "packed.slip"), check);
      const newest = (await registry.versions(model, { limit: 1 }).catch(() => []))[0]?.version ?? 0;
      const { version } = await registry.offer(await readFile(packed), { actor: TRAINER, lineage: { parent: parent ?? undefined, trainingData: how.data } });
      if (version <= newest) return void (await retrains.end(row.id, "unchanged", `it made ${model}:${version} again, byte for byte`, { version, output }));
      await retrains.change(row.id, TRAINER, "retrain.offered", () => ({ state: "gate", version, output }));
    } catch (error) {
      // A server that ends has decided nothing: another one tries again.
      if (this.#ending.signal.aborted) return;
      if (!(error instanceof SlipwayError)) throw error;
      if ((await retrains.get(row.id)).endedAt !== null) return;
      await retrains.end(row.id, "failed", error.message, { output: String((error.data as { output?: unknown } | undefined)?.output ?? "") });
    } finally {
      clearInterval(telling);
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #await({ id, model, created_at }: RetrainRow): Promise<void> {
    const how = this.#options.settings[model];
    if (how !== undefined && this.#now() - Date.parse(created_at) > how.timeout) await this.#options.retrains.end(id, "failed", "no version was handed in within its time");
  }

  async #gate({ id, model, version }: RetrainRow): Promise<void> {
    const { retrains, workshop } = this.#options;
    const { state, reason } = await workshop.gate(model, version!);
    if (state === "none") await workshop.startGate(model, version!, TRAINER);
    else if (state === "green") await retrains.change(id, TRAINER, undefined, () => ({ state: "approval" }));
    else if (state !== "running") await retrains.end(id, "failed", state === "red" ? "the gate is not passed" : `the gate could not be run: ${reason ?? ""}`);
  }

  async #approve(row: RetrainRow): Promise<void> {
    const { retrains, approvals, rollouts, settings } = this.#options;
    const { id, model, alias } = row;
    const version = row.version!;
    const standing = await approvals.standing(model, alias, version);
    if (standing.rejected) return void (await retrains.end(id, "failed", "the request for its release was rejected"));
    if (!standing.verdict.met && !standing.cameBefore) {
      if (standing.request === undefined && row.request !== null) return void (await retrains.end(id, "failed", "the request for its release was withdrawn or ran out"));
      const request = standing.request ?? (await approvals.open({ model, version, alias, comment: `Trained anew: ${row.cause}. ${row.evidence.slice(0, 1000)}`, actor: TRAINER }));
      const reason = `waits for approval: ${standing.verdict.missing.map((m) => m.text).join("; ")}`;
      if (row.request !== request.id || row.reason !== reason) await retrains.change(id, TRAINER, undefined, () => ({ request: request.id, reason }));
      return;
    }
    try {
      const rollout = await rollouts.start({ model, version, alias, comment: `trained anew: ${row.cause}`, plan: { expectChange: settings[model]?.expectChange ?? true }, actor: TRAINER });
      await retrains.change(id, TRAINER, undefined, () => ({ state: "rollout", rollout: rollout.id, reason: "" }));
    } catch (error) {
      if ((error as { code?: string }).code !== "rollout-open") throw error;
      // Ours, where this process was killed between the two; else another one's, which is waited for.
      const [latest] = await rollouts.list({ model, limit: 1 });
      if (latest?.candidate === version) await retrains.change(id, TRAINER, undefined, () => ({ state: "rollout", rollout: latest.id, reason: "" }));
      else if (row.reason !== WAITS) await retrains.change(id, TRAINER, undefined, () => ({ reason: WAITS }));
    }
  }

  async #follow({ id, rollout }: RetrainRow): Promise<void> {
    const { state, reason } = await this.#options.rollouts.get(rollout!);
    if (state === "promoted" || state === "aborted") await this.#options.retrains.end(id, state, reason);
    else if (state === "rolled-back") await this.#options.retrains.end(id, "aborted", `it was promoted, and taken back: ${reason}`);
  }
}

const WAITS = "waits for another rollout of the model";
