// Asking for a version to be released under an alias.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../../api/client.ts";
import { api, page } from "../../api/paths.ts";
import type { AliasInfo, ReleaseRequest, Policy, VersionDetail } from "../../api/types.ts";
import { policyText } from "../../lib/policy.ts";
import { go } from "../../lib/router.ts";
import { Failure, Field } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";

export function AskDialog({ version, policies, aliases, onClose }: { readonly version: VersionDetail; readonly policies: Readonly<Record<string, Policy>>; readonly aliases: readonly AliasInfo[]; readonly onClose: () => void }): VNode {
  const names = [...new Set(["production", ...Object.keys(policies).filter((p) => p !== "*"), ...aliases.map((a) => a.alias)])];
  const [alias, setAlias] = useState("production");
  const [comment, setComment] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const policy = policies[alias] ?? policies["*"];
  const now = aliases.find((a) => a.alias === alias);
  const ask = async (): Promise<void> => {
    setBusy(true);
    try {
      const request = await send<ReleaseRequest>("POST", `${api.model(version.model)}/requests`, { version: version.version, alias, ...(comment.trim() === "" ? {} : { comment: comment.trim() }) });
      go(page.request(request.id));
    } catch (error) {
      setFailure(asApiError(error));
      setBusy(false);
    }
  };
  return <Dialog title={`Ask for version ${version.version} to be released`} onClose={onClose}><form onSubmit={(e) => {
    e.preventDefault();
    void ask();
  }}>
    <Field id="ask-alias" label="As" hint={now === undefined ? `No version is ${alias} yet.` : `Now it is version ${now.version}.`}><select id="ask-alias" value={alias} aria-describedby="ask-alias-hint" onChange={(e) => setAlias(e.currentTarget.value)}>{names.map((n) => <option value={n} key={n}>{n}</option>)}</select></Field>
    <p class="small"><strong>It needs:</strong> {policy === undefined ? "nobody's approval; whoever may operate can release it." : `${policyText(policy)}.`}</p>
    {version.gate.state === "red" && policy?.gate !== undefined && <div class="note warn"><strong>The gate is not passed.</strong><p>It cannot be released like this, whoever approves.</p></div>}
    <Field id="ask-comment" label="Comment" hint="What is new, and why now"><textarea id="ask-comment" rows={3} value={comment} aria-describedby="ask-comment-hint" onInput={(e) => setComment(e.currentTarget.value)} /></Field>
    {failure !== undefined && <Failure error={failure} />}
    <div class="buttons"><button type="submit" class="primary" aria-busy={busy} disabled={busy}>Ask</button><button type="button" onClick={onClose}>Cancel</button></div>
  </form></Dialog>;
}
