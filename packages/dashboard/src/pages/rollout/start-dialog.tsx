// Rolling a version out.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { ApiError, asApiError, send } from "../../api/client.ts";
import { api, page } from "../../api/paths.ts";
import type { Rollout } from "../../api/rollout-types.ts";
import type { AliasInfo } from "../../api/types.ts";
import { go } from "../../lib/router.ts";
import { Failure, Field } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";

/** @param aliases those that name another version */
export function StartDialog({ model, version, aliases, onClose }: { readonly model: string; readonly version: number; readonly aliases: readonly AliasInfo[]; readonly onClose: () => void }): VNode {
  const [alias, setAlias] = useState((aliases.find((a) => a.alias === "production") ?? aliases[0]!).alias);
  const [steps, setSteps] = useState("");
  const [comment, setComment] = useState("");
  const [otherwise, setOtherwise] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      const weights = steps.split(/[\s,%]+/).filter((t) => t !== "").map(Number);
      if (weights.some((w) => !Number.isFinite(w))) throw new ApiError(0, "plan-malformed", "The steps are per cents with commas between, such as 5, 50, 100.");
      const made = await send<Rollout>("POST", `${api.model(model)}/rollouts`, { version, alias, plan: { ...(weights.length === 0 ? {} : { steps: weights.map((weight) => ({ weight })) }), ...(otherwise ? { expectChange: true } : {}) }, ...(comment.trim() === "" ? {} : { comment: comment.trim() }) });
      go(page.rollout(made.id));
    } catch (error) {
      setFailure(asApiError(error));
      setBusy(false);
    }
  };
  const now = aliases.find((a) => a.alias === alias)!;
  return <Dialog title={`Roll version ${version} out`} onClose={onClose}><form onSubmit={(e) => {
    e.preventDefault();
    void start();
  }}>
    <p class="small">First it is only compared with the old version, then it answers more and more requests. A bad version is rolled back by itself.</p>
    <Field id="rollout-alias" label="Takes over" hint={`From version ${now.version}.`}><select id="rollout-alias" value={alias} aria-describedby="rollout-alias-hint" onChange={(e) => setAlias(e.currentTarget.value)}>{aliases.map((a) => <option value={a.alias} key={a.alias}>{a.alias}</option>)}</select></Field>
    <Field id="rollout-steps" label="Steps, in per cent" hint="As the configuration says where it is empty: 1, 5, 25, 50, 100 by default"><input id="rollout-steps" placeholder="1, 5, 25, 50, 100" value={steps} aria-describedby="rollout-steps-hint" onInput={(e) => setSteps(e.currentTarget.value)} /></Field>
    <div class="check"><input type="checkbox" id="rollout-otherwise" checked={otherwise} onChange={(e) => setOtherwise(e.currentTarget.checked)} /><label for="rollout-otherwise">It is to answer otherwise: labels judge whether better</label></div>
    <Field id="rollout-comment" label="Comment"><input id="rollout-comment" value={comment} maxLength={2000} onInput={(e) => setComment(e.currentTarget.value)} /></Field>
    {failure !== undefined && <Failure error={failure} />}
    <div class="buttons"><button type="submit" class="primary" aria-busy={busy} disabled={busy}>Begin</button><button type="button" onClick={onClose}>Cancel</button></div>
  </form></Dialog>;
}
