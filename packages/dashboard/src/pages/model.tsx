// A model: what is in use, its versions, which came from which.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { api, page, withQuery } from "../api/paths.ts";
import type { AliasInfo, ModelDetail, Policy, Version } from "../api/types.ts";
import { bytes } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { Chip, Empty, Failure, GateChip, Loading, PageHead, Panel, Time } from "../parts/basics.tsx";
import { Icon } from "../parts/icons.tsx";
import { Lineage } from "../parts/lineage.tsx";
import { AliasHistory } from "../parts/alias-history.tsx";
import { policyText } from "../lib/policy.ts";
import { useSession } from "../session.ts";
import { ReturnDialog } from "./rollout/return-dialog.tsx";

export function ModelPage({ name }: { readonly name: string }): VNode {
  const { may } = useSession();
  const model = useLoad<ModelDetail>(api.model(name), 10_000);
  const served = useLoad<{ readonly models: readonly { readonly name: string; readonly recommends?: boolean }[] }>(api.served);
  const recommends = served.data?.models.some((m) => m.name === name && m.recommends === true) === true;
  const versions = useLoad<{ readonly versions: readonly Version[] }>(api.versions(name), 10_000);
  const [history, setHistory] = useState<string | undefined>(undefined);
  const [returning, setReturning] = useState<string | undefined>(undefined);
  const error = model.error ?? versions.error;
  const removed = versions.data?.versions.filter((v) => v.state === "deleted").length ?? 0;
  const list = versions.data === undefined ? undefined : versions.data.versions.filter((v) => v.state !== "deleted").sort((a, b) => b.version - a.version);
  return <div class="page">
    <PageHead title={name} documentTitle={name} crumbs={[["Models", page.models]]} actions={<>{recommends && <a class="button" href={page.catalogue(name)}><Icon name="models" />Catalogue</a>}{may("observe") && <a class="button" href={page.monitoringOf(name)}><Icon name="monitoring" />Monitoring</a>}{may("offer") && <a class="button primary" href={withQuery(page.offer, { model: name, parent: list?.[0]?.version })}><Icon name="upload" />Offer a version</a>}</>}>
      {model.data !== undefined && <p class="soft">{model.data.description ? `${model.data.description} · ` : ""}first offered <Time at={model.data.createdAt} /> by {model.data.createdBy}</p>}
    </PageHead>
    {error !== undefined && <Failure error={error} retry={() => void Promise.all([model.reload(), versions.reload()])} />}
    {model.data === undefined && error === undefined && <Loading />}
    {model.data !== undefined && <InUse model={model.data} onHistory={setHistory} onReturn={may("release") ? setReturning : undefined} />}
    {list !== undefined && list.length > 0 && <Panel title="Versions" flush><div class="scroll rows-link"><table>
      <caption class="visually-hidden">Versions of {name}</caption>
      <thead><tr><th scope="col">Version</th><th scope="col">In use as</th><th scope="col">Gate</th><th scope="col">Offered</th><th scope="col">From</th><th scope="col" class="number">Size</th></tr></thead>
      <tbody>{list.map((v) => <tr key={v.version}>
        <th scope="row" class="nowrap"><a href={page.version(name, v.version)}>version {v.version}</a></th>
        <td>{v.aliases.length === 0 ? <span class="soft">–<span class="visually-hidden">not in use</span></span> : <span class="chips">{v.aliases.map((a) => <Chip tone={a === "production" ? "good" : "accent"} key={a}>{a}</Chip>)}</span>}</td>
        <td><span class="chips"><GateChip gate={v.gate} />{v.signed && <Chip tone="accent">signed</Chip>}</span></td>
        <td><Time at={v.createdAt} /><div class="soft small">by {v.createdBy}</div></td>
        <td>{v.sourceName ?? "package"}{v.parent !== null && <div class="soft small">after version {v.parent}</div>}</td>
        <td class="number nowrap">{bytes(v.size)}</td>
      </tr>)}</tbody>
    </table></div></Panel>}
    {removed > 0 && list !== undefined && list.length > 0 && <p class="soft small">{removed === 1 ? "One more version was" : `${removed} more versions were`} removed; the audit log tells why.</p>}
    {list !== undefined && list.length === 0 && <div class="panel"><Empty icon="models" title="No version any more"><p>Every version was removed. What is offered next begins with the number after the last.</p></Empty></div>}
    {list !== undefined && list.some((v) => v.parent !== null) && <Panel title="Lineage"><Lineage versions={list} /></Panel>}
    {returning !== undefined && <ReturnDialog model={name} alias={returning} onClose={() => setReturning(undefined)} onDone={() => Promise.all([model.reload(), versions.reload()])} />}
    {history !== undefined && <AliasHistory model={name} alias={history} onClose={() => setHistory(undefined)} />}
  </div>;
}

interface AliasActs {
  readonly onHistory: (alias: string) => void;
  /** For whoever may. */
  readonly onReturn: ((alias: string) => void) | undefined;
}

function InUse({ model, ...acts }: { readonly model: ModelDetail } & AliasActs): VNode {
  const names = [...new Set([...model.aliases.map((a) => a.alias), ...Object.keys(model.policies).filter((p) => p !== "*")])];
  if (names.length === 0) {
    return <Panel title="In use"><Empty level={3} icon="play" title="No version is in use yet"><p>An alias such as <strong>production</strong> says which version answers. Open a version and ask for it to be released.</p></Empty></Panel>;
  }
  return <Panel title="In use" flush><div class="scroll"><table>
    <caption class="visually-hidden">Aliases</caption>
    <thead><tr><th scope="col">Alias</th><th scope="col">Version</th><th scope="col">Since</th><th scope="col">To move it</th><th scope="col"><span class="visually-hidden">More</span></th></tr></thead>
    <tbody>{names.map((alias) => <AliasRow key={alias} model={model.name} alias={alias} info={model.aliases.find((a) => a.alias === alias)} policy={model.policies[alias] ?? model.policies["*"]} {...acts} />)}</tbody>
  </table></div></Panel>;
}

function AliasRow({ model, alias, info, policy, onHistory, onReturn }: { readonly model: string; readonly alias: string; readonly info: AliasInfo | undefined; readonly policy: Policy | undefined } & AliasActs): VNode {
  return <tr>
    <th scope="row"><Chip tone={info === undefined ? "plain" : alias === "production" ? "good" : "accent"}>{alias}</Chip></th>
    <td>{info === undefined ? <span class="soft">none yet</span> : <a class="nowrap" href={page.version(model, info.version)}>version {info.version}</a>}</td>
    <td>{info !== undefined && <><Time at={info.updatedAt} /><div class="soft small">by {info.updatedBy}</div></>}</td>
    <td class="small">{policy === undefined ? <span class="soft">whoever may operate</span> : policyText(policy)}</td>
    <td>{info !== undefined && <span class="buttons"><button type="button" class="quiet small" onClick={() => onHistory(alias)}>History<span class="visually-hidden"> of {alias}</span></button>{onReturn !== undefined && info.revision > 1 && <button type="button" class="quiet small" onClick={() => onReturn(alias)}>Go back<span class="visually-hidden"> with {alias}</span></button>}</span>}</td>
  </tr>;
}

