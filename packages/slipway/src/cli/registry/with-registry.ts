// The registry of this folder or of the environment, opened for one command, and who runs it.

import { userInfo } from "node:os";
import { openRegistry, type Registry } from "../../registry/index.ts";
import type { Actor } from "../../audit/index.ts";
import { usageError } from "../command.ts";

/** The user of this machine: whoever can write the store can do all that the registry can. */
export function localActor(): Actor {
  let name = "local";
  try {
    name = userInfo().username || name;
  } catch {
    // A user without an entry, as in many containers.
  }
  return { name, roles: ["admin"], groups: [], how: "local" };
}

/** @param create whether an empty registry is made where there is none */
export async function withRegistry<T>(create: boolean, work: (registry: Registry, actor: Actor) => Promise<T>): Promise<T> {
  const registry = await openRegistry({ create });
  try {
    return await work(registry, localActor());
  } finally {
    await registry.close();
  }
}

/** MODEL:VERSION, or another reference, as one version. @throws registry-not-found */
export async function oneVersion(registry: Registry, reference: string): Promise<{ readonly model: string; readonly version: number }> {
  const { model, version } = await registry.version(reference);
  return { model, version };
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** "30d" in milliseconds. @throws bad-argument */
export function span(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const found = /^(\d{1,6})([smhdw])$/.exec(text);
  if (found === null) throw usageError("bad-argument", `--${option} is ${JSON.stringify(text)}`, { hint: "Give a time such as 12h, 30d or 8w." });
  return Number(found[1]) * UNITS[found[2]!]!;
}

/** "2026-01-31 12:00", in UTC. */
export function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

export function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}
