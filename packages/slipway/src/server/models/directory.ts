// The models that one server offers, by name, and the door to them: `select` gives the model that answers a request, and
// holds it until the request is answered, so that a version which is swapped or unloaded meanwhile stays until then.

import { nearest } from "@slipway/core/base";
import type { ModelSettings } from "../../config/index.ts";
import type { Servable } from "../../runtime/index.ts";
import { serverError } from "../errors.ts";
import { GuardCounts } from "../guards/guard-counts.ts";
import type { Call } from "../http/call.ts";
import { family, type Family, type Labels } from "../telemetry/family.ts";
import { TrafficRouter } from "../traffic/router.ts";
import type { Steering } from "../traffic/steering.ts";
import { CachedModel, type CacheStats } from "./cached-model.ts";
import { ModelEntry, usable } from "./model-entry.ts";
import { ModelVersion } from "./model-version.ts";

/** Which model a request wants; without a name the first one, without version and label the one that traffic says. */
export interface Selection {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** An alias of a version. */
  readonly label?: string | undefined;
}

/** One version, for lists. */
export interface ListedVersion {
  readonly name: string;
  readonly version: string;
  readonly state: ModelVersion["state"];
  readonly reason?: ModelVersion["reason"];
  readonly digest?: string;
  readonly aliases: readonly string[];
  /** Not in memory, and loaded when it is asked. */
  readonly onDemand: boolean;
  /** Estimated memory. */
  readonly bytes: number;
}

/** Brings a version into memory that is loaded on demand. */
export type BringVersion = (entry: ModelEntry, version: ModelVersion) => Promise<void>;

export class ModelDirectory {
  readonly entries: Map<string, ModelEntry> = new Map();
  bring: BringVersion | undefined;
  readonly router: TrafficRouter = new TrafficRouter(this);
  /** What rules in front of models refused. */
  readonly guards: GuardCounts = new GuardCounts();
  readonly #settings: Readonly<Record<string, ModelSettings>>;
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(models: readonly Servable[], settings: Readonly<Record<string, ModelSettings>> = {}) {
    this.#settings = settings;
    for (const model of models) this.add(model);
  }

