// Every model: search, aliases, what changed last.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, page, withQuery } from "../api/paths.ts";
import type { ModelSummary } from "../api/types.ts";
import { useLoad } from "../lib/load.ts";
import { go, type Place } from "../lib/router.ts";
import { plural } from "../lib/format.ts";
import { Chip, Empty, Failure, Loading, PageHead, Time } from "../parts/basics.tsx";
import { Icon } from "../parts/icons.tsx";
import { DropTarget, keepDropped } from "../parts/drop.tsx";
import { useSession } from "../session.ts";

const PAGE_SIZE = 50;

export function ModelsPage({ place }: { readonly place: Place }): VNode {
  const { may } = useSession();
  const text = place.query.get("text") ?? "";
  const after = place.query.get("after");
  const [typed, setTyped] = useState(text);
  const models = useLoad<{ readonly models: readonly ModelSummary[]; readonly next?: string | null }>(withQuery(api.models, { text, after, limit: PAGE_SIZE }), 15_000);
  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => go(withQuery(page.models, { text: typed }), "replace"), 200);
    return () => clearTimeout(timer);
  }, [typed]);

  const { data, error } = models;
  const offer = may("offer");
  const none = data !== undefined && data.models.length === 0;
  return <DropTarget enabled={offer} onFiles={(files) => {
    keepDropped(files);
    go(page.offer);
  }}><div class="page">
    <PageHead title="Models" documentTitle="Models" actions={offer && !(none && text === "") && <a class="button primary" href={page.offer}><Icon name="upload" />Offer a model</a>} />
    {error !== undefined && <Failure error={error} retry={() => void models.reload()} />}
    {!(none && text === "" && after === null) && <div class="search"><Icon name="search" /><input type="search" aria-label="Search models" placeholder="Search by name or description" value={typed} onInput={(e) => setTyped(e.currentTarget.value)} /></div>}
    {data === undefined && error === undefined && <Loading />}
    {none && (text !== "" ? <div class="panel"><Empty icon="search" title={`No model matches “${text}”`}><p><button type="button" onClick={() => setTyped("")}>Show all models</button></p></Empty></div> : <FirstModel offer={offer} />)}
    {data !== undefined && data.models.length > 0 && <>
      <p class="visually-hidden" role="status">{plural(data.models.length, "model")} shown</p>
      <div class="panel flush rows-link"><div class="scroll"><table>
        <caption class="visually-hidden">Models</caption>
        <thead><tr><th scope="col">Model</th><th scope="col">In use</th><th scope="col">Versions</th><th scope="col">Last change</th></tr></thead>
        <tbody>{data.models.map((m) => <tr key={m.name}>
          <th scope="row"><a href={page.model(m.name)}>{m.name}</a>{m.description !== null && m.description !== "" && <div class="soft small">{m.description.slice(0, 160)}</div>}</th>
          <td><Aliases model={m.name} aliases={m.aliases} /></td>
          <td class="nowrap">{m.versions}{m.latest !== null && <> <a class="small" href={page.version(m.name, m.latest)}>latest: {m.latest}</a></>}</td>
          <td><Time at={m.updatedAt} /></td>
        </tr>)}</tbody>
      </table></div></div>
      {(typeof data.next === "string" || after !== null) && <div class="row">{after !== null && <a class="button" href={withQuery(page.models, { text })}>To the first</a>}{typeof data.next === "string" && <a class="button" href={withQuery(page.models, { text, after: data.next })}>More models</a>}</div>}
    </>}
  </div></DropTarget>;
}

export function Aliases({ model, aliases }: { readonly model: string; readonly aliases: Readonly<Record<string, number>> }): VNode {
  const all = Object.entries(aliases);
  if (all.length === 0) return <span class="soft small">nothing yet</span>;
  return <span class="chips">{all.map(([alias, version]) => <Chip tone={alias === "production" ? "good" : "accent"} href={page.version(model, version)} key={alias}>{alias}: {version}</Chip>)}</span>;
}

function FirstModel({ offer }: { readonly offer: boolean }): VNode {
  return <div class="panel"><Empty icon="models" title="No model yet">
    {offer ? <>
      <p>Offer the file that a notebook saved: a pickle, joblib, XGBoost, LightGBM, CatBoost, Keras, PyTorch or ONNX file, or a package. It is read, never run, so nothing in it can do harm.</p>
      <p><a class="button primary" href={page.offer}><Icon name="upload" />Offer the first model</a></p>
      <p class="small">Or drop the file on this page.</p>
    </> : <p>When somebody with the role developer offers a model, it is shown here.</p>}
  </Empty></div>;
}
