// A folder that MLflow saved a model in: the model's own file, and what MLmodel tells of it.

import { lstatSync, readFileSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { SAVED_MODEL } from "../read-sibling.ts";
import { parseJson } from "../json/parse-json.ts";
import { mlflowError } from "./errors.ts";
import { flavorOf } from "./flavors.ts";
import { readMlmodel, type MlflowColumn } from "./mlmodel.ts";

export const MLMODEL = "MLmodel";
const MAX_MLMODEL = 16 << 20;
const MAX_EXAMPLE = 16 << 20;

export interface MlflowModel {
  /** The model's own file, or a SavedModel's folder. */
  readonly path: string;
  readonly flavor: string;
  /** Kept in the manifest: {"mlflow run id": ...}. */
  readonly origin: Readonly<Record<string, string>>;
  readonly inputs?: readonly MlflowColumn[];
  /** A row of the input example. */
  readonly example?: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
}

export function isMlflowFolder(path: string): boolean {
  return lstatSync(join(path, MLMODEL), { throwIfNoEntry: false })?.isFile() === true;
}

/** @param origin what the store knows of it @throws mlflow-folder, mlflow-flavor */
export function readMlflowFolder(folder: string, origin: Readonly<Record<string, string>> = {}): MlflowModel {
  const where = join(folder, MLMODEL);
  if (statSync(where).size > MAX_MLMODEL) throw mlflowError("mlflow-folder", `${MLMODEL} is larger than ${MAX_MLMODEL} bytes`, { where });
  const described = readMlmodel(readFileSync(where, "utf8"), where);
  const { flavor, settings } = flavorOf(described, where);
  const candidates = flavor.files(settings);
  const path = candidates.map((file) => inside(folder, file)).find((found) => found !== undefined);
  if (path === undefined) throw mlflowError("mlflow-folder", `the model's file (${candidates.map((c) => JSON.stringify(c.slice(0, 100))).join(" or ")}) is not in the folder`, { where, hint: "Download the whole folder again, with every file below it." });
  const version = settings.get(flavor.version);
  const code = settings.get("code") ?? described.flavors.get("python_function")?.get("code");
  const example = described.example === undefined ? undefined : readExample(inside(folder, described.example));
  return {
    path, flavor: flavor.name,
    origin: Object.fromEntries(Object.entries({ flavor: flavor.name, ...described.facts, ...(typeof version === "string" ? { library: `${flavor.library} ${version.slice(0, 100)}` } : {}), ...origin }).map(([key, value]) => [`mlflow ${key}`, value])),
    ...(described.inputs === undefined ? {} : { inputs: described.inputs }),
    ...(example === undefined ? {} : { example }),
    notes: typeof code === "string" ? [`the folder brings Python code of its own (${code.slice(0, 100)}), which is never run`] : [],
  };
}

/** A plain file in the folder, or a folder that is a SavedModel; never through a link. */
function inside(folder: string, relative: string): string | undefined {
  const root = resolve(folder);
  const full = resolve(root, relative);
  if (!full.startsWith(root + sep)) return undefined;
  let at = root;
  for (const step of full.slice(root.length).split(sep).filter((s) => s !== "")) {
    at = join(at, step);
    const info = lstatSync(at, { throwIfNoEntry: false });
    if (info === undefined || info.isSymbolicLink()) return undefined;
  }
  const info = lstatSync(full);
  return info.isFile() || (info.isDirectory() && lstatSync(join(full, SAVED_MODEL), { throwIfNoEntry: false })?.isFile() === true) ? full : undefined;
}

/** The first row of a frame's example as MLflow writes it ("split", since 3 also for serving); undefined for anything else. */
function readExample(path: string | undefined): Record<string, unknown> | undefined {
  if (path === undefined || statSync(path).size > MAX_EXAMPLE) return undefined;
  let json: unknown;
  try {
    json = parseJson(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  const split = (json as { dataframe_split?: unknown } | null)?.dataframe_split ?? json;
  const { columns, data } = (typeof split === "object" && split !== null ? split : {}) as { columns?: unknown; data?: unknown };
  const row: unknown = Array.isArray(data) ? data[0] : undefined;
  if (!Array.isArray(columns) || !Array.isArray(row) || row.length !== columns.length) return undefined;
  return Object.fromEntries(columns.map((name, i) => [String(name), row[i] as unknown]));
}
