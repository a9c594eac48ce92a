// MLflow's SQLite store (`mlflow.db`), opened for reading only. Tables of MLflow 1.x to 3.x; what an older one lacks is absent.

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { mlflowError } from "./errors.ts";
import type { Store, StoredVersion } from "./store-kind.ts";

export class SqliteStore implements Store {
  readonly #database: DatabaseSync;

  /** @throws mlflow-not-found where the file is no store of MLflow's */
  constructor(path: string) {
    try {
      // Loaded when it is needed: few models come from such a store.
      const { DatabaseSync: Opened } = process.getBuiltinModule("node:sqlite");
      this.#database = new Opened(path, { readOnly: true });
      this.#database.prepare("select name from registered_models limit 1").all();
    } catch (error) {
      throw mlflowError("mlflow-not-found", `${path} is no store of MLflow's: ${error instanceof Error ? error.message.slice(0, 200) : "unreadable"}`);
    }
  }
  version(name: string, version: string): StoredVersion | undefined {
    const row = this.#row("select * from model_versions where name = ? and version = ? and current_stage <> 'Deleted_Internal'", name, Number(version));
    const location = row?.["storage_location"] ?? row?.["source"];
    const run = row?.["run_id"];
    return typeof location === "string" && location !== "" ? { version, location, ...(typeof run === "string" && run !== "" ? { runId: run } : {}) } : undefined;
  }
  alias(name: string, alias: string): string | undefined {
    return text(this.#row("select version from registered_model_aliases where name = ? and alias = ?", name, alias)?.["version"]);
  }
  stage(name: string, stage: string): string | undefined {
    return text(this.#row("select version from model_versions where name = ? and lower(current_stage) = lower(?) order by version desc limit 1", name, stage)?.["version"]);
  }
  versions(name: string): readonly string[] {
    return this.#rows("select version from model_versions where name = ? and current_stage <> 'Deleted_Internal'", name).map((r) => String(r["version"]));
  }
  names(): readonly string[] {
    return this.#rows("select name from registered_models order by name limit 100").map((r) => String(r["name"]));
  }
  run(id: string): string | undefined {
    return text(this.#row("select artifact_uri from runs where run_uuid = ?", id)?.["artifact_uri"]);
  }
  logged(id: string): string | undefined {
    return text(this.#row("select artifact_location from logged_models where model_id = ?", id)?.["artifact_location"]);
  }
  loggedBy(run: string, name: string): string | undefined {
    return text(this.#row("select artifact_location from logged_models where source_run_id = ? and name = ?", run, name)?.["artifact_location"]);
  }
  close(): void {
    this.#database.close();
  }

  #row(sql: string, ...parameters: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#rows(sql, ...parameters)[0];
  }
  #rows(sql: string, ...parameters: SQLInputValue[]): Record<string, unknown>[] {
    try {
      return this.#database.prepare(sql).all(...parameters);
    } catch {
      // The table came with a later MLflow.
      return [];
    }
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}
