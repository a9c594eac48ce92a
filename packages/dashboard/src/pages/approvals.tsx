// Requests for release: those that wait, and those that are over.

import type { VNode } from "preact";
import { api, page, withQuery } from "../api/paths.ts";
import type { ReleaseRequest } from "../api/types.ts";
import { useLoad } from "../lib/load.ts";
import type { Place } from "../lib/router.ts";
import { Chip, Empty, Failure, Loading, PageHead, Time, type Tone } from "../parts/basics.tsx";

export const STATE: Readonly<Record<ReleaseRequest["state"], readonly [string, Tone]>> = {
  open: ["waits", "warn"], rejected: ["rejected", "bad"], withdrawn: ["withdrawn", "plain"], expired: ["expired", "plain"], promoted: ["released", "good"], overridden: ["released past its policy", "warn"],
};

export function ApprovalsPage({ place }: { readonly place: Place }): VNode {
  const all = place.query.get("show") === "all";
  const requests = useLoad<{ readonly requests: readonly ReleaseRequest[] }>(withQuery(api.requests, all ? { limit: 200 } : { state: "open" }), 10_000);
  const list = requests.data?.requests;
  return <div class="page">
    <PageHead title="Approvals" documentTitle="Approvals"><p class="soft">Versions that somebody asks to release.</p></PageHead>
    <nav class="tabs" aria-label="Which requests"><ul><li><a href={page.approvals} aria-current={all ? undefined : "page"}>Waiting</a></li><li><a href={withQuery(page.approvals, { show: "all" })} aria-current={all ? "page" : undefined}>All</a></li></ul></nav>
    {requests.error !== undefined && <Failure error={requests.error} retry={() => void requests.reload()} />}
    {list === undefined && requests.error === undefined && <Loading />}
    {list?.length === 0 && <div class="panel"><Empty icon="approvals" title={all ? "No request yet" : "Nothing waits for an approval"}><p>Whoever wants a version to answer in production opens it under <a href={page.models}>Models</a> and presses “Ask for release”.</p></Empty></div>}
    {list !== undefined && list.length > 0 && <div class="panel flush rows-link"><div class="scroll"><table>
      <caption class="visually-hidden">Requests</caption>
      <thead><tr><th scope="col">Request</th><th scope="col">Asked by</th><th scope="col">State</th><th scope="col">Ends</th></tr></thead>
      <tbody>{list.map((r) => <tr key={r.id}>
        <th scope="row"><a href={page.request(r.id)}>{r.model} version {r.version} → {r.alias}</a>{r.comment !== "" && <div class="soft small">{r.comment.slice(0, 140)}</div>}</th>
        <td>{r.requestedBy}<div class="soft small"><Time at={r.createdAt} /></div></td>
        <td><Chip tone={STATE[r.state][1]}>{STATE[r.state][0]}</Chip></td>
        <td>{r.state === "open" ? <Time at={r.expiresAt} /> : r.closedAt === null ? "" : <><Time at={r.closedAt} />{r.closedBy !== null && <div class="soft small">by {r.closedBy}</div>}</>}</td>
      </tr>)}</tbody>
    </table></div></div>}
  </div>;
}
