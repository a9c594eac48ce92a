// Serves what aliases name elsewhere, in a registry: each version that an alias names is loaded, checked and warmed; only
// then does the alias move here, and what no alias names any more goes when the last request that holds it is answered. A
// version that cannot be loaded leaves its alias where it was, and is tried again later.

import { toSlipwayError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import type { FolderActs } from "./folder-sync.ts";
import type { Origin } from "./repository.ts";

/** What is to be served of a model. */
export interface Wanted {
  /** Alias -> version. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Versions that no alias names: what a rollout tries, and what it can go back to. */
  readonly aside: ReadonlySet<string>;
}
export interface AliasSource {
  /** By model; undefined: nothing changed since the last look. */
  look(): Promise<ReadonlyMap<string, Wanted> | undefined>;
  /** A file with the version's package. */
  fetch(model: string, version: string): Promise<Origin>;
}

type FollowerActs = Pick<FolderActs, "directory" | "serial" | "install" | "remove">;

const RETRY_MS = 15_000;

export class AliasFollower {
  readonly #source: AliasSource;
  readonly #acts: FollowerActs;
  readonly #log: Logger | undefined;
  /** Versions of each model that are ours, not of a folder or an argument. */
  readonly #ours = new Map<string, Set<string>>();
  #wanted: ReadonlyMap<string, Wanted> = new Map();
  /** Models to look at again, and when. */
  readonly #again = new Map<string, number>();

  constructor(source: AliasSource, acts: FollowerActs, log?: Logger) {
    this.#source = source;
    this.#acts = acts;
    this.#log = log;
  }

  /** Brings the served models in line. @returns what cannot be served, and why */
  async follow(now: number = Date.now()): Promise<readonly string[]> {
    const looked = await this.#source.look();
    const before = this.#wanted;
    if (looked !== undefined) this.#wanted = looked;
    const changed = looked === undefined ? [] : [...new Set([...looked.keys(), ...before.keys()])].filter((name) => !same(looked.get(name), before.get(name)));
    const due = [...this.#again].filter(([, at]) => at <= now).map(([name]) => name);
    const failed: string[] = [];
    for (const name of new Set([...changed, ...due])) {
      this.#again.delete(name);
      const problems = await this.#acts.serial(name, () => this.#align(name, this.#wanted.get(name) ?? NOTHING));
      if (problems.length > 0) this.#again.set(name, now + RETRY_MS);
      failed.push(...problems);
    }
    return failed;
  }

  async #align(name: string, { aliases, aside }: Wanted): Promise<string[]> {
    const { directory } = this.#acts;
    if (aliases.size === 0 && aside.size === 0 && !directory.entries.has(name)) return [];
    const entry = directory.entry(name);
    const ours = this.#ours.get(name) ?? new Set<string>();
    this.#ours.set(name, ours);
    const failed: string[] = [];
    // Before it is loaded: a version that is only tried must not answer the moment it is there.
    entry.aside = new Set([...aside].filter((version) => ![...aliases.values()].includes(version)));
    for (const version of new Set([...aliases.values(), ...aside])) {
      if (entry.versions.get(version)?.servable !== undefined) continue;
      ours.add(version);
      try {
        await this.#acts.install(entry, version, await this.#source.fetch(name, version));
      } catch (thrown) {
        const error = toSlipwayError(thrown);
        this.#log?.error("a version that is to be served cannot be", { model: name, version, code: error.code, reason: error.message });
        failed.push(`${name}:${version}: ${error.message}`);
      }
    }
    for (const [alias, version] of aliases) if (entry.versions.get(version)?.servable !== undefined) entry.aliases.set(alias, version);
    for (const alias of entry.aliases.keys()) if (!aliases.has(alias) && entry.settings.aliases?.[alias] === undefined) entry.aliases.delete(alias);
    const named = new Set([...aliases.values(), ...entry.aliases.values(), ...aside]);
    for (const version of ours) {
      if (named.has(version)) continue;
      const gone = entry.versions.get(version);
      if (gone !== undefined) this.#acts.remove(entry, gone);
      ours.delete(version);
    }
    if (entry.versions.size === 0) directory.entries.delete(name);
    return failed;
  }
}

const NOTHING: Wanted = { aliases: new Map(), aside: new Set() };

function same(a: Wanted | undefined, b: Wanted | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.aliases.size === b.aliases.size && [...a.aliases].every(([alias, version]) => b.aliases.get(alias) === version)
    && a.aside.size === b.aside.size && [...a.aside].every((version) => b.aside.has(version));
}
