// Language models among what is served: GGUF files, each with a process of its own, behind OpenAI's interface.

import { resolve } from "node:path";
import { nameFromFile } from "@slipway/core/package";
import type { ServeSettings } from "../config/index.ts";
import { loadPatterns, type ModelDirectory, type StartOptions } from "../server/index.ts";
import type { LanguageModel } from "../language/index.ts";
import { usageError } from "./command.ts";

export interface ServedLanguage {
  /** Arguments that are something else. */
  readonly rest: readonly string[];
  readonly names: readonly string[];
  readonly protocols: NonNullable<StartOptions["protocols"]>;
  readonly families: NonNullable<StartOptions["families"]>;
  readonly close: () => Promise<void>;
}

const NONE: Omit<ServedLanguage, "rest"> = { names: [], protocols: [], families: [], close: () => Promise.resolve() };

/** @throws SlipwayError llama-missing, language-load-failed, gguf-malformed, bad-argument */
export async function openLanguageModels({ language, threads, processes }: ServeSettings, given: readonly string[]): Promise<ServedLanguage> {
  const parts = given.map((argument) => ({ argument, named: /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/.exec(argument) }));
  // By content, but only where a file is: the rest is nobody's business here.
  const { isGguf } = await import("../language/gguf.ts");
  const found: { readonly name: string; readonly path: string }[] = [];
  const rest: string[] = [];
  for (const { argument, named } of parts) {
    const path = named?.[2] ?? argument;
    if (await isGguf(path)) found.push({ name: named?.[1] ?? nameFromFile(path).replace(/\.gguf$/, ""), path: resolve(path) });
    else rest.push(argument);
  }
  if (found.length === 0) return { ...NONE, rest };
  if (processes !== 1) throw usageError("bad-argument", "language models are served by one process, and --processes asks for several", { hint: "Leave --processes out: each model has a process of its own, and --slots says how many conversations it has at a time." });
  const { Guards, LanguageModel: Model, languageFamilies, lookThrough, openAiProtocol } = await import("../language/index.ts");
  const models = new Map<string, LanguageModel>();
  const close = async (): Promise<void> => void (await Promise.all([...models.values()].map((m) => m.close())));
  try {
    for (const { name, path } of found) {
      if (models.has(name)) throw usageError("bad-argument", `two language models are named ${name}`, { hint: "Give one another name: NAME=PATH." });
      await lookThrough(path);
      models.set(name, await Model.open(name, path, { context: language?.context, slots: language?.slots, gpu: language?.gpu, library: language?.library, threads }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  if (language?.guards?.some((g) => g.pattern !== undefined) === true) await loadPatterns();
  return { rest, names: [...models.keys()], protocols: [openAiProtocol(models, new Guards(language?.guards ?? []))], families: [languageFamilies([...models.values()])], close };
}

/** Models of texts that give embeddings are asked as OpenAI's are, too. */
export async function embeddingProtocols(directory: ModelDirectory, { names }: ServedLanguage): Promise<NonNullable<StartOptions["protocols"]>> {
  if (names.length > 0 || !directory.all.some((m) => m.signature.outputs.some((o) => o.name === "embedding"))) return [];
  return [(await import("../language/index.ts")).openAiProtocol(new Map())];
}
