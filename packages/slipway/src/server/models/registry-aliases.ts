// A registry's aliases and packages, for AliasFollower. Whether anything happened is one look at the end of the audit log,
// so that looking every second costs nothing.

import { rmSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latestAudit } from "../../audit/index.ts";
import type { Registry } from "../../registry/index.ts";
import type { AliasSource } from "./alias-follower.ts";
import type { Origin } from "./repository.ts";

const PAGE = 200;

export function registryAliases(registry: Registry): AliasSource & { close(): Promise<void> } {
  let seen = -1;
  let folder: Promise<string> | undefined;
  return {
    async look() {
      const last = (await latestAudit(registry.database, 1))[0]?.seq ?? 0;
      if (last === seen) return undefined;
      const found = new Map<string, ReadonlyMap<string, string>>();
      for (let after: string | undefined; ;) {
        const models = await registry.models({ limit: PAGE, after });
        for (const { name, aliases } of models) found.set(name, new Map(Object.entries(aliases).map(([alias, version]) => [alias, String(version)])));
        if (models.length < PAGE) break;
        after = models.at(-1)!.name;
      }
      seen = last;
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
