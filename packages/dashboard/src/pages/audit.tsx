// The audit log: who did what and when; filtered, verified, exported.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { ApiError, asApiError, get } from "../api/client.ts";
import { api, page, withQuery } from "../api/paths.ts";
import type { AuditRow } from "../api/types.ts";
import { fullTime, plural } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { go, type Place } from "../lib/router.ts";
import { Act, Empty, Failure, Field, Loading, PageHead } from "../parts/basics.tsx";
import { Icon } from "../parts/icons.tsx";

const PAGE_SIZE = 50;
interface Proof {
  readonly entries: number;
  readonly head: string;
}

export function AuditPage({ place }: { readonly place: Place }): VNode {
  const filter = { model: place.query.get("model") ?? "", actor: place.query.get("actor") ?? "", before: place.query.get("before") ?? "" };
  const [model, setModel] = useState(filter.model);
  const [actor, setActor] = useState(filter.actor);
  const imported = place.query.get("imported") === "1";
  const log = useLoad<{ readonly entries: readonly AuditRow[]; readonly next?: string | number | null }>(imported ? withQuery(`${api.audit}/imported`, { model: filter.model, actor: filter.actor, limit: 1000 }) : withQuery(api.audit, { ...filter, order: "newest", limit: PAGE_SIZE }));
  const [proof, setProof] = useState<Proof | ApiError | undefined>(undefined);
  const rows = log.data?.entries;
  const filtered = filter.model !== "" || filter.actor !== "";
  return <div class="page">
    <PageHead title="Audit" documentTitle="Audit" actions={<>
      <Act work={async () => setProof(await get<Proof>(`${api.audit}/verify`))} onError={(e) => setProof(asApiError(e))}><Icon name="check" size={16} />Verify</Act>
      <a class="button" href={`${api.audit}/export`} download="slipway-audit.jsonl"><Icon name="download" />Export</a>
    </>}><p class="soft">{imported ? "What the logs of other registries told of what was imported from them, the newest first. Versions have the numbers that they had there." : "Everything that was done, the newest first. Each entry holds the hash of the one before, so that nothing can be changed or taken out unseen."}</p></PageHead>
    <nav class="tabs" aria-label="Which log"><ul><li><a href={withQuery(page.audit, { model: filter.model, actor: filter.actor })} aria-current={imported ? undefined : "page"}>Here</a></li><li><a href={withQuery(page.audit, { imported: "1", model: filter.model, actor: filter.actor })} aria-current={imported ? "page" : undefined}>In other registries</a></li></ul></nav>
    <div role="status">{proof !== undefined && (proof instanceof ApiError ? <Failure error={proof} /> : <div class="note good"><strong>The log is whole: {plural(proof.entries, "entry", "entries")}.</strong><p class="small">Keep the last hash elsewhere to show later that nothing was cut off: <code>{proof.head}</code></p></div>)}</div>
    <form class="filters" role="search" aria-label="Filter the log" onSubmit={(e) => {
      e.preventDefault();
      go(withQuery(page.audit, { imported: imported ? "1" : "", model: model.trim(), actor: actor.trim() }));
    }}>
      <Field id="audit-model" label="Model"><input id="audit-model" value={model} onInput={(e) => setModel(e.currentTarget.value)} /></Field>
      <Field id="audit-actor" label="Person"><input id="audit-actor" value={actor} onInput={(e) => setActor(e.currentTarget.value)} /></Field>
      <div class="buttons"><button type="submit">Filter</button>{filtered && <a class="button quiet" href={withQuery(page.audit, { imported: imported ? "1" : "" })} onClick={() => {
        setModel("");
        setActor("");
      }}>Show everything</a>}</div>
    </form>
    {log.error !== undefined && <Failure error={log.error} retry={() => void log.reload()} />}
    {rows === undefined && log.error === undefined && <Loading />}
    {rows?.length === 0 && <div class="panel"><Empty icon="audit" title={filtered ? "No entry is like that" : imported ? "Nothing came from another registry" : "Nothing was done yet"}><p>{filtered ? "Look for another name, or show everything." : imported ? "slipway registry import brings versions with what the other log told of them." : "The first entry is written when a model is offered."}</p></Empty></div>}
    {rows !== undefined && rows.length > 0 && <div class="panel flush"><div class="scroll" tabIndex={0} role="region" aria-label="Audit log"><table class="dense">
      <caption class="visually-hidden">Audit log</caption>
      <thead><tr><th scope="col" class="number">No.</th><th scope="col">When</th><th scope="col">Who</th><th scope="col">What</th><th scope="col">Of</th><th scope="col">More</th></tr></thead>
      <tbody>{rows.map((r) => <tr key={r.hash}>
        <td class="number">{r.seq}</td><td class="nowrap"><time dateTime={r.time}>{fullTime(r.time)}</time></td><td>{r.actor}{r.importedBy !== undefined && <div class="soft small">imported by {r.importedBy}</div>}</td><td class="nowrap"><code>{r.action}</code></td>
        <td class="nowrap">{r.model === null ? "" : r.version === null || imported ? <><a href={page.model(r.model)}>{r.model}</a>{r.version !== null && ` ${r.version}`}</> : <a href={page.version(r.model, r.version)}>{r.model} {r.version}</a>}</td>
        <td><Detail detail={r.detail} /></td>
      </tr>)}</tbody>
    </table></div></div>}
    {log.data !== undefined && <div class="row">{filter.before !== "" && <a class="button" href={withQuery(page.audit, { model: filter.model, actor: filter.actor })}>To the newest entries</a>}{log.data.next !== undefined && log.data.next !== null && <a class="button" href={withQuery(page.audit, { model: filter.model, actor: filter.actor, before: log.data.next })}>Earlier entries</a>}</div>}
  </div>;
}

const IDENTIFIER = /^(?:sha256:)?[0-9a-f]{32,}$|^[0-9a-f]{8}-[0-9a-f]{4}-/;

function Detail({ detail }: { readonly detail: unknown }): VNode | null {
  if (typeof detail !== "object" || detail === null) return null;
  const entries = Object.entries(detail).filter(([, v]) => v !== null && v !== undefined);
  if (entries.length === 0) return null;
  // Digests and ids say nothing at a glance; all of it is inside.
  const plain = entries.filter(([, v]) => typeof v !== "object" && v !== false && !IDENTIFIER.test(String(v)));
  const words = plain.slice(0, 3).map(([k, v]) => `${k} ${short(String(v))}`).join(", ");
  return <details><summary class="small">{words === "" ? "details" : words}</summary><pre class="json" tabIndex={0}>{JSON.stringify(detail, null, 2)}</pre></details>;
}
function short(text: string): string {
  return text.length > 32 ? `${text.slice(0, 24)}…` : text;
}
