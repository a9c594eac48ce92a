// Where a version comes from, and what is attached to it.

import type { VNode } from "preact";
import { api } from "../../api/paths.ts";
import type { Attachment, Version, VersionDetail } from "../../api/types.ts";
import { useLoad } from "../../lib/load.ts";
import { Chip, Digest, Empty, Facts, Panel, Time } from "../../parts/basics.tsx";
import { Lineage } from "../../parts/lineage.tsx";
import { page } from "../../api/paths.ts";

export function LineageTab({ version }: { readonly version: VersionDetail }): VNode {
  const versions = useLoad<{ readonly versions: readonly Version[] }>(api.versions(version.model));
  return <div class="stack">
    <Panel title="Which version came from which">{versions.data !== undefined && <Lineage versions={versions.data.versions} current={version.version} />}</Panel>
    <Panel title="Origin"><Facts rows={[
      ["Source file", version.sourceName ?? <span class="soft">offered as a package</span>],
      ["Its digest", version.sourceDigest === null ? <span class="soft">not known</span> : <Digest digest={version.sourceDigest} />],
      ["Training data", version.trainingData ?? <span class="soft">not told</span>],
      ["Code commit", version.commit === null ? <span class="soft">not told</span> : <code>{version.commit}</code>],
      ["Made from", version.parent === null ? <span class="soft">no earlier version</span> : <a href={page.version(version.model, version.parent)}>version {version.parent}</a>],
      ["Package", <Digest digest={version.digest} />],
      ["Offered", <><Time at={version.createdAt} /> by {version.createdBy}</>],
    ]} /></Panel>
  </div>;
}

const KIND: Readonly<Record<string, string>> = { "gate-report": "Gate report", signature: "Signature", bom: "Bill of materials", attestation: "Attestation", card: "Card", approval: "Approval" };

export function FilesTab({ version }: { readonly version: VersionDetail }): VNode {
  const all = [...version.attachments].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return <div class="stack">
    <div class={`note ${version.signed ? "good" : ""}`}><strong>{version.signed ? "The package is signed." : "The package is not signed."}</strong><p class="small">{version.signed ? "Whose signature it is, whoever holds the signer's public key can verify: the signature is in the package and in the list below." : "Whoever holds a signing key signs it where the registry is kept, or offers the package again with a signature in it."}</p></div>
    {all.length === 0 ? <Panel><Empty title="Nothing is attached"><p>Gate reports, signatures, cards, approvals and bills of materials are kept here beside the package.</p></Empty></Panel>
      : <Panel title="Attached" flush><div class="scroll"><table><caption class="visually-hidden">Attachments</caption><thead><tr><th scope="col">What</th><th scope="col">When</th><th scope="col">By</th><th scope="col">Type</th><th scope="col">Digest</th></tr></thead>
        <tbody>{all.map((a) => <tr key={a.id}><th scope="row">{KIND[a.kind] ?? a.kind} <Told attachment={a} /></th><td><Time at={a.createdAt} /></td><td>{a.createdBy}</td><td><code>{a.mediaType}</code></td><td><Digest digest={a.digest} /></td></tr>)}</tbody></table></div></Panel>}
  </div>;
}

function Told({ attachment: { summary } }: { readonly attachment: Attachment }): VNode | null {
  const { passed, decision } = (typeof summary === "object" && summary !== null ? summary : {}) as { passed?: unknown; decision?: unknown };
  if (typeof passed === "boolean") return passed ? <Chip tone="good">passed</Chip> : <Chip tone="bad">not passed</Chip>;
  return typeof decision === "string" ? <Chip tone={decision === "approve" ? "good" : "bad"}>{decision}</Chip> : null;
}
