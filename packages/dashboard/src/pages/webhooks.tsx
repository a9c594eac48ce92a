// Webhooks: where the server tells of what happens.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../api/client.ts";
import { api, page } from "../api/paths.ts";
import type { Webhook } from "../api/types.ts";
import { useLoad } from "../lib/load.ts";
import { Chip, CopyButton, Empty, Failure, Field, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { useSession } from "../session.ts";

export function WebhooksPage(): VNode {
  const { may } = useSession();
  const hooks = useLoad<{ readonly webhooks: readonly Webhook[] }>(api.webhooks);
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const list = hooks.data?.webhooks;
  const add = may("govern");
  return <div class="page">
    <PageHead title="Webhooks" documentTitle="Webhooks" actions={add && list !== undefined && list.length > 0 && <button type="button" class="primary" onClick={() => setAdding(true)}>Add a webhook</button>}>
      <p class="soft">Addresses that are told when a model is offered, approved or released. Each message is signed, and sent again until it is taken.</p>
    </PageHead>
    {hooks.error !== undefined && <Failure error={hooks.error} retry={() => void hooks.reload()} />}
    {list === undefined && hooks.error === undefined && <Loading />}
    {secret !== undefined && <div class="note good" role="status"><strong>The webhook is there. Its secret is shown only now.</strong><p class="row"><code class="secret">{secret}</code><CopyButton text={secret} what="the secret" /></p><p class="small">The receiver checks every message's signature with it.</p></div>}
    {list?.length === 0 && <div class="panel"><Empty icon="webhooks" title="No webhook yet"><p>Let a chat room, a build or your own program know when a version is released.</p>{add ? <p><button type="button" class="primary" onClick={() => setAdding(true)}>Add the first webhook</button></p> : <p>Administrators add them.</p>}</Empty></div>}
    {list !== undefined && list.length > 0 && <Panel flush><div class="scroll rows-link"><table>
      <caption class="visually-hidden">Webhooks</caption>
      <thead><tr><th scope="col">Address</th><th scope="col">Told of</th><th scope="col">Added</th></tr></thead>
      <tbody>{list.map((h) => <tr key={h.id}><th scope="row"><a href={page.webhook(h.id)}>{h.url}</a></th><td>{h.state === "disabled" && <><Chip tone="warn">switched off</Chip> </>}{h.events.length === 0 || h.events.includes("*") ? "everything" : h.events.join(", ")}</td><td><Time at={h.createdAt} /><div class="soft small">by {h.createdBy}</div></td></tr>)}</tbody>
    </table></div></Panel>}
    {adding && <AddDialog onClose={() => setAdding(false)} onAdded={(given) => {
      setAdding(false);
      setSecret(given);
      void hooks.reload();
    }} />}
  </div>;
}

function AddDialog({ onClose, onAdded }: { readonly onClose: () => void; readonly onAdded: (secret: string | undefined) => void }): VNode {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const add = async (): Promise<void> => {
    setBusy(true);
    try {
      const wanted = events.split(/[\s,]+/).filter((e) => e !== "");
      const made = await send<Webhook & { readonly secret?: string }>("POST", api.webhooks, { url, ...(wanted.length === 0 ? {} : { events: wanted }) });
      onAdded(made.secret);
    } catch (error) {
      setFailure(asApiError(error));
      setBusy(false);
    }
  };
  return <Dialog title="Add a webhook" onClose={onClose}><form onSubmit={(e) => {
    e.preventDefault();
    void add();
  }}>
    <Field id="url" label="Address" hint="https, where this server can reach it"><input id="url" type="url" required placeholder="https://chat.example/hooks/models" value={url} aria-describedby="url-hint" onInput={(e) => setUrl(e.currentTarget.value)} /></Field>
    <Field id="events" label="Told of" hint="Actions as the audit log names them, such as alias.moved; everything where it is empty"><input id="events" spellcheck={false} value={events} aria-describedby="events-hint" onInput={(e) => setEvents(e.currentTarget.value)} /></Field>
    {failure !== undefined && <Failure error={failure} />}
    <div class="buttons"><button type="submit" class="primary" disabled={busy} aria-busy={busy}>Add it</button><button type="button" onClick={onClose}>Cancel</button></div>
  </form></Dialog>;
}
