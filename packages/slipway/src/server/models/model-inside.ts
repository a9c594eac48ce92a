// The one model in a folder that a platform filled: what is packed comes before what is not.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { serverError } from "../errors.ts";

/** MLflow and Azure keep the model's file one or two folders below. */
const MAX_DEPTH = 2;
/** What tells that a folder is one model: an image layout, a SavedModel, a model of MLflow's. */
const OWN_FOLDER: ReadonlySet<string> = new Set(["oci-layout", "saved_model.pb", "MLmodel"]);

/** `path` where it is a file or a model's own folder. @throws SlipwayError load-invalid */
export function modelInside(path: string, depth = 0): string {
  if (!existsSync(path)) throw serverError("load-invalid", `there is no model at ${JSON.stringify(path.slice(0, 200))}`, { hint: "The platform names the folder that should hold it." });
  if (!statSync(path).isDirectory()) return path;
  const inside = readdirSync(path, { withFileTypes: true }).filter((e) => !e.name.startsWith("."));
  if (inside.some((e) => OWN_FOLDER.has(e.name))) return path;
  const files = inside.filter((e) => e.isFile());
  const packed = files.filter((e) => e.name.endsWith(".slip"));
  const [only, second] = packed.length > 0 ? packed : files;
  if (only !== undefined && second === undefined) return join(path, only.name);
  const folders = inside.filter((e) => e.isDirectory());
  if (only === undefined && folders.length === 1 && depth < MAX_DEPTH) return modelInside(join(path, folders[0]!.name), depth + 1);
  throw serverError("load-invalid", `${JSON.stringify(path.slice(0, 200))} holds ${files.length === 0 ? "no model" : `${files.length} files`}, and one of them must be the model`, { hint: "Put one packed model (.slip) there." });
}
