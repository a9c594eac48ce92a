// MLflow's file store: a folder `mlruns` with YAML in it.

import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SAFE, type Store, type StoredVersion } from "./store-kind.ts";
import { yaml } from "./yaml.ts";

const MAX_META = 1 << 20;

/** `mlruns`: a folder an experiment, below it one a run; `models` has the registered ones, each with a folder a version. */
export class FileStore implements Store {
  readonly #root: string;
  constructor(root: string) {
    this.#root = root;
  }
  version(name: string, version: string): StoredVersion | undefined {
    const meta = this.#meta("models", name, `version-${version}`);
    const location = meta?.["storage_location"] ?? meta?.["source"];
    return typeof location === "string" && location !== "" ? { version, location, runId: text(meta?.["run_id"]) } : undefined;
  }
  alias(name: string, alias: string): string | undefined {
    if (!SAFE.test(alias)) return undefined;
    const file = join(this.#root, "models", name, "aliases", alias);
    return lstatSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, "utf8").trim().slice(0, 20) : undefined;
  }
  stage(name: string, stage: string): string | undefined {
    const found = this.versions(name).filter((v) => String(this.#meta("models", name, `version-${v}`)?.["current_stage"] ?? "").toLowerCase() === stage.toLowerCase());
    return found.sort((a, b) => Number(b) - Number(a))[0];
  }
  versions(name: string): readonly string[] {
    return folders(join(this.#root, "models", name)).filter((f) => /^version-\d+$/.test(f)).map((f) => f.slice("version-".length));
  }
  names(): readonly string[] {
    return folders(join(this.#root, "models"));
  }
  run(id: string): string | undefined {
    for (const experiment of this.#experiments()) {
      const meta = this.#meta(experiment, id);
      if (typeof meta?.["artifact_uri"] === "string") return meta["artifact_uri"];
    }
    return undefined;
  }
  logged(id: string): string | undefined {
    return this.#logged().find((m) => m.id === id)?.location;
  }
  loggedBy(run: string, name: string): string | undefined {
    return this.#logged().find((m) => m.run === run && m.name === name)?.location;
  }
  close(): void {
    // Nothing is held open.
  }
  #experiments(): string[] {
    return folders(this.#root).filter((f) => f !== "models" && f !== ".trash");
  }
  #logged(): { id: string; location: string; run: string | undefined; name: string | undefined }[] {
    return this.#experiments().flatMap((experiment) => folders(join(this.#root, experiment, "models")).flatMap((id) => {
      const meta = this.#meta(experiment, "models", id);
      const location = meta?.["artifact_location"];
      return typeof location === "string" ? [{ id: id, location, run: text(meta?.["source_run_id"]), name: text(meta?.["name"]) }] : [];
    }));
  }
  #meta(...steps: string[]): Record<string, unknown> | undefined {
    const file = join(this.#root, ...steps, "meta.yaml");
    const info = lstatSync(file, { throwIfNoEntry: false });
    if (info?.isFile() !== true || info.size > MAX_META || steps.some((s) => !SAFE.test(s))) return undefined;
    try {
      const parsed: unknown = yaml().parse(readFileSync(file, "utf8"), { maxAliasCount: 0, logLevel: "silent" });
      return typeof parsed === "object" && parsed !== null ? parsed as Record<string, unknown> : undefined;
    } catch {
      return undefined;
    }
  }
}

function folders(path: string): string[] {
  return existsSync(path) ? readdirSync(path, { withFileTypes: true }).filter((e) => e.isDirectory()).map((e) => e.name) : [];
}
function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
