// slipway.json: a package's name, version, source and lineage; validation of what is written and what is read.

import { packageError } from "./errors.ts";
import { asText, JsonObject, type Fail } from "./json.ts";
import type { PackageManifest } from "./types.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** semver.org's own pattern, in pieces. */
const IDENTIFIER = String.raw`(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)`;
const VERSION = new RegExp(
  String.raw`^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-${IDENTIFIER}(?:\.${IDENTIFIER})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$`,
);
export const DIGEST: RegExp = /^sha256:[0-9a-f]{64}$/;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

const fail: Fail = (message, where) => packageError("package-manifest", message, { where: `slipway.json: ${where}` });

export function checkName(name: string): void {
  if (!NAME.test(name)) {
    throw packageError("package-name", `${JSON.stringify(name.slice(0, 150))} cannot be a package's name`, {
      hint: `Use letters, digits, '.', '_' and '-', for example ${JSON.stringify(nameFromFile(name))}.` });
  }
}
export function checkVersion(version: string): void {
  if (version.length > 128 || !VERSION.test(version)) {
    throw packageError("package-version", `${JSON.stringify(version.slice(0, 150))} is not a semantic version`, {
      hint: "Use MAJOR.MINOR.PATCH, for example 1.0.0 or 1.1.0-rc.1." });
  }
}

/** A valid package name from a file's name: "Churn model (v2).pkl" gives "churn-model-v2". */
export function nameFromFile(file: string): string {
  const base = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1).slice(0, 256);
  const stem = base.replace(/(?:\.(?:pkl|pickle|joblib|sav|gz|bz2|xz|lzma|z|lz4|onnx|keras|h5|hdf5|tflite|pt2|pth?|cbm|ubj|json|pmml|slip|zip|tar))+$/i, "");
  const slug = stem.normalize("NFKD").toLowerCase().replace(/[^a-z0-9._]+/g, "-").slice(0, 128);
  return slug.replace(/^[^a-z0-9]+/, "").replace(/[^a-z0-9]+$/, "") || "model";
}

/** The JSON form, with keys in a fixed order; refuses what `parseManifest` would refuse. */
export function manifestToJson(manifest: PackageManifest): object {
  checkName(manifest.name);
  checkVersion(manifest.version);
  const { name, version, created, description, authors, licenses, source, tool, lineage } = manifest;
  const producer = Object.fromEntries(Object.entries(source.producer).sort(([a], [b]) => (a < b ? -1 : 1)));
  const json = {
    name,
    version,
    ...(created === undefined ? {} : { created }),
    ...(description === undefined ? {} : { description }),
    ...(authors === undefined ? {} : { authors }),
    ...(licenses === undefined ? {} : { licenses }),
    source: {
      file: source.file, sha256: source.sha256, bytes: source.bytes, format: source.format, producer, rootClass: source.rootClass,
    },
    tool: { name: tool.name, version: tool.version },
    lineage,
    ...(manifest.origin === undefined ? {} : { origin: Object.fromEntries(Object.entries(manifest.origin).sort(([a], [b]) => (a < b ? -1 : 1))) }),
    ...(manifest.kernel === undefined ? {} : { kernel: manifest.kernel }),
  };
  parseManifest(json);
  return json;
}

export function parseManifest(json: unknown): PackageManifest {
  const top = new JsonObject(json, "", fail);
  const name = top.string("name");
  const version = top.string("version");
  checkName(name);
  checkVersion(version);
  const texts = (key: string): string[] => top.array(key, 1000, (value, where) => asText(value, where, fail));
  const created = top.optionalString("created");
  if (created !== undefined && (!DATE.test(created) || Number.isNaN(Date.parse(created)))) throw fail("expected a date and time such as 2026-01-31T12:00:00Z", "created");
  const description = top.optionalString("description");
  const source = top.object("source");
  const sha256 = source.string("sha256");
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw fail("expected 64 hex digits", "source.sha256");
  const tool = top.object("tool");
  return {
    name,
    version,
    ...(created === undefined ? {} : { created }),
    ...(description === undefined ? {} : { description }),
    ...(top.has("authors") ? { authors: texts("authors") } : {}),
    ...(top.has("licenses") ? { licenses: texts("licenses") } : {}),
    source: {
      file: source.string("file"),
      sha256,
      bytes: source.count("bytes"),
      format: source.string("format"),
      producer: source.texts("producer"),
      rootClass: source.string("rootClass"),
    },
    tool: { name: tool.string("name"), version: tool.string("version") },
    lineage: top.array("lineage", 1000, (value, where) => {
      const digest = asText(value, where, fail);
      if (!DIGEST.test(digest)) throw fail("expected sha256: and 64 hex digits", where);
      return digest;
    }),
    ...(top.has("origin") ? { origin: top.texts("origin") } : {}),
    ...(top.has("kernel") ? { kernel: top.count("kernel") } : {}),
  };
}
