// MLflow's local stores, read without MLflow: `models:/name/3`, `models:/name@alias`, `models:/name/Production`,
// `models:/m-...` and `runs:/ID/path` in a folder `mlruns` (file store) or in SQLite (`mlflow.db`). Files of `mlflow server`
// (`mlflow-artifacts:/...`) are looked for where it keeps them, `mlartifacts`.

import { existsSync, lstatSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { mlflowError } from "./errors.ts";
import { FileStore } from "./file-store.ts";
import { isMlflowFolder } from "./folder.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { SAFE, type Store } from "./store-kind.ts";

export interface StoredModel {
  readonly folder: string;
  readonly name?: string;
  readonly version?: string;
  readonly origin: Readonly<Record<string, string>>;
}
export interface StoreEnvironment {
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

const URI = /^(models|runs|mlflow-artifacts):/;

export function isMlflowUri(text: string): boolean {
  return URI.test(text);
}

/** @throws mlflow-not-found, mlflow-remote */
export function findStored(uri: string, { cwd, variables }: StoreEnvironment): StoredModel {
  const tracking = place(variables["MLFLOW_TRACKING_URI"], cwd, "MLFLOW_TRACKING_URI");
  const registry = place(variables["MLFLOW_REGISTRY_URI"], cwd, "MLFLOW_REGISTRY_URI") ?? tracking;
  const open = (at: string | undefined): Store => {
    const path = at ?? [join(cwd, "mlruns"), join(cwd, "mlflow.db")].filter((p) => existsSync(p)).sort((a) => (a.endsWith(".db") ? -1 : existsSync(join(a, "models")) ? -1 : 1))[0];
    if (path === undefined || !existsSync(path)) throw mlflowError("mlflow-not-found", `there is no MLflow store ${path === undefined ? "here (mlruns or mlflow.db)" : `at ${path}`}`, { hint: "Run it in the folder that holds mlruns or mlflow.db, or set MLFLOW_TRACKING_URI to file:/path/mlruns or sqlite:////path/mlflow.db." });
    return statSync(path).isDirectory() ? new FileStore(path) : new SqliteStore(path);
  };
  const stores: Store[] = [];
  const of = (at: string | undefined): Store => {
    const store = open(at);
    stores.push(store);
    return store;
  };
  const roots = [cwd, tracking, registry, variables["MLFLOW_ARTIFACTS_DESTINATION"], variables["MLFLOW_ARTIFACT_ROOT"]].flatMap((root) => {
    if (root === undefined) return [];
    const path = place(root, cwd, "") ?? root;
    return [existsSync(path) && statSync(path).isFile() ? dirname(path) : path];
  });
  const located = (address: string, store: () => Store): string => folderOf(address, roots, store, cwd);
  try {
    const rest = uri.replace(/^[a-z-]+:\/*/, "");
    if (uri.startsWith("mlflow-artifacts:")) return { folder: located(uri, () => of(tracking)), origin: {} };
    if (uri.startsWith("runs:")) {
      const [run = "", ...path] = rest.split("/");
      const store = of(tracking);
      const artifacts = SAFE.test(run) ? store.run(run) : undefined;
      if (artifacts === undefined) throw mlflowError("mlflow-not-found", `the store has no run ${JSON.stringify(run.slice(0, 100))}`);
      const logged = store.loggedBy(run, path.join("/"));
      return { folder: logged !== undefined ? located(logged, () => store) : located(`${artifacts}/${path.join("/")}`, () => store), origin: { "run id": run } };
    }
    if (/^m-[0-9a-f]+$/.test(rest)) {
      const store = of(tracking);
      const location = store.logged(rest);
      if (location === undefined) throw mlflowError("mlflow-not-found", `the store has no logged model ${rest.slice(0, 100)}`);
      return { folder: located(location, () => store), origin: { "model id": rest } };
    }
    const store = of(registry);
    const [, name = "", alias, which] = /^([^/@]+)(?:@([^/]+)|\/([^/]+))?$/.exec(rest) ?? [];
    const known = SAFE.test(name) ? store.versions(name) : [];
    if (known.length === 0) throw mlflowError("mlflow-not-found", `the store has no registered model ${JSON.stringify(name.slice(0, 100))}`, { hint: `It has ${store.names().slice(0, 20).join(", ") || "none"}.` });
    const newest = known.toSorted((a, b) => Number(b) - Number(a))[0]!;
    const number = alias !== undefined ? store.alias(name, alias) : which === undefined || which === "latest" ? newest : /^\d+$/.test(which) ? which : store.stage(name, which);
    const found = number === undefined ? undefined : store.version(name, number);
    if (found === undefined) throw mlflowError("mlflow-not-found", `the model ${JSON.stringify(name.slice(0, 100))} has no ${alias !== undefined ? `alias ${JSON.stringify(alias.slice(0, 100))}` : `version or stage ${JSON.stringify((which ?? "").slice(0, 100))}`}`, { hint: `Its versions: ${known.slice(0, 20).join(", ")}.` });
    return { folder: located(found.location, () => of(tracking)), name, version: found.version, origin: { "registered model": name, "registered version": found.version, ...(alias === undefined ? {} : { alias }), ...(found.runId === undefined ? {} : { "run id": found.runId }) } };
  } finally {
    for (const store of stores) store.close();
  }
}

/** A path of a store's address; undefined where none is given. */
function place(address: string | undefined, cwd: string, variable: string): string | undefined {
  if (address === undefined || address === "") return undefined;
  const sqlite = /^sqlite:\/\/\/(.*)$/.exec(address);
  if (sqlite) return resolve(cwd, sqlite[1]!);
  if (address.startsWith("file://")) return fileURLToPath(address);
  if (address.startsWith("file:")) return resolve(cwd, address.slice("file:".length));
  if (/^[a-z][a-z0-9+.-]+:/i.test(address)) throw mlflowError("mlflow-remote", `${variable === "" ? "the address" : variable} names a store that is not on this disk (${address.split(":")[0]})`, { hint: "Download the model's folder first: mlflow artifacts download --artifact-uri models:/NAME/VERSION -d FOLDER. Then pass FOLDER." });
  return resolve(cwd, address);
}

/** A folder on this disk that holds the model; a store that moved is followed by the end of its paths. */
function folderOf(address: string, roots: readonly string[], store: () => Store, cwd: string, depth = 0): string {
  if (/^models:\/+m-[0-9a-f]+$/.test(address) && depth === 0) {
    const location = store().logged(address.replace(/^models:\/+/, ""));
    if (location !== undefined) return folderOf(location, roots, store, cwd, 1);
  }
  if (address.startsWith("runs:") && depth === 0) {
    const [run = "", ...path] = address.replace(/^runs:\/+/, "").split("/");
    const artifacts = SAFE.test(run) ? store().run(run) : undefined;
    if (artifacts !== undefined) return folderOf(`${artifacts}/${path.join("/")}`, roots, store, cwd, 1);
  }
  const served = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.*)$/.exec(address);
  if (served === null && /^[a-z][a-z0-9+.-]+:/i.test(address) && !address.startsWith("file:")) {
    throw mlflowError("mlflow-remote", `the model's files lie at ${address.slice(0, 200)}, which is not on this disk`, { hint: "Download them first, and pass the folder." });
  }
  const given = served !== null ? served[1]! : address.startsWith("file:") ? place(address, cwd, "")! : resolve(cwd, address);
  const steps = given.split(/[/\\]/).filter((s) => s !== "" && s !== ".");
  if (!steps.includes("..")) {
    for (const root of roots.map((r) => resolve(r))) {
      const whole = served === null && resolve(given).startsWith(root + sep) ? [resolve(given)] : [];
      const ends = steps.map((_, i) => steps.slice(i)).flatMap((end) => [join(root, ...end), join(root, "mlartifacts", ...end)]);
      // At least the model's own folder below its run or experiment, so that no other model of the same name is taken.
      for (const folder of [...whole, ...ends.slice(0, Math.max(2, (steps.length - 2) * 2))]) if (isMlflowFolder(folder) && !linked(root, folder)) return folder;
    }
  }
  throw mlflowError("mlflow-not-found", `the model's files should be at ${address.slice(0, 300)}, and are not there or not below the store`, { hint: "Pass the folder that holds MLmodel, or set MLFLOW_ARTIFACTS_DESTINATION to the folder where mlflow server keeps artifacts." });
}

function linked(root: string, folder: string): boolean {
  let at = root;
  for (const step of folder.slice(root.length).split(sep).filter((s) => s !== "")) {
    at = join(at, step);
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() !== false) return true;
  }
  return false;
}
