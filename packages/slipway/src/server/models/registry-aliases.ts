// A registry's aliases and packages, for AliasFollower. Whether anything happened is one look at the end of the audit log
// and one at what is served aside, so that looking every second costs nothing.

import { rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latestAudit } from "../../audit/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { AliasSource, Wanted } from "./alias-follower.ts";
import type { Origin } from "./repository.ts";

const PAGE = 200;

/** @param aside by model, versions to serve that no alias names; asked at every look */
export function registryAliases(registry: Registry, aside: () => Promise<ReadonlyMap<string, ReadonlySet<string>>> = () => Promise.resolve(new Map())): AliasSource & { close(): Promise<void> } {
  let seen = "";
  let folder: Promise<string> | undefined;
  return {
    async look() {
      const further = await aside();
      const last = (await latestAudit(registry.database, 1))[0]?.seq ?? 0;
      const now = `${last} ${[...further].map(([name, versions]) => `${name}:${[...versions].join(",")}`).join(" ")}`;
      if (now === seen) return undefined;
      const found = new Map<string, Wanted>();
      for (let after: string | undefined; ;) {
        const models = await registry.models({ limit: PAGE, after });
        for (const { name, aliases } of models) found.set(name, { aliases: new Map(Object.entries(aliases).map(([alias, version]) => [alias, String(version)])), aside: further.get(name) ?? new Set() });
        if (models.length < PAGE) break;
        after = models.at(-1)!.name;
      }
      seen = now;
      return found;
    },
    async fetch(model, version): Promise<Origin> {
      const bytes = await registry.pull(`${model}:${version}`);
      folder ??= mkdtemp(join(tmpdir(), "slipway-served-"));
      const path = join(await folder, `${model}-${version}-${Date.now()}.slip`);
      await writeFile(path, bytes, { mode: 0o600 });
      return { argument: path, discard: () => rmSync(path, { force: true }) };
    },
    async close() {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    },
  };
}
