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

/** Those that were made when there was no keeping yet, or whose version had been removed and is back. @returns how many */
export async function keepLost(registry: Registry): Promise<number> {
  const { database } = registry;
  const of = "from decisions d join requests r on r.id = d.request join versions v on v.model = r.model and v.version = r.version and v.state = 'available'";
  const [{ n: made }] = (await database.query<{ n: number }>(`select count(*) as n ${of}`)) as [{ n: number }];
  const [{ n: kept }] = (await database.query<{ n: number }>("select (select count(*) from attachments a join versions v on v.model = a.model and v.version = a.version and v.state = 'available' where a.kind = 'approval') + (select count(*) from outbox) as n")) as [{ n: number }];
  if (Number(made) <= Number(kept)) return 0;
  return database.transaction(async (tx) => {
    const attached = new Set((await tx.query<{ digest: string }>("select digest from attachments where kind = 'approval'")).map((a) => a.digest));
    const waiting = new Set((await tx.query<{ id: string }>("select id from outbox")).map((w) => w.id));
    const rows = await tx.query<Told>(`select d.id, d.request, r.model, r.version, r.alias, d.decision, d.person, d.group_name as "as", d.envelope ${of} order by d.id`);
    const lost = rows.filter((row) => !waiting.has(row.id) && !attached.has(`sha256:${createHash("sha256").update(row.envelope).digest("hex")}`));
    for (const row of lost) await registry.keepWaiting(waitingOf(row, { name: "slipway", how: "local" }), tx);
    return lost.length;
  });
}
