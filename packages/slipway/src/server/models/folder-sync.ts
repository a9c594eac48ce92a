// Brings the served models in line with a folder: which versions it has, which of them are wanted, what changed since.

import type { ModelDirectory } from "./directory.ts";
import { scanFolder, type FoundModel } from "./folder.ts";
import type { ModelEntry } from "./model-entry.ts";
import type { ModelVersion } from "./model-version.ts";
import type { Origin } from "./repository.ts";
import { chooseVersions, type VersionPolicy } from "./version-policy.ts";

/** What a look at the folder may do; see Repository. */
export interface FolderActs {
  readonly directory: ModelDirectory;
  /** Acts on one model come one after another. */
  serial<T>(name: string, work: () => T | Promise<T>): Promise<T>;
  install(entry: ModelEntry, version: string, origin: Origin): Promise<void>;
  /** For models that are loaded when they are asked. */
  describe(entry: ModelEntry, version: string, origin: Origin): Promise<void>;
  remove(entry: ModelEntry, version: ModelVersion): void;
  /** What a package says of itself. */
  versionIn(path: string): Promise<string>;
}

export class FolderSync {
  readonly #folder: string;
  readonly #lazy: boolean;
  readonly #acts: FolderActs;
  /** By path: fingerprints at the last look. */
  #seen = new Map<string, string>();
  /** The versions of each model that are wanted, with the file and fingerprint of each. */
  readonly #wanted = new Map<string, Map<string, string>>();
  /** Versions of packages whose file name does not tell, by path and fingerprint. */
  readonly #identified = new Map<string, string>();
  /** Unloaded by request, or replaced by what came in one: left alone until loaded by request. */
  readonly #held = new Set<string>();
  readonly #policies = new Map<string, VersionPolicy>();

  constructor(folder: string, lazy: boolean, acts: FolderActs) {
    this.#folder = folder;
    this.#lazy = lazy;
    this.#acts = acts;
  }

  hold(name: string): void {
    this.#held.add(name);
  }
  release(name: string, policy?: VersionPolicy): void {
    this.#held.delete(name);
    if (policy !== undefined) this.#policies.set(name, policy);
  }
  has(name: string, version: string): boolean {
    return this.#wanted.get(name)?.has(version) === true;
  }
  /** Versions that came in a request: for a later look they are versions that the folder no longer has. */
  replaced(name: string, versions: Iterable<string>): void {
    this.hold(name);
    this.#wanted.set(name, new Map([...versions].map((v) => [v, ""])));
  }

  /**
   * Brings the served models in line with the folder. `patient`: a file that is still being written waits for the next
   * look. `again`: what is not loaded is tried again though its file is the same.
   */
  async sync(patient = false, only?: string, again = false): Promise<{ readonly notes: readonly string[]; readonly failed: readonly string[] }> {
    const scan = await scanFolder(this.#folder);
    const settled = (f: FoundModel): boolean => !patient || this.#seen.get(f.path) === f.fingerprint;
    const found = scan.found.filter((f) => only === undefined || f.name === only);
    const ready = found.filter((f) => settled(f) || this.#known(f));
    this.#seen = new Map(scan.found.map((f) => [f.path, f.fingerprint]));
    const byName = new Map<string, Map<string, FoundModel>>();
    const failed: string[] = [];
    for (const f of ready) {
      const version = f.version ?? (await this.#identify(f));
      let versions = byName.get(f.name);
      if (versions === undefined) byName.set(f.name, (versions = new Map()));
      versions.set(version, f);
    }
    const gone = only === undefined ? [...this.#wanted.keys()].filter((name) => !byName.has(name) && !found.some((f) => f.name === name)) : [];
    for (const name of gone) byName.set(name, new Map());
    for (const [name, versions] of byName) {
      if (this.#held.has(name)) continue;
      failed.push(...(await this.#acts.serial(name, () => this.#align(name, versions, again))));
    }
    return { notes: scan.notes, failed };
  }

  #known(f: FoundModel): boolean {
    return [...(this.#wanted.get(f.name)?.values() ?? [])].includes(key(f));
  }

  /** One model as the folder has it. @returns what failed */
  async #align(name: string, found: ReadonlyMap<string, FoundModel>, again: boolean): Promise<string[]> {
    const entry = this.#acts.directory.entry(name);
    const known = this.#wanted.get(name) ?? new Map<string, string>();
    const wanted = chooseVersions(found.keys(), this.#policies.get(name) ?? entry.settings.versions, entry.named);
    const next = new Map(wanted.map((v) => [v, key(found.get(v)!)]));
    this.#wanted.set(name, next);
    const failed: string[] = [];
    for (const v of wanted) {
      const there = entry.versions.get(v);
      const same = known.get(v) === next.get(v) && there !== undefined;
      if (same && (there.servable !== undefined || (!again && (there.onDemand || there.state === "unavailable")))) continue;
      const f = found.get(v)!;
      const origin: Origin = { argument: f.path, fingerprint: f.fingerprint };
      try {
        if (this.#lazy && !again && there?.servable === undefined) await this.#acts.describe(entry, v, origin);
        else await this.#acts.install(entry, v, origin);
      } catch (error) {
        failed.push(`${name} ${v}: ${(error as Error).message}`);
      }
    }
    // What the folder no longer has goes only when its successor answers.
    if (wanted.length === 0 || wanted.some((v) => entry.versions.get(v)?.servable !== undefined || entry.versions.get(v)?.onDemand === true)) {
      for (const v of [...known.keys()].filter((k) => !next.has(k))) {
        const old = entry.versions.get(v);
        if (old !== undefined) this.#acts.remove(entry, old);
      }
    } else for (const [v, k] of known) if (!next.has(v)) next.set(v, k);
    if (entry.versions.size === 0) {
      this.#acts.directory.entries.delete(name);
      this.#wanted.delete(name);
    }
    return failed;
  }

  async #identify(f: FoundModel): Promise<string> {
    const isPackage = /\.slip$/i.test(f.path) || !/\.[a-z0-9]+$/i.test(f.path);
    if (!isPackage) return "0.0.0";
    const known = this.#identified.get(key(f));
    if (known !== undefined) return known;
    let version = "0.0.0";
    try {
      version = await this.#acts.versionIn(f.path);
    } catch {
      // Its loading fails for the same reason, and tells it.
    }
    this.#identified.set(key(f), version);
    return version;
  }
}

function key(f: FoundModel): string {
  return `${f.path}\0${f.fingerprint}`;
}
