// The registry of this folder or of the environment, opened for one command.

import { openRegistry, type Registry } from "../../registry/index.ts";
import { resolveConfig, SERVE_SETTINGS } from "../../config/index.ts";
import { openRegistryService, type RegistryService } from "../../registry-api/index.ts";
import { usageError } from "../command.ts";
import { trustedSigners } from "../trusted-option.ts";

/** With the policies of the configuration, which no move of an alias passes by. @param create whether an empty registry is made where there is none */
export async function openService(create: boolean): Promise<RegistryService> {
  const { settings } = await resolveConfig(SERVE_SETTINGS, { file: process.env["SLIPWAY_CONFIG"], folder: process.cwd() });
  const { approvals, webhooks, gate, rollout, retrain, signatures } = settings;
  const opened = await openRegistry({ create });
  try {
    return await openRegistryService({
      database: opened.database, blobs: opened.blobs, folder: ".slipway", background: false, settings: { approvals, webhooks, gate, rollout, retrain },
      trusted: await trustedSigners(signatures?.require, signatures?.roots),
    });
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** For looking at it; acts go through `withActing`. @param create whether an empty registry is made where there is none */
export async function withRegistry<T>(create: boolean, work: (registry: Registry) => Promise<T>): Promise<T> {
  const service = await openService(create);
  try {
    return await work(service.registry);
  } finally {
    await service.close();
    await service.registry.close();
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
