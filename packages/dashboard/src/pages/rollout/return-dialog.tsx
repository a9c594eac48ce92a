// Putting an alias back to the version that it named before.

import type { VNode } from "preact";
import { send } from "../../api/client.ts";
import { api } from "../../api/paths.ts";
import { useLoad } from "../../lib/load.ts";
import { Failure, Loading } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { toast } from "../../parts/toasts.tsx";
import { ConfirmDialog } from "./confirm-dialog.tsx";

export function ReturnDialog({ model, alias, onClose, onDone }: { readonly model: string; readonly alias: string; readonly onClose: () => void; readonly onDone: () => Promise<unknown> }): VNode {
  const { data, error } = useLoad<{ readonly from: number; readonly to: number }>(api.rollback(model, alias));
  const title = "Back to the version before";
  if (data === undefined) return <Dialog title={title} onClose={onClose}>{error === undefined ? <Loading /> : <Failure error={error} />}<div class="buttons"><button type="button" onClick={onClose}>Close</button></div></Dialog>;
  return <ConfirmDialog title={title} button="Go back" why="needed" hint="Kept in the audit log" onClose={onClose} work={async (reason) => {
    await send("POST", api.rollback(model), { alias, reason, expected: data.from });
    toast(`${alias} is version ${data.to} again.`);
    await onDone();
  }}><p>{alias} names version {data.to} again, in place of version {data.from}. Where it is loaded still, it answers within a second.</p></ConfirmDialog>;
}
