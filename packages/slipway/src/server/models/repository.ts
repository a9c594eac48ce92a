// Loads, unloads and swaps models while the server serves. A version is loaded aside, checked and warmed; only then does
// it take requests, in one assignment; what it replaces is closed when the last request that holds it is answered.
// Operations on one model come one after another; over all models, so many load at once as was set.

import { loadModelPackage, type LoadOptions, type OpenOptions, type Servable, type TrustedSigners } from "../../runtime/index.ts";
import { serverError, toSlipwayError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import { CachedModel } from "./cached-model.ts";
import { DescribedModel } from "./described-model.ts";
import type { ModelDirectory } from "./directory.ts";
import { AliasFollower, type AliasSource } from "./alias-follower.ts";
import { FolderSync, type FolderActs } from "./folder-sync.ts";
import { Loader } from "./loading/loader.ts";
import { MAX_TRIAL_BYTES, prepare, runChecks, type Prepared } from "./loading/prepare.ts";
import { estimatedBytes, makeRoom } from "./memory-budget.ts";
import type { ModelEntry } from "./model-entry.ts";
import { ModelVersion } from "./model-version.ts";
import { Turns } from "./turns.ts";
import type { VersionPolicy } from "./version-policy.ts";

export interface RepositoryOptions {
  readonly folder?: string | undefined;
  readonly pollMs?: number | undefined;
  /** Versions that aliases name elsewhere are served; how often to look. */
  readonly aliases?: AliasSource | undefined;
  readonly followMs?: number | undefined;
  /** Models of the folder are loaded when they are first asked. */
  readonly lazy?: boolean | undefined;
  /** Bytes that loaded models may take, by estimate. */
  readonly memoryBudget?: number | undefined;
  readonly loadAtOnce?: number | undefined;
  /** Whether load requests may bring models themselves. */
  readonly uploads?: boolean | undefined;
  readonly engine?: LoadOptions | undefined;
  /** Only packages that one of them signed are served, wherever they come from. */
  readonly trusted?: TrustedSigners | undefined;
  /** How long requests may hold a version that is replaced. */
  readonly drainMs?: number | undefined;
  readonly log?: Logger | undefined;
  /** One of its own by default. */
  readonly loader?: Loader | undefined;
}

/** Where a version comes from. */
export interface Origin {
  /** A path, or FILE#ENTRY. */
  readonly argument: string;
  readonly options?: OpenOptions | undefined;
  readonly fingerprint?: string | undefined;
  /** Called when it is of no more use. */
  readonly discard?: (() => void) | undefined;
}

/** Opening that takes longer would hold up requests that are under way: the model runs in a worker thread then. */
const INLINE_OPEN_MS = 50;
const DRAIN_MS = 120_000;

export class Repository {
  readonly directory: ModelDirectory;
  readonly #options: RepositoryOptions;
  readonly #loader: Loader;
  readonly #turns: Turns;
  readonly #folder: FolderSync | undefined;
  readonly #follower: AliasFollower | undefined;
  readonly #origins = new WeakMap<ModelVersion, Origin>();
  /** Of one model after another. */
  readonly #chains = new Map<string, Promise<unknown>>();
  readonly #bringing = new WeakMap<ModelVersion, Promise<void>>();
  readonly #retiring = new Set<Promise<void>>();
  #serving = false;
  /** Bytes of what is being opened. */
  #opening = 0;
  readonly #closing = new AbortController();
  readonly #polls = new Set<NodeJS.Timeout>();
  /** Told of versions that are gone for good. */
  onGone: (version: ModelVersion) => void = () => undefined;
  swaps = 0;
  evictions = 0;

  constructor(directory: ModelDirectory, options: RepositoryOptions = {}) {
    this.directory = directory;
    this.#options = options;
    this.#loader = options.loader ?? new Loader();
    this.#turns = new Turns(options.loadAtOnce ?? 1);
    const acts: FolderActs = {
      directory, serial: (name, work) => this.#serial(name, work), install: (entry, version, origin) => this.#install(entry, version, origin),
      describe: (entry, version, origin) => this.#describe(entry, version, origin), remove: (entry, version) => this.#remove(entry, version),
      versionIn: async (path) => (await this.#prepare({ argument: path }, false)).source.manifest.version,
    };
    this.#folder = options.folder === undefined ? undefined : new FolderSync(options.folder, options.lazy === true, acts);
    this.#follower = options.aliases === undefined ? undefined : new AliasFollower(options.aliases, acts, options.log);
    directory.bring = (entry, version) => this.#bring(entry, version);
    directory.onClose(() => this.close());
  }

  get takesUploads(): boolean {
    return this.#options.uploads === true;
  }

  /** From now on requests are served: loading happens in the loader's thread, and the folder is looked at again and again. */
  serving(): void {
    this.#serving = true;
    const { folder, pollMs, followMs, log } = this.#options;
    if (folder !== undefined && pollMs !== undefined) this.#repeat(pollMs, () => this.sync(true), (err) => log?.warn("the folder of models cannot be read", { err }));
    if (this.#follower !== undefined && followMs !== undefined) this.#repeat(followMs, () => this.follow(), (err) => log?.warn("the registry cannot be read; what is served is served on", { err }));
  }

  #repeat(ms: number, work: () => Promise<unknown>, failed: (error: unknown) => void): void {
    const next = (): void => {
      const timer = setTimeout(() => void work().catch(failed).finally(() => {
        this.#polls.delete(timer);
        if (!this.#closing.signal.aborted) next();
      }), ms);
      timer.unref();
      this.#polls.add(timer);
    };
    next();
  }

  /**
   * A model by path, under its own name and version or the given ones.
   * @returns notes of the compiler
   * @throws what openModel throws, model-exists, model-check-failed
   */
  async add(origin: Origin, given: { readonly name?: string | undefined; readonly version?: string | undefined } = {}): Promise<readonly string[]> {
    const prepared = await this.#prepare(origin);
    const name = given.name ?? prepared.source.manifest.name;
    const version = given.version ?? prepared.source.manifest.version;
    const entry = this.directory.entry(name);
    if (entry.versions.has(version)) throw serverError("model-exists", `two models are named ${name} in version ${version}`, { hint: "Give one another name: NAME=PATH." });
    await this.#install(entry, version, origin, prepared);
    return prepared.warnings;
  }

  /** Brings the served models in line with the folder, where there is one; see FolderSync. */
  async sync(patient = false, only?: string, again = false): Promise<{ readonly notes: readonly string[]; readonly failed: readonly string[] }> {
    return (await this.#folder?.sync(patient, only, again)) ?? { notes: [], failed: [] };
  }

  /** Serves what aliases name now, where they are followed. @returns what cannot be served, and why */
  async follow(now?: number): Promise<readonly string[]> {
    return (await this.#follower?.follow(now)) ?? [];
  }

  /** Loads a model of the folder by request, also one that was unloaded. @throws SlipwayError model-unknown, and the first version's reason where none can be served */
  async load(name: string, policy?: VersionPolicy): Promise<void> {
    this.#folder?.release(name, policy);
    await this.sync(false, name, true);
    const after = this.directory.entries.get(name);
    // What is not of the folder comes from where it came from.
    if (after !== undefined) {
      await this.#serial(name, async () => {
        for (const v of after.sorted) {
          const origin = this.#origins.get(v);
          if (v.servable === undefined && origin !== undefined && this.#folder?.has(name, v.version) !== true) await this.#install(after, v.version, origin).catch(() => undefined);
        }
      });
    }
    if (after === undefined || after.versions.size === 0) throw serverError("model-unknown", `failed to load ${JSON.stringify(name.slice(0, 150))}: it is not in the folder of models`, { hint: this.#options.folder === undefined ? "The server was started without a folder of models (--models DIR)." : "Put it there and load it again." });
    if (![...after.versions.values()].some((v) => v.servable !== undefined)) {
      const worst = after.sorted.findLast((v) => v.reason !== undefined);
      throw serverError("model-load-failed", `failed to load ${JSON.stringify(name)}: ${worst?.reason?.message ?? "no version could be loaded"}`, { hint: worst?.reason?.hint, data: { reason: worst?.reason } });
    }
  }

  /** Versions that came in a request, in the place of the folder's. @throws what loading throws, when none can be served */
  async loadFrom(name: string, versions: ReadonlyMap<string, Origin>): Promise<void> {
    await this.#serial(name, async () => {
      const entry = this.directory.entry(name);
      let failure: unknown;
      for (const [version, origin] of versions) await this.#install(entry, version, origin).catch((error: unknown) => (failure = error));
      if (![...versions].some(([v, origin]) => this.#origins.get(entry.versions.get(v)!) === origin && entry.versions.get(v)!.servable !== undefined)) {
        // Nothing of it is left, not even its name.
        for (const v of versions.keys()) if (entry.versions.get(v)?.servable === undefined) entry.versions.delete(v);
        if (entry.versions.size === 0) this.directory.entries.delete(name);
        throw failure;
      }
      for (const v of entry.sorted) if (!versions.has(v.version)) this.#remove(entry, v);
      this.#folder?.replaced(name, versions.keys());
    });
  }

  /** Reads every version again from where it came from, and swaps what is there. @throws the first failure */
  async reload(name: string): Promise<void> {
    const entry = this.directory.entryOf(name);
    await this.#serial(name, async () => {
      for (const v of entry.sorted) {
        const origin = this.#origins.get(v);
        if (origin !== undefined && v.state !== "unloaded") await this.#install(entry, v.version, origin);
      }
    });
  }

  /** Stays listed; a request for it is answered with model-unavailable. @throws SlipwayError model-unknown */
  async unload(name: string, version?: string): Promise<void> {
    const entry = this.directory.entryOf(name);
    if (version === undefined) this.#folder?.hold(name);
    const wanted = version === undefined ? undefined : entry.resolve(version);
    await this.#serial(name, () => {
      for (const v of entry.sorted) if (wanted === undefined || v === wanted) this.#putAway(v, false, { code: "model-unavailable", message: "unloaded by request" });
    });
  }

  /** Waits until what was replaced or unloaded is closed. */
  async settled(): Promise<void> {
    while (this.#retiring.size > 0) await Promise.all(this.#retiring);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const timer of this.#polls) clearTimeout(timer);
    if (this.#options.loader === undefined) await this.#loader.close();
    for (const entry of this.directory.entries.values()) for (const v of entry.versions.values()) this.#origins.get(v)?.discard?.();
    await this.settled();
  }

  /** Bytes of what is loaded, by estimate. */
  get loadedBytes(): number {
    return this.#evictable().reduce((n, v) => n + v.bytes, 0);
  }

  /** Loads aside, checks, warms, flips, and lets the old one go. */
  async #install(entry: ModelEntry, version: string, origin: Origin, given?: Prepared): Promise<void> {
    const fresh = new ModelVersion(entry.name, version);
    this.#origins.set(fresh, origin);
    const old = entry.versions.get(version);
    const keeps = old?.servable !== undefined;
    fresh.state = "loading";
    if (!keeps) entry.versions.set(version, fresh);
    try {
      await this.#open(entry, fresh, origin, given, old);
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      this.#options.log?.error("a model could not be loaded", { model: entry.name, version, code: error.code, ...(error.kind === "internal" ? { err: error.cause ?? error } : { reason: error.message, hint: error.hint }) });
      if (keeps) old.reason = { code: error.code, message: `its replacement failed: ${error.message}`, hint: error.hint };
      else fresh.failed(error);
      throw error;
    }
    entry.versions.set(version, fresh);
    if (old !== undefined && old !== fresh) {
      this.swaps++;
      const before = this.#origins.get(old);
      this.#retire(old, () => before !== origin && before?.discard?.());
    }
    this.#options.log?.info("model ready", { model: entry.name, version, digest: fresh.digest });
  }

  async #open(entry: ModelEntry, version: ModelVersion, origin: Origin, given?: Prepared, old?: ModelVersion): Promise<void> {
    await this.#turns.take(async () => {
      const prepared = given ?? (await this.#prepare(origin));
      const bytes = estimatedBytes(prepared.source.model.byteLength);
      this.#makeRoom(bytes, version, old);
      this.#opening += bytes;
      const source = { ...prepared.source, manifest: { ...prepared.source.manifest, name: entry.name, version: version.version } };
      try {
        const { log } = this.#options;
        const model = await loadModelPackage(source, { ...this.#placed(prepared), ...(log === undefined || source.python === undefined ? {} : { printed: (line) => log.info(line.slice(0, 2000), { model: entry.name, version: version.version }) }) });
        try {
          await runChecks(model, prepared.checks, 32, prepared.openMs === undefined ? Infinity : 64);
        } catch (error) {
          await model.close();
          throw error;
        }
        version.ready(this.#dress(model, entry, prepared), bytes);
      } finally {
        this.#opening -= bytes;
      }
    });
  }

  /** Around a model, what was set for it. */
  #dress(model: Servable, entry: ModelEntry, prepared: Prepared): Servable {
    const { cache } = entry.settings;
    if (cache === undefined) return model;
    if (prepared.random !== false) {
      this.#options.log?.warn("answers are not kept: the model draws random numbers", { model: model.name, version: model.version });
      return model;
    }
    return new CachedModel(model, cache);
  }

  /** While requests are served, nothing large is opened on their thread. */
  #placed(prepared: Prepared): LoadOptions {
    const engine = this.#options.engine ?? {};
    if (!this.#serving || (engine.placement ?? "auto") !== "auto") return engine;
    const { openMs = 0, callMs = 0, source } = prepared;
    if (callMs >= 1) return { ...engine, placement: "thread" };
    if (openMs > INLINE_OPEN_MS || source.model.byteLength > MAX_TRIAL_BYTES) return { ...engine, placement: "thread", instances: engine.instances ?? 1 };
    return { ...engine, placement: "inline", engine: prepared.engine === "onnxruntime" ? "onnxruntime" : engine.engine };
  }

  #prepare(origin: Origin, trial = this.#serving): Promise<Prepared> {
    // Settings of a model are by name, and a package tells its name only when it is open: whether it is random is found
    // out where any answer is kept.
    const request = { argument: origin.argument, options: { ...origin.options, trusted: this.#options.trusted }, trial, random: this.directory.keepsAnswers, engine: this.#options.engine?.engine };
    return this.#serving ? this.#loader.prepare(request) : prepare(request);
  }

  /** Only looks at it: what it is like, for when it is asked. */
  async #describe(entry: ModelEntry, version: string, origin: Origin): Promise<void> {
    const known = new ModelVersion(entry.name, version);
    this.#origins.set(known, origin);
    entry.versions.set(version, known);
    try {
      const prepared = await this.#turns.take(() => this.#prepare(origin, false));
      known.described = new DescribedModel({ name: entry.name, version, digest: prepared.source.digest, signature: prepared.source.signature });
      known.onDemand = true;
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      known.failed(error);
      throw error;
    }
  }

  /** Requests that come at the same time wait for the same loading. */
  #bring(entry: ModelEntry, version: ModelVersion): Promise<void> {
    let bringing = this.#bringing.get(version);
    if (bringing === undefined) {
      bringing = this.#serial(entry.name, async () => {
        if (version.servable !== undefined || !version.onDemand) return;
        const origin = this.#origins.get(version);
        if (origin === undefined) return;
        version.state = "loading";
        try {
          await this.#open(entry, version, origin);
        } catch (thrown) {
          const error = toSlipwayError(thrown);
          // There may be room later; a file that cannot be read stays so until it changes.
          if (error.code === "memory-budget") version.state = "unloaded";
          else version.failed(error);
          throw error;
        }
      }).finally(() => this.#bringing.delete(version));
      this.#bringing.set(version, bringing);
    }
    return bringing;
  }

  #evictable(): ModelVersion[] {
    return [...this.directory.entries.values()].flatMap((e) => [...e.versions.values()]).filter((v) => v.servable !== undefined && this.#origins.has(v));
  }

  /** @throws SlipwayError memory-budget */
  #makeRoom(bytes: number, fresh: ModelVersion, old?: ModelVersion): void {
    const { memoryBudget } = this.#options;
    if (memoryBudget === undefined) return;
    const loaded = this.#evictable().filter((v) => v !== fresh && v !== old);
    const idle = loaded.filter((v) => v.leases === 0 && this.directory.entries.get(v.name)?.mayGo(v) === true);
    for (const v of makeRoom(memoryBudget, fresh, bytes, loaded, this.#opening, idle)) {
      this.evictions++;
      this.#options.log?.info("model put away for the memory budget", { model: v.name, version: v.version });
      this.#putAway(v, true);
    }
  }

  #putAway(version: ModelVersion, onDemand: boolean, reason?: ModelVersion["reason"]): void {
    const { servable } = version;
    version.onDemand = onDemand;
    version.state = "unloaded";
    version.reason = reason;
    if (servable === undefined) return;
    version.described = new DescribedModel(servable);
    version.servable = undefined;
    version.bytes = 0;
    this.#close(version, servable);
  }
  #remove(entry: ModelEntry, version: ModelVersion): void {
    entry.versions.delete(version.version);
    this.#retire(version, () => {
      this.#origins.get(version)?.discard?.();
      if (this.directory.entries.get(version.name)?.versions.has(version.version) !== true) this.onGone(version);
    });
    this.#options.log?.info("model gone", { model: entry.name, version: version.version });
  }
  #retire(version: ModelVersion, then: () => unknown): void {
    const { servable } = version;
    if (servable === undefined) then();
    else this.#close(version, servable, then);
  }
  #close(version: ModelVersion, servable: Servable, then: () => unknown = () => undefined): void {
    const closing: Promise<void> = version.drained(this.#options.drainMs ?? DRAIN_MS, this.#closing.signal).then(() => servable.close()).then(() => void then(), (err: unknown) => this.#options.log?.warn("a model could not be closed", { err })).finally(() => this.#retiring.delete(closing));
    this.#retiring.add(closing);
  }

  #serial<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const before = this.#chains.get(name) ?? Promise.resolve();
    const done = before.then(work, work);
    const tail = done.then(() => undefined, () => undefined);
    this.#chains.set(name, tail);
    void tail.then(() => this.#chains.get(name) === tail && this.#chains.delete(name));
    return done;
  }
}
