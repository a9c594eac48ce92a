// What both kinds of MLflow's stores answer, files and SQLite.

/** A name or id that is one step of a path. */
export const SAFE: RegExp = /^(?!\.\.?$)[^/\\\0]{1,500}$/;

/** A version of a registered model, as a store has it. */
export interface StoredVersion {
  readonly version: string;
  /** Where its files were put, an address. */
  readonly location: string;
  readonly runId?: string | undefined;
}
/** What both kinds of store answer; undefined: there is none. */
export interface Store {
  version(name: string, version: string): StoredVersion | undefined;
  alias(name: string, alias: string): string | undefined;
  stage(name: string, stage: string): string | undefined;
  versions(name: string): readonly string[];
  names(): readonly string[];
  /** The address of a run's files. */
  run(id: string): string | undefined;
  /** The address of a logged model (MLflow 3), by its id, or by its run and name. */
  logged(id: string): string | undefined;
  loggedBy(run: string, name: string): string | undefined;
  close(): void;
}
