// Who is signed in, what they may do, and the key with which they sign approvals in this browser.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../api/client.ts";
import { api } from "../api/paths.ts";
import type { PersonKey } from "../api/types.ts";
import { useLoad } from "../lib/load.ts";
import { forgetPersonKey, makePersonKey, personKey } from "../lib/person-key.ts";
import { Act, Chip, Facts, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Icon } from "../parts/icons.tsx";
import { toast } from "../parts/toasts.tsx";
import { useSession } from "../session.ts";

export function AccountPage(): VNode {
  const { me, may } = useSession();
  const keys = useLoad<{ readonly keys: readonly PersonKey[] }>(may("review") ? api.keys : undefined);
  const [mine, setMine] = useState<string | null | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const fail = (error: unknown): void => setFailure(asApiError(error));
  useEffect(() => {
    personKey(me.name).then((key) => setMine(key?.publicKey.id ?? null), fail);
  }, [me.name]);
  const registered = keys.data?.keys.find((k) => k.id === mine);
  const register = async (): Promise<void> => {
    setFailure(undefined);
    const key = (await personKey(me.name)) ?? (await makePersonKey(me.name));
    await send("POST", api.keys, { pem: key.publicKey.pem, label: browserName() });
    setMine(key.publicKey.id);
    await keys.reload();
    toast("Your approvals are signed with this key from now on.");
  };
  const remove = async (id: string): Promise<void> => {
    setFailure(undefined);
    await send("DELETE", `${api.keys}/${encodeURIComponent(id)}`);
    if (id === mine) {
      await forgetPersonKey(me.name);
      setMine(null);
    }
    await keys.reload();
  };
  return <div class="page narrow">
    <PageHead title={me.name} documentTitle="Account" />
    {failure !== undefined && <Failure error={failure} />}
    <Panel title="What you may do"><Facts rows={[["Roles", <span class="chips">{me.roles.map((r) => <Chip key={r}>{r}</Chip>)}</span>], ["Groups", me.groups.length === 0 ? <span class="soft">none</span> : <span class="chips">{me.groups.map((g) => <Chip tone="accent" key={g}>{g}</Chip>)}</span>]]} /></Panel>
    {may("review") && <Panel title="Your signing key">
      <p>An approval is signed over the package's digest. With a key of your own, nobody, not even the server, can approve in your name. It is made in this browser and cannot leave it.</p>
      {keys.error !== undefined && <Failure error={keys.error} />}
      {(keys.data === undefined && keys.error === undefined) || mine === undefined ? <Loading /> : registered === undefined ? <div><Act className="primary" work={register} onError={fail}><Icon name="key" size={16} />Make a key in this browser</Act></div> : <div class="note good"><strong>This browser signs with your key.</strong></div>}
      {keys.data !== undefined && keys.data.keys.length > 0 && <div class="scroll"><table class="dense"><caption>Your keys</caption><thead><tr><th scope="col">Key</th><th scope="col">Made</th><th scope="col"><span class="visually-hidden">More</span></th></tr></thead>
        <tbody>{keys.data.keys.map((k) => <tr key={k.id}><th scope="row">{k.label || "key"} {k.id === mine && <Chip tone="accent">this browser</Chip>}<div class="soft small"><code>{k.id.slice(0, 20)}</code></div></th><td><Time at={k.createdAt} /></td><td><Act className="small danger" work={() => remove(k.id)} onError={fail}>Remove<span class="visually-hidden"> {k.label || k.id.slice(0, 8)}</span></Act></td></tr>)}</tbody></table></div>}
    </Panel>}
  </div>;
}

function browserName(): string {
  const agent = navigator.userAgent;
  const name = /Firefox\//.test(agent) ? "Firefox" : /Edg\//.test(agent) ? "Edge" : /Chrome\//.test(agent) ? "Chrome" : /Safari\//.test(agent) ? "Safari" : "a browser";
  const system = /Windows/.test(agent) ? "Windows" : /Mac OS/.test(agent) ? "macOS" : /Android/.test(agent) ? "Android" : /Linux/.test(agent) ? "Linux" : "";
  return system === "" ? name : `${name} on ${system}`;
}
