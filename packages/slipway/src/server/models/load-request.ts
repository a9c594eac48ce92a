// A load request's parameters, after Triton's model repository extension
// (https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md):
// `config`, a model configuration as JSON text, of which the version policy is ours to follow; and `file:VERSION/NAME`,
// base64 of a file that takes the place of the folder's.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJson } from "../../runtime/index.ts";
import { serverError } from "../errors.ts";
import type { Origin } from "./repository.ts";
import type { VersionPolicy } from "./version-policy.ts";

export interface LoadRequest {
  readonly policy?: VersionPolicy;
  /** By version, then by file name. */
  readonly files: ReadonlyMap<string, ReadonlyMap<string, Uint8Array>>;
}

const MAX_FILES = 100;
const FILE = /^file:(v?\d[0-9A-Za-z.+-]{0,100})\/([A-Za-z0-9][\w.-]{0,200})$/;
/** Of Triton's configuration; they describe what the model itself tells. */
const TOLD_BY_MODEL = new Set(["name", "platform", "backend", "runtime", "max_batch_size", "input", "output", "default_model_filename", "instance_group", "parameters", "model_warmup"]);

/** @throws SlipwayError load-invalid */
export function readLoadRequest(text: string): LoadRequest {
  const body = text.trim() === "" ? {} : parseJson(text);
  const parameters = object(body, "the request")["parameters"] ?? {};
  const files = new Map<string, Map<string, Uint8Array>>();
  let policy: VersionPolicy | undefined;
  let count = 0;
  for (const [key, value] of Object.entries(object(parameters, "parameters"))) {
    if (key === "config") {
      if (typeof value !== "string") throw invalid("the parameter config", "a model configuration as JSON text", value);
      policy = readConfig(value);
    } else if (key.startsWith("file:")) {
      const [, version, name] = FILE.exec(key) ?? [];
      if (version === undefined || name === undefined) throw invalid(`the parameter ${JSON.stringify(key.slice(0, 100))}`, "file:VERSION/NAME, as file:1/model.onnx", key);
      if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw invalid(`the parameter ${key}`, "base64", value);
      if (++count > MAX_FILES) throw invalid("the request", `at most ${MAX_FILES} files`, "more");
      let ofVersion = files.get(version);
      if (ofVersion === undefined) files.set(version, (ofVersion = new Map()));
      ofVersion.set(name, Buffer.from(value, "base64"));
    } else throw invalid(`the parameter ${JSON.stringify(key.slice(0, 100))}`, "config or file:VERSION/NAME", key);
  }
  return { files, ...(policy === undefined ? {} : { policy }) };
}

function readConfig(text: string): VersionPolicy | undefined {
  const config = object(parseJson(text), "config");
  let policy: VersionPolicy | undefined;
  for (const [key, value] of Object.entries(config)) {
    if (key === "version_policy" || key === "versionPolicy") policy = readPolicy(object(value, key));
    else if (!TOLD_BY_MODEL.has(key)) throw invalid(`${JSON.stringify(key.slice(0, 100))} in config`, "version_policy, or what the model tells itself (name, platform, backend, input, output ...)", key);
  }
  return policy;
}

function readPolicy(policy: Readonly<Record<string, unknown>>): VersionPolicy {
  const [[kind, value] = [], ...more] = Object.entries(policy);
  if (more.length === 0 && kind === "all") return { all: true };
  if (more.length === 0 && kind === "latest") {
    const { num_versions: snake, numVersions: camel } = object(value, "latest");
    const n = Number(snake ?? camel ?? 1);
    if (Number.isInteger(n) && n >= 1 && n <= 1000) return { latest: n };
    throw invalid("num_versions", "a whole number from 1 to 1000", snake ?? camel);
  }
  if (more.length === 0 && kind === "specific") {
    const { versions } = object(value, "specific");
    if (Array.isArray(versions) && versions.length <= 1000) return { specific: versions.map(String) };
    throw invalid("versions", "a list of versions", versions);
  }
  throw invalid("version_policy", "one of latest, all, specific", kind);
}

/** Writes the files of each version to a folder of its own outside the models' folder. */
export function keepFiles({ files }: LoadRequest): Map<string, Origin> {
  const origins = new Map<string, Origin>();
  for (const [version, named] of files) {
    const folder = mkdtempSync(join(tmpdir(), "slipway-model-"));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, bytes] of named) writeFileSync(join(folder, name), bytes, { mode: 0o600 });
    const names = [...named.keys()];
    const main = names.length === 1 ? names[0]! : (names.find((n) => n.startsWith("model.")) ?? names[0]!);
    origins.set(version, { argument: join(folder, main), discard: () => rmSync(folder, { recursive: true, force: true }) });
  }
  return origins;
}

function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw invalid(what, "an object", value);
}
function invalid(what: string, expected: string, found: unknown): Error {
  return serverError("load-invalid", `${what}: expected ${expected}, found ${(JSON.stringify(found) ?? "nothing").slice(0, 100)}`);
}
