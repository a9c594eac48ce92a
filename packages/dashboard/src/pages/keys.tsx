// API keys of people and programs, for administrators: made here, shown once, revoked.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../api/client.ts";
import { api } from "../api/paths.ts";
import type { ApiKey } from "../api/types.ts";
import { fullTime } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { Act, Chip, CopyButton, Empty, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { toast } from "../parts/toasts.tsx";
import { useSession } from "../session.ts";
import { KeyDialog } from "./keys/key-dialog.tsx";

export function KeysPage(): VNode {
  const { may } = useSession();
  const keys = useLoad<{ readonly keys: readonly ApiKey[] }>(may("govern") ? api.apiKeys : undefined);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<(ApiKey & { readonly key: string }) | undefined>(undefined);
  const [revoking, setRevoking] = useState<ApiKey | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const [all, setAll] = useState(false);
  if (!may("govern")) return <div class="page narrow"><PageHead title="Keys" documentTitle="Keys" /><div class="panel"><Empty icon="key" title="Your roles do not allow this"><p>Keys are made by people with the role admin.</p></Empty></div></div>;
  const list = keys.data?.keys;
  const shown = list?.filter((k) => all || k.state === "valid");
  const over = list === undefined ? 0 : list.filter((k) => k.state !== "valid").length;
  return <div class="page">
    <PageHead title="Keys" documentTitle="Keys" actions={<button type="button" class="primary" onClick={() => setAdding(true)}>Make a key</button>}>
      <p class="soft">With a key a person signs in here, and a program asks models. What it allows follows from its roles. Approvals count people by the key's name.</p>
    </PageHead>
    {(failure ?? keys.error) !== undefined && <Failure error={(failure ?? keys.error)!} />}
    {made !== undefined && <div class="note good" role="status"><strong>The key of {made.name} is shown only now.</strong><p class="row"><code class="secret">{made.key}</code><CopyButton text={made.key} what="the key" /></p><p class="small">Give it to them by a way that nobody else reads. It works within a second.</p></div>}
    {list === undefined && keys.error === undefined && <Loading />}
    {shown?.length === 0 && <div class="panel"><Empty icon="key" title={over === 0 ? "No key yet" : "No key is valid"}><p>Whoever works with you here gets a key of their own: a data scientist who offers models, a colleague who approves, a program that asks.</p><p><button type="button" class="primary" onClick={() => setAdding(true)}>Make the first key</button></p></Empty></div>}
    {shown !== undefined && shown.length > 0 && <Panel flush><div class="scroll" tabIndex={0} role="region" aria-label="Keys"><table>
      <caption class="visually-hidden">Keys</caption>
      <thead><tr><th scope="col">Whose</th><th scope="col">Roles</th><th scope="col">Models</th><th scope="col">Made</th><th scope="col">Valid until</th><th scope="col"><span class="visually-hidden">More</span></th></tr></thead>
      <tbody>{shown.map((k) => <tr key={k.id}>
        <th scope="row">{k.name} {k.state !== "valid" && <Chip tone="warn">{k.state}</Chip>}<div class="soft small"><code>{k.id}</code></div></th>
        <td><span class="chips">{k.roles.map((r) => <Chip key={r}>{r}</Chip>)}{k.groups.map((g) => <Chip tone="accent" title="Speaks for this group in approvals" key={g}>{g}</Chip>)}</span></td>
        <td>{k.models === null ? <span class="soft">all</span> : k.models.join(", ")}</td><td>{k.created === "" ? "" : <Time at={k.created} />}</td>
        <td>{k.expires === null ? <span class="soft">no end</span> : fullTime(k.expires)}</td>
        <td>{k.state === "valid" && <button type="button" class="small danger" onClick={() => setRevoking(k)}>Revoke<span class="visually-hidden"> the key of {k.name}</span></button>}</td>
      </tr>)}</tbody>
    </table></div></Panel>}
    {over > 0 && <div><button type="button" class="quiet" aria-pressed={all} onClick={() => setAll(!all)}>{all ? "Only valid keys" : `Also those that are over (${over})`}</button></div>}
    {adding && <KeyDialog onClose={() => setAdding(false)} onMade={(key) => {
      setAdding(false);
      setMade(key);
      void keys.reload();
    }} />}
    {revoking !== undefined && <Dialog title={`Revoke the key of ${revoking.name}?`} onClose={() => setRevoking(undefined)}>
      <p>Nobody can sign in or ask with it any more, and sessions that it began end within a second. This cannot be undone.</p>
      <div class="buttons"><Act className="danger" work={async () => {
        await send("DELETE", `${api.apiKeys}/${encodeURIComponent(revoking.id)}`);
        toast(`The key of ${revoking.name} is revoked.`);
        setRevoking(undefined);
        await keys.reload();
      }} onError={(e) => {
        setRevoking(undefined);
        setFailure(asApiError(e));
      }}>Revoke it</Act><button type="button" onClick={() => setRevoking(undefined)}>Keep it</button></div>
    </Dialog>}
  </div>;
}
