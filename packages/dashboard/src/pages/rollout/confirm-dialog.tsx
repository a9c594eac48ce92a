// Asks again before something that everybody will notice.

import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, type ApiError } from "../../api/client.ts";
import { Failure, Field } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";

export function ConfirmDialog({ title, button, why = false, hint = "Kept with the rollout", children, work, onClose }: { readonly title: string; readonly button: string; readonly why?: boolean | "needed"; readonly hint?: string; readonly children: ComponentChildren; readonly work: (reason: string) => Promise<void>; readonly onClose: () => void }): VNode {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  return <Dialog title={title} onClose={onClose}><form onSubmit={(e) => {
    e.preventDefault();
    setBusy(true);
    work(reason.trim()).then(onClose, (error: unknown) => {
      setFailure(asApiError(error));
      setBusy(false);
    });
  }}>
    {children}
    {why !== false && <Field id="why" label="Why" hint={hint}><input id="why" value={reason} maxLength={2000} required={why === "needed"} aria-describedby="why-hint" onInput={(e) => setReason(e.currentTarget.value)} /></Field>}
    {failure !== undefined && <Failure error={failure} />}
    <div class="buttons"><button type="submit" class="primary" disabled={busy} aria-busy={busy}>{button}</button><button type="button" onClick={onClose}>Cancel</button></div>
  </form></Dialog>;
}
