// One version: its card, signature, gate report, lineage, files, and a place to try it.

import type { VNode } from "preact";
import { lazyPart } from "../lib/lazy.tsx";
import { useState } from "preact/hooks";
import { api, page } from "../api/paths.ts";
import type { ModelDetail, VersionDetail } from "../api/types.ts";
import { bytes } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import type { Place } from "../lib/router.ts";
import { Chip, Digest, Failure, GateChip, Loading, PageHead, Time } from "../parts/basics.tsx";
import { Icon } from "../parts/icons.tsx";
import { useSession } from "../session.ts";
import { StartDialog } from "./rollout/start-dialog.tsx";
import { AskDialog } from "./version/ask-dialog.tsx";
import { GateTab } from "./version/gate-tab.tsx";
import { FilesTab, LineageTab } from "./version/lineage-tab.tsx";
import { SignatureTab } from "./version/signature-tab.tsx";

const CardTab = lazyPart(async () => (await import("./version/card-tab.tsx")).CardTab);
const TryTab = lazyPart(async () => (await import("./version/try-tab.tsx")).TryTab);
const TABS = [["", "Card"], ["gate", "Gate report"], ["signature", "Signature"], ["try", "Try it"], ["lineage", "Lineage"], ["files", "Signatures and files"]] as const;

export function VersionPage({ name, version: text, tab = "" }: { readonly name: string; readonly version: string; readonly tab?: string; readonly place: Place }): VNode {
  const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0;
  const { may } = useSession();
  const loaded = useLoad<VersionDetail>(api.version(name, number), 10_000);
  const model = useLoad<ModelDetail>(api.model(name));
  const [asking, setAsking] = useState(false);
  const [rolling, setRolling] = useState(false);
  const version = loaded.data;
  const title = TABS.find(([t]) => t === tab)?.[1] ?? "Card";
  const rollable = (model.data?.aliases ?? []).filter((a) => a.version !== number);
  const open = (version?.requests ?? []).filter((r) => r.state === "open");
  return <div class="page">
    <PageHead title={<>{name} <span class="soft">version {text}</span></>} documentTitle={`${title} · ${name} ${text}`} crumbs={[["Models", page.models], [name, page.model(name)]]} actions={version !== undefined && <>
      <a class="button" href={`${api.version(name, number)}/package`} download={`${name}-${number}.slip`}><Icon name="download" />Package</a>
      {may("release") && rollable.length > 0 && <button type="button" onClick={() => setRolling(true)}><Icon name="rollouts" />Roll out</button>}
      {may("offer") && open.length === 0 && <button type="button" class="primary" onClick={() => setAsking(true)}><Icon name="approvals" />Ask for release</button>}
      {open.length > 0 && <a class="button primary" href={page.request(open[0]!.id)}><Icon name="approvals" />Open request</a>}
    </>}>
      {version !== undefined && <>
        <div class="chips">{version.aliases.map((a) => <Chip tone={a === "production" ? "good" : "accent"} key={a}>{a}</Chip>)}<GateChip gate={version.gate} />{version.signed ? <Chip tone="accent">signed</Chip> : <Chip>not signed</Chip>}</div>
        <p class="soft small">offered <Time at={version.createdAt} /> by {version.createdBy}{version.imported !== null && <> · imported <Time at={version.imported.at} /> by {version.imported.by}</>} · {bytes(version.size)} · <Digest digest={version.digest} /></p>
      </>}
    </PageHead>
    <nav class="tabs" aria-label="Of this version"><ul>{TABS.map(([t, label]) => <li key={t}><a href={page.version(name, number, t)} aria-current={t === tab ? "page" : undefined}>{label}</a></li>)}</ul></nav>
    {loaded.error !== undefined && version === undefined && <Failure error={loaded.error} retry={() => void loaded.reload()} />}
    {version === undefined && loaded.error === undefined && <Loading />}
    {version !== undefined && <Tab tab={tab} version={version} reload={loaded.reload} />}
    {rolling && <StartDialog model={name} version={number} aliases={rollable} onClose={() => setRolling(false)} />}
    {asking && version !== undefined && <AskDialog version={version} policies={model.data?.policies ?? {}} aliases={model.data?.aliases ?? []} onClose={() => setAsking(false)} />}
  </div>;
}

function Tab({ tab, version, reload }: { readonly tab: string; readonly version: VersionDetail; readonly reload: () => Promise<void> }): VNode {
  switch (tab) {
    case "": return <CardTab version={version} />;
    case "gate": return <GateTab version={version} onDone={reload} />;
    case "signature": return <SignatureTab signature={version.signature} />;
    case "try": return <TryTab version={version} />;
    case "lineage": return <LineageTab version={version} />;
    case "files": return <FilesTab version={version} />;
    default: return <p>There is no part <code>{tab.slice(0, 60)}</code> of a version.</p>;
  }
}
