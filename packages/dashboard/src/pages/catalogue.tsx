// A recommender's items as they are now: how many, who changed them last, search; whoever may release adds, changes and takes out.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../api/client.ts";
import { api, page, withQuery } from "../api/paths.ts";
import { plural } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { go, type Place } from "../lib/router.ts";
import { Act, Chip, Empty, Facts, Failure, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { toast } from "../parts/toasts.tsx";
import { useSession } from "../session.ts";
import { ItemDialog } from "./catalogue/item-dialog.tsx";

export interface Item {
  readonly id: string;
  readonly available: boolean;
  readonly popularity?: number;
  readonly metadata: Readonly<Record<string, string | number | boolean | null>>;
  readonly found: boolean;
}
interface Catalogue {
  readonly version: number;
  readonly kept: boolean;
  readonly changed: { readonly at: string; readonly by: string } | null;
  readonly counts: { readonly items: number; readonly unavailable: number; readonly added: number };
  readonly cold: readonly string[];
  readonly items: readonly Item[];
  readonly next: number | null;
}
const PAGE_SIZE = 50;

export function CataloguePage({ name, place }: { readonly name: string; readonly place: Place }): VNode {
  const { may } = useSession();
  const [text, after] = [place.query.get("text") ?? "", place.query.get("after")];
  const [typed, setTyped] = useState(text);
  const catalogue = useLoad<Catalogue>(withQuery(api.catalogue(name), { text, after, limit: PAGE_SIZE }), 15_000);
  const [editing, setEditing] = useState<Item | "new" | undefined>(undefined);
  const [removing, setRemoving] = useState<Item | undefined>(undefined);
  /** The version whose values a dialog began with: what is loaded behind it may be newer. */
  const [shown, setShown] = useState(0);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => go(withQuery(page.catalogue(name), { text: typed }), "replace"), 200);
    return () => clearTimeout(timer);
  }, [typed]);

  const { data, error } = catalogue;
  const release = may("release");
  const change = async (body: object, told: string): Promise<void> => {
    // What was shown is what is changed: somebody else may have been first.
    await send("PATCH", api.catalogue(name), { ...body, if_version: shown }).catch((thrown: unknown) => {
      void catalogue.reload();
      throw thrown;
    });
    toast(told);
    setFailure(undefined);
    await catalogue.reload();
  };
  const begin = (open: () => void): void => {
    setShown(data!.version);
    open();
  };
  return <div class="page">
    <PageHead title="Catalogue" documentTitle={`Catalogue of ${name}`} crumbs={[["Models", page.models], [name, page.model(name)]]} actions={release && data !== undefined && <button type="button" class="primary" onClick={() => begin(() => setEditing("new"))}>Add an item</button>}>
      <p class="soft">The items that {name} recommends now. What is changed here counts from the next request on, without a new version.</p>
    </PageHead>
    {(failure ?? error) !== undefined && <Failure error={(failure ?? error)!} {...(failure === undefined ? { retry: () => void catalogue.reload() } : {})} />}
    {data === undefined && error === undefined && <Loading />}
    {data !== undefined && <>
      <Panel title="As it is"><Facts rows={[
        ["Items", `${plural(data.counts.items, "item")}${data.counts.added === 0 ? "" : `, ${data.counts.added} of them added since the model was packed`}`],
        data.counts.unavailable > 0 && ["Not shown now", plural(data.counts.unavailable, "item")],
        ["Last change", data.changed === null ? <span class="soft">none since the model was packed</span> : <><Time at={data.changed.at} /> by {data.changed.by} (version {data.version})</>],
        data.cold.length > 0 && ["Without history", data.cold.slice(0, 8).join(", ")],
      ]} /></Panel>
      <div class="search"><Icon name="search" /><input type="search" aria-label="Search items" placeholder="Search by id or what is told of an item" value={typed} onInput={(e) => setTyped(e.currentTarget.value)} /></div>
      {data.items.length === 0 && <div class="panel"><Empty icon="search" title={text === "" ? "There are no items" : `No item matches “${text}”`} /></div>}
      {data.items.length > 0 && <Panel flush><p class="visually-hidden" role="status">{plural(data.items.length, "item")} shown</p><div class="scroll" tabIndex={0} role="region" aria-label="Items"><table>
        <caption class="visually-hidden">Items</caption>
        <thead><tr><th scope="col">Item</th><th scope="col">State</th><th scope="col" class="number">Popularity</th><th scope="col">What is told of it</th>{release && <th scope="col"><span class="visually-hidden">Change</span></th>}</tr></thead>
        <tbody>{data.items.map((item) => <tr key={item.id}>
          <th scope="row">{item.id}</th>
          <td><span class="chips">{item.available ? <Chip tone="good">shown</Chip> : <Chip tone="warn">not shown</Chip>}{!item.found && <Chip title="The version in use has no vector of it: it comes by lists and popularity alone">not found by likeness</Chip>}</span></td>
          <td class="number">{item.popularity ?? ""}</td>
          <td class="small">{Object.entries(item.metadata).slice(0, 6).map(([key, value]) => `${key}: ${String(value)}`).join(" · ")}</td>
          {release && <td class="nowrap"><button type="button" class="quiet small" onClick={() => begin(() => setEditing(item))}>Change<span class="visually-hidden"> {item.id}</span></button> <button type="button" class="small danger" onClick={() => begin(() => setRemoving(item))}>Take out<span class="visually-hidden"> {item.id}</span></button></td>}
        </tr>)}</tbody>
      </table></div></Panel>}
      {(data.next !== null || after !== null) && <div class="row">{after !== null && <a class="button" href={withQuery(page.catalogue(name), { text })}>To the first</a>}{data.next !== null && <a class="button" href={withQuery(page.catalogue(name), { text, after: data.next })}>More items</a>}</div>}
    </>}
    {editing !== undefined && <ItemDialog item={editing === "new" ? undefined : editing} onClose={() => setEditing(undefined)} onSave={async (item) => {
      await change({ items: [item] }, editing === "new" ? `${item.id} is in the catalogue.` : `${item.id} is changed.`);
      setEditing(undefined);
    }} />}
    {removing !== undefined && <Dialog title={`Take ${removing.id} out?`} onClose={() => setRemoving(undefined)}>
      <p>It is recommended to nobody any more. It comes back when it is added again.</p>
      <div class="buttons"><Act className="danger" work={async () => {
        await change({ remove: [removing.id] }, `${removing.id} is taken out.`);
        setRemoving(undefined);
      }} onError={(thrown) => {
        setRemoving(undefined);
        setFailure(asApiError(thrown));
      }}>Take it out</Act><button type="button" onClick={() => setRemoving(undefined)}>Keep it</button></div>
    </Dialog>}
  </div>;
}
