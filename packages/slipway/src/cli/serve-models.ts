// What is served, by arguments and settings: models, those of a folder, pipelines.

import { SlipwayError } from "@slipway/core/base";
import type { ServeSettings } from "../config/index.ts";
import type { LoadOptions, PythonOptions } from "../runtime/index.ts";
import { loadPatterns, Logger, ModelDirectory, Pipeline, Repository, type LogOptions } from "../server/index.ts";
import { usageError } from "./command.ts";
import { IMAGE_ROOT } from "./hosting.ts";
import { printNote } from "./output.ts";
import { trustedSigners } from "./trusted-option.ts";

export interface ServedModelsOptions {
  readonly log: LogOptions;
  readonly entry?: string | undefined;
  readonly preprocess?: readonly string[];
}

/** @param given PKG|FILE, or NAME=PKG|FILE @throws what opening a model throws, bad-argument */
export async function openServedModels(settings: ServeSettings, given: readonly string[], { log, entry, preprocess = [] }: ServedModelsOptions): Promise<Repository> {
  const { placement, instances, threads, provider } = settings;
  const engine: LoadOptions = { engine: settings.engine, placement, instances, threads, providers: provider === undefined ? undefined : [...new Set([...provider, "cpu"])] };
  const python = settings.engine === "python" ? pythonOptions(settings.python) : undefined;
  const { repository: folder, poll: pollMs, lazy, memoryBudget, loadAtOnce, uploads, models: perModel = {} } = settings;
  const models = new Repository(new ModelDirectory([], perModel), { folder, pollMs, lazy, memoryBudget, loadAtOnce, uploads, engine, trusted: await trustedSigners(settings.signatures?.require, settings.signatures?.roots), log: new Logger(log) });
  const paths = Object.entries(perModel).flatMap(([name, { path }]) => (path === undefined ? [] : [`${name}=${path}`]));
  for (const argument of [...given, ...paths]) {
    const named = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/.exec(argument);
    const version = settings.python?.modelVersion;
    const options = { preprocess, ...(python === undefined ? {} : { python, ...(version === undefined ? {} : { version }) }), ...(entry === undefined ? {} : { entry }), ...(named ? { name: named[1]! } : {}) };
    for (const warning of await models.add({ argument: await fixed(named?.[2] ?? argument), options }, { name: named?.[1] })) printNote(`note: ${warning}`);
  }
  for (const note of (await syncFolder(models, folder)).notes) printNote(`note: ${note}`);
  if (Object.values(settings.pipelines ?? {}).some(({ steps }) => steps.some((s) => s.pattern !== undefined))) await loadPatterns();
  for (const [name, pipeline] of Object.entries(settings.pipelines ?? {})) {
    if (models.directory.entries.has(name)) throw usageError("bad-argument", `a model and a pipeline are named ${name}`, { hint: "Give one another name." });
    models.directory.add(new Pipeline(name, pipeline, models.directory));
  }
  return models;
}

function pythonOptions({ trust = [], interpreter, environment, check, timeout, memory, network }: Partial<NonNullable<ServeSettings["python"]>> = {}): PythonOptions {
  return { trust, interpreter, environment, check, timeoutMs: timeout, memory, network, inPlace: process.env[IMAGE_ROOT] !== undefined };
}

/** What a tag names when the server starts is served until it ends, also where a model is put away and loaded again. */
async function fixed(argument: string): Promise<string> {
  if (!/^oci(?:-layout)?:/.test(argument)) return argument;
  const { findLayoutReference, formatLayoutReference, isLayoutReference, pinLayoutReference, pinReference } = await import("../oci/index.ts");
  return isLayoutReference(argument) ? formatLayoutReference(await pinLayoutReference((await findLayoutReference(argument))!)) : pinReference(argument);
}

async function syncFolder(models: Repository, folder: string | undefined): Promise<{ readonly notes: readonly string[] }> {
  try {
    return await models.sync();
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    throw usageError("bad-argument", `the folder of models ${JSON.stringify(folder)} cannot be read (${(cause as NodeJS.ErrnoException).code ?? "unknown"})`, { cause });
  }
}
