// One webhook: what was sent and what came of it.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../api/client.ts";
import { api, page } from "../api/paths.ts";
import type { Delivery, Webhook } from "../api/types.ts";
import { useLoad } from "../lib/load.ts";
import { go } from "../lib/router.ts";
import { Act, Chip, CopyButton, Empty, Failure, Loading, PageHead, Panel, Time, type Tone } from "../parts/basics.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { toast } from "../parts/toasts.tsx";
import { useSession } from "../session.ts";

const TONE: Readonly<Record<Delivery["state"], Tone>> = { delivered: "good", pending: "warn", skipped: "plain" };

export function WebhookPage({ id }: { readonly id: string }): VNode {
  const { may } = useSession();
  const hooks = useLoad<{ readonly webhooks: readonly Webhook[] }>(api.webhooks);
  const deliveries = useLoad<{ readonly deliveries: readonly Delivery[] }>(api.deliveries(id), 5000);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const [removing, setRemoving] = useState(false);
  const hook = hooks.data?.webhooks.find((h) => h.id === id);
  const list = deliveries.data?.deliveries;
  const error = failure ?? hooks.error ?? deliveries.error;
  return <div class="page">
    <PageHead title={hook?.url ?? "Webhook"} documentTitle="Webhook" crumbs={[["Webhooks", page.webhooks]]} actions={hook !== undefined && may("govern") && <><Act work={async () => setSecret((await send<{ readonly secret: string }>("POST", `${api.webhooks}/${encodeURIComponent(id)}/secret`)).secret)} onError={(e) => setFailure(asApiError(e))}>New secret</Act><button type="button" class="danger" onClick={() => setRemoving(true)}>Remove</button></>}>
      {hook !== undefined && <p class="soft">Told of {hook.events.length === 0 || hook.events.includes("*") ? "everything" : hook.events.join(", ")}</p>}
    </PageHead>
    {error !== undefined && <Failure error={error} />}
    {secret !== undefined && <div class="note good" role="status"><strong>The new secret is shown only now.</strong><p class="row"><code class="secret">{secret}</code><CopyButton text={secret} what="the secret" /></p><p class="small">For a day messages are signed with the old one as well: change the receiver within that time.</p></div>}
    {hook?.state === "disabled" && <div class="note warn"><strong>It was switched off.</strong><p>{hook.note}</p>{may("govern") && <div><Act work={async () => {
      await send("PUT", `${api.webhooks}/${encodeURIComponent(id)}`, { state: "active" });
      await hooks.reload();
    }} onError={(e) => setFailure(asApiError(e))}>Switch it on again</Act></div>}</div>}
    {list === undefined && error === undefined && <Loading />}
    {list?.length === 0 && <Panel><Empty icon="webhooks" title="Nothing was sent yet"><p>The next thing that happens is sent here.</p></Empty></Panel>}
    {list !== undefined && list.length > 0 && <Panel title="Deliveries" flush><div class="scroll"><table>
      <caption class="visually-hidden">Deliveries</caption>
      <thead><tr><th scope="col">What</th><th scope="col">State</th><th scope="col">Tries</th><th scope="col">When</th><th scope="col"><span class="visually-hidden">More</span></th></tr></thead>
      <tbody>{list.map((d) => <tr key={d.id}>
        <th scope="row"><code>{d.event}</code></th>
        <td><Chip tone={TONE[d.state]}>{d.state === "pending" && d.attempts > 0 ? "not taken yet" : d.state}</Chip>{(d.status !== null || d.error !== null) && <div class="soft small">{d.status !== null && `status ${d.status}`} {d.error}</div>}</td>
        <td>{d.attempts}{d.nextAt !== null && d.state !== "delivered" && <div class="soft small">next <Time at={d.nextAt} /></div>}</td><td><Time at={d.createdAt} /></td>
        <td>{d.state !== "delivered" && may("govern") && <Act className="small" work={async () => {
          await send("POST", `${api.deliveries(id)}/${encodeURIComponent(d.id)}/retry`);
          await deliveries.reload();
        }} onError={(e) => setFailure(asApiError(e))}>Send again</Act>}</td>
      </tr>)}</tbody>
    </table></div></Panel>}
    {removing && <Dialog title="Remove this webhook?" onClose={() => setRemoving(false)}>
      <p>{hook?.url} is told nothing more, and what was sent is forgotten.</p>
      <div class="buttons"><Act className="danger" work={async () => {
        await send("DELETE", `${api.webhooks}/${encodeURIComponent(id)}`);
        toast("The webhook is removed.");
        go(page.webhooks);
      }} onError={(e) => {
        setRemoving(false);
        setFailure(asApiError(e));
      }}>Remove it</Act><button type="button" onClick={() => setRemoving(false)}>Keep it</button></div>
    </Dialog>}
  </div>;
}
