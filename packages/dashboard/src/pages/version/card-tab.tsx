// The model card: read, and edited in place by whoever may offer. Saving says which card it replaces; where somebody else
// was faster, both are shown and nothing is lost.

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { asApiError, get, send, type ApiError } from "../../api/client.ts";
import { api } from "../../api/paths.ts";
import type { Card, VersionDetail } from "../../api/types.ts";
import { useLoad } from "../../lib/load.ts";
import { Markdown } from "../../lib/markdown.tsx";
import { Empty, Facts, Failure, Loading, Panel, Time } from "../../parts/basics.tsx";
import { Icon } from "../../parts/icons.tsx";
import { toast } from "../../parts/toasts.tsx";
import { useSession } from "../../session.ts";

const TEMPLATE = `## What it is for

Who uses its answers, and for which decision.

## Limits

Whom or what it was not trained on; when it must not be used.

## Data

Where the training data came from, and of which time.

## Who to ask

Name and team.
`;

export function CardTab({ version }: { readonly version: VersionDetail }): VNode {
  const { may } = useSession();
  const path = `${api.version(version.model, version.version)}/card`;
  const card = useLoad<Card>(path);
  const [draft, setDraft] = useState<{ readonly text: string; readonly base: string } | undefined>(undefined);
  const edit = (text: string): void => setDraft({ text, base: card.data?.revision ?? "" });
  const editable = may("comment");
  const { data } = card;
  return <div class="grid2 aside">
    <Panel title="Model card" actions={editable && draft === undefined && data !== undefined && data.text !== "" && <button type="button" onClick={() => edit(data.text)}><Icon name="edit" size={16} />Edit</button>}>
      {card.error !== undefined && <Failure error={card.error} retry={() => void card.reload()} />}
      {data === undefined && card.error === undefined && <Loading />}
      {draft !== undefined ? <Editor path={path} draft={draft} onSaved={async () => {
        setDraft(undefined);
        await card.reload();
        toast("The card is saved.");
      }} onCancel={() => setDraft(undefined)} />
        : data !== undefined && (data.text.trim() === "" ? <Empty level={3} icon="edit" title="No card yet"><p>A card tells people what the model is for, where it must not be used, and whom to ask.</p>{editable && <p><button type="button" class="primary" onClick={() => edit(TEMPLATE)}>Write the card</button></p>}</Empty> : <Markdown text={data.text} />)}
    </Panel>
    <Panel title="At a glance"><Facts rows={[
      ["Takes", inputsText(version)],
      ["Answers", version.signature.outputs.map((o) => o.name).join(", ")],
      ["Version of the package", version.packageVersion],
      ["Made from", version.sourceName ?? "a package"],
      ["Training data", version.trainingData ?? <span class="soft">not told</span>],
      ["Code", version.commit === null ? <span class="soft">not told</span> : <code>{version.commit}</code>],
      ["Offered", <><Time at={version.createdAt} /> by {version.createdBy}</>],
    ]} /></Panel>
  </div>;
}

function inputsText({ signature }: VersionDetail): string {
  if (signature.layout === "tensors") return (signature.tensors ?? []).map((t) => t.name).join(", ");
  const used = signature.columns.filter((c) => c.used);
  const names = used.slice(0, 8).map((c) => c.name).join(", ");
  return used.length > 8 ? `${used.length} columns: ${names} ...` : names;
}

function Editor({ path, draft, onSaved, onCancel }: { readonly path: string; readonly draft: { readonly text: string; readonly base: string }; readonly onSaved: () => Promise<void>; readonly onCancel: () => void }): VNode {
  const [text, setText] = useState(draft.text);
  const [base, setBase] = useState(draft.base);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const [theirs, setTheirs] = useState<Card | undefined>(undefined);
  const [preview, setPreview] = useState(false);
  const changed = text !== draft.text;
  useEffect(() => {
    if (!changed) return;
    const ask = (e: BeforeUnloadEvent): void => e.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [changed]);
  const save = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      await send("PUT", path, { text, expected: base });
      await onSaved();
    } catch (error) {
      const failed = asApiError(error);
      if (failed.status === 409) setTheirs(await get<Card>(path).catch(() => undefined));
      setFailure(failed);
      setBusy(false);
    }
  };
  return <form class="stack editor" onSubmit={(e) => {
    e.preventDefault();
    void save();
  }}>
    {failure !== undefined && theirs === undefined && <Failure error={failure} />}
    {theirs !== undefined && <div class="note warn" role="alert"><strong>Somebody saved another card meanwhile.</strong><p>Yours is below, theirs is here. Take over what is needed, then save yours in its place.</p>
      <details><summary>Their card</summary><Markdown text={theirs.text} /></details>
      <div class="buttons"><button type="button" onClick={() => {
        setBase(theirs.revision);
        setTheirs(undefined);
        setFailure(undefined);
      }}>Mine replaces theirs</button><button type="button" onClick={() => void onSaved()}>Give mine up</button></div></div>}
    <div class="tight">
      <div class="row between"><label for="card-text">The card, in Markdown</label><button type="button" class="quiet small" aria-pressed={preview} onClick={() => setPreview(!preview)}>{preview ? "Back to the text" : "Preview"}</button></div>
      {preview ? <Markdown text={text} /> : <textarea id="card-text" value={text} onInput={(e) => setText(e.currentTarget.value)} aria-describedby="card-hint" />}
      <p class="soft small" id="card-hint">## begins a heading, - a list, **bold**. The package itself does not change: the card is attached to this version, with your name and the time.</p>
    </div>
    <div class="buttons"><button type="submit" class="primary" aria-busy={busy} disabled={busy || theirs !== undefined}>Save the card</button><button type="button" onClick={onCancel}>Cancel</button></div>
  </form>;
}
