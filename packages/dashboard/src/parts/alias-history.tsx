// Which versions an alias named, and who moved it.

import type { VNode } from "preact";
import { api, page } from "../api/paths.ts";
import { useLoad } from "../lib/load.ts";
import { Failure, Loading, Time } from "./basics.tsx";
import { Dialog } from "./dialog.tsx";

interface Move {
  readonly version: number | null;
  readonly previous: number | null;
  readonly revision: number;
  readonly at: string;
  readonly by: string;
}

export function AliasHistory({ model, alias, onClose }: { readonly model: string; readonly alias: string; readonly onClose: () => void }): VNode {
  const history = useLoad<{ readonly moves: readonly Move[] }>(`${api.alias(model, alias)}/history`);
  return <Dialog title={`History of ${alias}`} onClose={onClose}>
    {history.error !== undefined && <Failure error={history.error} />}
    {history.data === undefined && history.error === undefined && <Loading />}
    {history.data !== undefined && <div class="scroll"><table class="dense"><thead><tr><th scope="col">Version</th><th scope="col">When</th><th scope="col">By</th></tr></thead>
      <tbody>{history.data.moves.map((move) => <tr key={move.revision}><td>{move.version === null ? "taken away" : <a href={page.version(model, move.version)}>version {move.version}</a>}</td><td><Time at={move.at} /></td><td>{move.by}</td></tr>)}</tbody></table></div>}
    <div class="buttons"><button type="button" onClick={onClose}>Close</button></div>
  </Dialog>;
}
