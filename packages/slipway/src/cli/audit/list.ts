// slipway audit list

import { listAudit, listForeign, type AuditEntry } from "../../audit/index.ts";
import { defineCommand, usageError, type Command } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { withRegistry } from "../registry/with-registry.ts";
import { serviceOf, sourceOptions } from "./source.ts";

const MAX_SEQ = 2_147_483_647;

export const list: Command = defineCommand({
  name: "audit list",
  summary: "entries of the log, in order",
  usage: "[--model NAME] [--actor NAME] [--after N] [--limit N] [--imported]",
  arguments: [],
  options: {
    ...sourceOptions,
    model: { type: "string", value: "NAME", help: "only what concerns this model" },
    actor: { type: "string", value: "NAME", help: "only what this person did" },
    after: { type: "string", value: "N", help: "entries after this number" },
    limit: { type: "string", value: "N", help: "how many (100 by default, 1000 at most)" },
    imported: { type: "boolean", help: "what logs of other registries told of what was imported from them, the newest first; version numbers are those there" },
  },
  examples: ["slipway audit list --model churn", "slipway audit list --actor anna --json"],
  async run(call) {
    const query = { model: call.text("model"), actor: call.text("actor"), after: call.count("after", [0, MAX_SEQ]), limit: call.count("limit", [1, 1000]) };
    const service = serviceOf(call);
    const imported = call.flag("imported");
    if (imported && query.after !== undefined) throw usageError("bad-argument", "--after goes with this registry's own log, whose entries are numbered without a gap", { hint: "Leave --after or --imported out." });
    const entries = service !== undefined ? await ofService(service, query, imported)
      : await withRegistry(false, async ({ database }) => (imported ? (await listForeign(database, query)).map(({ entry, ...come }) => ({ ...entry, ...come })) : listAudit(database, query)));
    if (call.flag("json")) printJson({ entries });
    else if (entries.length === 0) printNote("there is no such entry");
    else printResult(entries.map((e) => `${String(e.seq).padStart(5)}  ${e.time.slice(0, 19).replace("T", " ")}  ${e.actor.padEnd(12)}  ${e.action.padEnd(18)}  ${e.model === null ? "" : `${e.model}${e.version === null ? "" : `:${e.version}`}`}${note(e)}`).join("\n"));
    return 0;
  },
});

async function ofService(ask: (path: string) => Promise<Response>, query: Readonly<Record<string, string | number | undefined>>, imported: boolean): Promise<readonly AuditEntry[]> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined).map(([name, value]): [string, string] => [name, String(value)]);
  return ((await (await ask(`/audit${imported ? "/imported" : ""}?${new URLSearchParams(given).toString()}`)).json()) as { entries: readonly AuditEntry[] }).entries;
}

/** What a person wants to see at once. */
function note({ detail }: AuditEntry): string {
  const { alias, kind, reason, comment, as } = detail;
  return [alias, kind, as, reason, comment].filter((t) => typeof t === "string").map((t) => `  ${t as string}`).join("");
}