  /** Whether any model's answers are kept. */
  get keepsAnswers(): boolean {
    return Object.values(this.#settings).some((s) => s.cache !== undefined);
  }
  /** The entry of a name, made where there is none. */
  entry(name: string): ModelEntry {
    let entry = this.entries.get(name);
    if (entry === undefined) this.entries.set(name, (entry = new ModelEntry(name, this.#settings[name] ?? NO_SETTINGS)));
    return entry;
  }
  /** A model that is loaded already. @throws SlipwayError model-exists */
  add(model: Servable): void {
    if (this.entries.get(model.name)?.versions.has(model.version) === true) throw serverError("model-exists", `two models are named ${model.name} in version ${model.version}`, { hint: "Give one another name or version." });
    const version = new ModelVersion(model.name, model.version);
    version.ready(model, 0);
    this.entry(model.name).versions.set(model.version, version);
  }

  /** What can be asked: of every name the version that answers where none is asked for. */
  get all(): readonly Servable[] {
    return [...this.entries.values()].flatMap((entry) => {
      const version = entry.preferred;
      return version !== undefined && usable(version) && version.face !== undefined ? [version.face] : [];
    });
  }
  /** Every version in memory. */
  get loaded(): readonly Servable[] {
    return [...this.entries.values()].flatMap((e) => e.sorted.flatMap((v) => v.servable ?? []));
  }
  /** Every version that is known, in every state. */
  get list(): readonly ListedVersion[] {
    return [...this.entries.values()].flatMap((entry) => entry.sorted.map((v) => ({
      name: entry.name, version: v.version, state: v.state, onDemand: v.onDemand, bytes: v.bytes,
      aliases: [...entry.aliases].filter(([, to]) => to === v.version).map(([alias]) => alias),
      ...(v.reason === undefined ? {} : { reason: v.reason }), ...(v.digest === undefined ? {} : { digest: v.digest }),
    })));
  }
  /** What `POST /predict` asks. @throws SlipwayError model-unknown, model-unavailable */
  get first(): Servable {
    return this.#face(this.#preferred(this.#firstEntry()));
  }

  /** The model that answers this request; it is kept until the call is finished. @throws SlipwayError model-unknown, model-unavailable */
  select(call: Call, wanted: Selection): Servable | Promise<Servable> {
    const entry = wanted.name === undefined ? this.#firstEntry() : this.entryOf(wanted.name);
    const { steering } = entry;
    if (steering !== undefined && steers(entry, steering, wanted)) return this.router.select(call, entry, steering.traffic, entry.resolve(steering.baseline), steering);
    if (wanted.label !== undefined || wanted.version !== undefined) return this.hold(call, entry, wanted.label === undefined ? entry.resolve(wanted.version!) : entry.resolve(wanted.label, "label"));
    const version = this.#preferred(entry);
    return entry.traffic === undefined ? this.hold(call, entry, version) : this.router.select(call, entry, entry.traffic, version);
  }

  /** @throws SlipwayError model-unavailable */
  hold(call: Call, entry: ModelEntry, version: ModelVersion): Servable | Promise<Servable> {
    const { servable } = version;
    if (servable === undefined) return this.#brought(call, entry, version);
    call.target = servable;
    version.lastAsked = performance.now();
    servable.admit?.();
    call.onFinished(version.lease());
    return servable;
  }
  async #brought(call: Call, entry: ModelEntry, version: ModelVersion): Promise<Servable> {
    if (!version.onDemand || version.state === "unavailable" || this.bring === undefined) throw unavailable(version);
    call.target = version.face;
    // Held while it is brought, so that it is not pushed out again before it has answered.
    call.onFinished(version.lease());
    version.lastAsked = performance.now();
    await this.bring(entry, version);
    if (version.servable === undefined) throw unavailable(version);
    return (call.target = version.servable);
  }

  /** A model for work that is no request of its own; `end` lets it go. @throws SlipwayError model-unknown, model-unavailable */
  async take(name: string, wanted?: string): Promise<{ readonly model: Servable; readonly end: () => void }> {
    const entry = this.entryOf(name);
    const version = wanted === undefined ? this.#preferred(entry) : entry.resolve(wanted);
    const end = version.lease();
    version.lastAsked = performance.now();
    try {
      if (version.servable === undefined && version.onDemand) await this.bring?.(entry, version);
      if (version.servable === undefined) throw unavailable(version);
      return { model: version.servable, end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** A model to look at. @throws SlipwayError model-unknown, model-unavailable */
  find(name: string, version?: string, label?: string): Servable {
    const entry = this.entryOf(name);
    return this.#face(label !== undefined ? entry.resolve(label, "label") : version === undefined ? this.#preferred(entry) : entry.resolve(version));
  }

  /** Of those that can be asked, the lowest first. @throws SlipwayError model-unknown */
  versionsOf(name: string): readonly string[] {
    return this.entryOf(name).sorted.filter(usable).map((v) => v.version);
  }

  families(): Family[] {
    const cached = this.loaded.filter((m) => m instanceof CachedModel);
    const per = (pick: (s: CacheStats) => number): [Labels, number][] => cached.map((m) => [{ model: m.name, version: m.version }, pick(m.stats)]);
    return [
      ...this.router.families(),
      ...this.guards.families(),
      family("gauge", "slipway_model_state", "1 for the state that a version is in.", this.list.map((v) => [{ model: v.name, version: v.version, state: v.state }, 1])),
      ...(cached.length === 0 ? [] : [
        family("counter", "slipway_cache_hits_total", "Answers given again.", per((s) => s.hits)),
        family("counter", "slipway_cache_misses_total", "Answers that had to be computed.", per((s) => s.misses)),
        family("counter", "slipway_cache_pushed_out_total", "Answers pushed out by others.", per((s) => s.pushedOut)),
        family("gauge", "slipway_cache_bytes", "What the kept answers hold.", per((s) => s.bytes)),
      ]),
    ];
  }

  /** Of the repository behind it: called before the models are closed. */
  onClose(close: () => Promise<void>): void {
    this.#closers.push(close);
  }
  async close(): Promise<void> {
    this.router.shadows.close();
    await Promise.all(this.#closers.map((close) => close()));
    await Promise.all(this.loaded.map((m) => m.close()));
  }

  #firstEntry(): ModelEntry {
    for (const entry of this.entries.values()) return entry;
    throw serverError("model-unknown", "this server has no model");
  }
  /** @throws SlipwayError model-unknown */
  entryOf(name: string): ModelEntry {
    const entry = this.entries.get(name);
    if (entry !== undefined) return entry;
    const names = [...this.entries.keys()];
    const near = nearest(name, names);
    throw serverError("model-unknown", `Request for unknown model: ${JSON.stringify(name.slice(0, 150))} is not found`, {
      hint: names.length === 0 ? "This server has no model." : `${near === undefined ? "" : `Did you mean ${JSON.stringify(near)}? `}Served here: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", ..." : ""}.` });
  }
  #preferred(entry: ModelEntry): ModelVersion {
    const version = entry.preferred;
    if (version === undefined) throw serverError("model-unavailable", `the model ${entry.name} has no version`);
    return version;
  }
  #face(version: ModelVersion): Servable {
    const { face } = version;
    if (face === undefined || !usable(version)) throw unavailable(version);
    return face;
  }
}

/** Whether a request is one that a rollout may send elsewhere. */
function steers(entry: ModelEntry, { alias, baseline }: Steering, { version, label }: Selection): boolean {
  if (!entry.versions.has(baseline)) return false;
  if (label !== undefined || version !== undefined) return (label ?? version) === alias && (label !== undefined || !entry.versions.has(alias));
  return entry.preferred?.version === baseline;
}

const NO_SETTINGS: ModelSettings = { pin: false };

function unavailable(version: ModelVersion): Error {
  const { name, version: number, state, reason } = version;
  const why = state === "loading" ? "is being loaded" : state === "unloaded" ? "is not loaded" : `cannot be served: ${reason?.message ?? "it failed to load"}`;
  return serverError("model-unavailable", `Request for unavailable model: ${JSON.stringify(name)} version ${number} ${why}`, {
    hint: state === "loading" ? "Ask again in a moment." : reason?.hint ?? "POST /v2/repository/models/NAME/load loads it.", data: reason === undefined ? {} : { reason: { code: reason.code, message: reason.message } } });
}
