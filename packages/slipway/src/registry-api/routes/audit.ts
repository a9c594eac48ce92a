// The audit log: reading, exporting, verifying.

import { exportAudit, listAudit, listForeign, verifyAudit } from "../../audit/index.ts";
import { jsonAnswer, mayAsk, type Route } from "../../server/index.ts";
import type { AuditEntry, ForeignAuditEntry } from "../answers.ts";
import { apiError } from "../errors.ts";
import { countOf, everyModel, textOf } from "../request.ts";
import type { RegistryServices } from "../services.ts";
import { COUNT, listOf, OBJECT, orNull, route, TEXT } from "./route.ts";

export function auditRoutes({ registry: { database } }: RegistryServices): Route[] {
  return [
    route("GET", "/audit", "observe", { summary: "Who did what, in order. `after`: entries after this number; `order=newest`: the newest first, with `before` for entries below a number", query: { after: COUNT, before: COUNT, order: { enum: ["oldest", "newest"] }, limit: COUNT, model: TEXT, actor: TEXT }, answer: { entries: listOf(OBJECT), next: orNull(COUNT) } }, async (call) => {
      const limit = Math.min(countOf(call, "limit", 1) ?? 100, 1000);
      const order = textOf(call, "order") ?? "oldest";
      if (order !== "oldest" && order !== "newest") throw apiError("body-invalid", `order is ${JSON.stringify(order.slice(0, 100))}`, { where: "?order", hint: "oldest or newest." });
      const entries = await listAudit(database, { after: countOf(call, "after"), before: countOf(call, "before"), newest: order === "newest", limit, model: textOf(call, "model"), actor: textOf(call, "actor") });
      // Of a key for some models only, what concerns no model is kept away too.
      const shown = call.principal?.models === undefined ? entries : entries.filter((e) => e.model !== null && mayAsk(call, e.model));
      return jsonAnswer({ entries: shown, next: entries.length === limit ? entries.at(-1)!.seq : null } satisfies { entries: readonly AuditEntry[]; next: number | null });
    }),
    route("GET", "/audit/imported", "observe", { summary: "What the logs of other registries told of what was imported from them, the newest first; each with who brought it. Version numbers are those of the other registry", query: { limit: COUNT, model: TEXT, actor: TEXT }, answer: { entries: listOf(OBJECT) } }, async (call) => {
      const entries = await listForeign(database, { limit: Math.min(countOf(call, "limit", 1) ?? 100, 1000), model: textOf(call, "model"), actor: textOf(call, "actor") });
      const shown = call.principal?.models === undefined ? entries : entries.filter(({ entry }) => entry.model !== null && mayAsk(call, entry.model));
      return jsonAnswer({ entries: shown.map(({ entry, ...come }) => ({ ...entry, ...come })) } satisfies { entries: readonly ForeignAuditEntry[] });
    }),
    route("GET", "/audit/export", "observe", { summary: "The whole log as JSON lines, which `slipway audit verify` checks", query: { after: COUNT }, answer: "application/jsonlines" }, (call) => {
      everyModel(call);
      return { headers: { "content-type": "application/jsonlines; charset=utf-8", "content-disposition": 'attachment; filename="audit.jsonl"' }, body: exportAudit(database, countOf(call, "after")) };
    }),
    route("GET", "/audit/verify", "observe", { summary: "Whether every entry is as it was written. `head`: a hash that must be in it", query: { head: TEXT }, answer: { entries: COUNT, head: TEXT } }, async (call) => jsonAnswer(await verifyAudit(database, { head: textOf(call, "head") }))),
  ];
}
