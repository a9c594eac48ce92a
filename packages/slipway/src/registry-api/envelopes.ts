// Envelopes of decisions where other tools find them: attached to the version in the OCI store. They are kept to be attached
// in the transaction of the decision, which stands whether the store is there or away.

import { createHash } from "node:crypto";
import type { MadeDecision } from "../approvals/index.ts";
import type { Database } from "../database/index.ts";
import type { NewWaiting, Registry } from "../registry/index.ts";

/** Of a DSSE envelope in JSON. */
const ENVELOPE_MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json";

/** For `onDecision` of the approvals' options. */
export function keepEnvelope(registry: Registry): (made: MadeDecision, tx: Database) => Promise<void> {
  return ({ id, request, decision, as, envelope, actor }, tx) => registry.keepWaiting(waitingOf({ id, request: request.id, model: request.model, version: request.version, alias: request.alias, decision, person: actor.name, as, envelope }, actor), tx);
}

interface Told {
  readonly id: string;
  readonly request: string;
  readonly model: string;
  readonly version: number;
  readonly alias: string;
  readonly decision: string;
  readonly person: string;
  readonly as: string | null;
  readonly envelope: string;
}

function waitingOf({ id, model, version, envelope, ...told }: Told, actor: NewWaiting["actor"]): NewWaiting {
  return { id, model, version, kind: "approval", mediaType: ENVELOPE_MEDIA_TYPE, title: `${told.decision}-${id}.json`, body: envelope, actor, summary: { request: told.request, decision: told.decision, person: told.person, as: told.as, alias: told.alias } };
}

const AT_ONCE = 500;

/**
 * Those that were made when there was no keeping yet, or whose version had been removed and is back. Each decision is looked
 * up by its own envelope: attachments that belong to none (of another log) may be as many. @returns how many
 */
export async function keepLost(registry: Registry): Promise<number> {
  return registry.database.transaction(async (tx) => {
    const attached = new Set((await tx.query<{ digest: string; model: string; version: number }>("select digest, model, version from attachments where kind = 'approval'")).map((a) => placeOf(a, a.digest)));
    let lost = 0;
    for (let after = "", more = true; more;) {
      const rows = await tx.query<Told>(`select d.id, d.request, r.model, r.version, r.alias, d.decision, d.person, d.group_name as "as", d.envelope
        from decisions d join requests r on r.id = d.request join versions v on v.model = r.model and v.version = r.version and v.state = 'available'
        where d.id > $1 and not exists (select 1 from outbox o where o.id = d.id) order by d.id limit ${AT_ONCE}`, [after]);
      for (const row of rows) {
        if (attached.has(placeOf(row, `sha256:${createHash("sha256").update(row.envelope).digest("hex")}`))) continue;
        await registry.keepWaiting(waitingOf(row, { name: "slipway", how: "local" }), tx);
        lost++;
      }
      after = rows.at(-1)?.id ?? after;
      more = rows.length === AT_ONCE;
    }
    return lost;
  });
}
function placeOf({ model, version }: { readonly model: string; readonly version: number }, digest: string): string {
  return `${model}\0${version}\0${digest}`;
}
