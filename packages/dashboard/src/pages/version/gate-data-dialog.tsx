// The gate with labelled rows: how good the model is, in all and by part, and beside the version that is in use.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../../api/client.ts";
import { api } from "../../api/paths.ts";
import type { ModelDetail, VersionDetail } from "../../api/types.ts";
import { headerOf } from "../../lib/csv-header.ts";
import { useLoad } from "../../lib/load.ts";
import { Failure, Field } from "../../parts/basics.tsx";
import { Dialog } from "../../parts/dialog.tsx";

/** What the server takes. */
const MOST_BYTES = 30 * 2 ** 20;

interface Given {
  readonly name: string;
  readonly text: string;
  readonly columns: readonly string[];
}

export function GateDataDialog({ version, onClose, onStarted }: { readonly version: VersionDetail; readonly onClose: () => void; readonly onStarted: () => Promise<void> }): VNode {
  const model = useLoad<ModelDetail>(api.model(version.model));
  const [given, setGiven] = useState<Given | undefined>(undefined);
  const [target, setTarget] = useState("");
  const [slices, setSlices] = useState<readonly string[]>([]);
  const [baseline, setBaseline] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | string | undefined>(undefined);
  const inputs = new Set(version.signature.columns.filter((c) => c.used).map((c) => c.name));
  const others = (model.data?.aliases ?? []).filter((a) => a.version !== version.version);
  const take = async (file: File | undefined): Promise<void> => {
    setFailure(undefined);
    if (file === undefined) return;
    if (file.size > MOST_BYTES) return setFailure(`${file.name} has more than 30 MB. Larger files are tested with slipway test PACKAGE --data FILE.`);
    const text = await file.text();
    const columns = headerOf(text);
    if (columns.length < 2) return setFailure(`${file.name} is no CSV with a header line.`);
    setGiven({ name: file.name, text, columns });
    setSlices([]);
    setTarget(columns.find((c) => !inputs.has(c)) ?? "");
  };
  const start = async (): Promise<void> => {
    setBusy(true);
    try {
      await send("POST", `${api.version(version.model, version.version)}/gate`, { data: given!.text, target, ...(slices.length === 0 ? {} : { slices }), ...(baseline === "" ? {} : { baseline: Number(baseline) }) });
      await onStarted();
      onClose();
    } catch (error) {
      setFailure(asApiError(error));
      setBusy(false);
    }
  };
  return <Dialog title="Test with labelled rows" onClose={onClose}><form onSubmit={(e) => {
    e.preventDefault();
    void start();
  }}>
    <Field id="gate-file" label="Rows" hint="A CSV with the columns that the model takes and one that says what turned out to be true"><input id="gate-file" type="file" accept=".csv,text/csv" aria-describedby="gate-file-hint" onChange={(e) => void take(e.currentTarget.files?.[0])} /></Field>
    {given !== undefined && <>
      <Field id="gate-target" label="What was true"><select id="gate-target" value={target} onChange={(e) => setTarget(e.currentTarget.value)}>{given.columns.map((c) => <option value={c} key={c}>{c}</option>)}</select></Field>
      <Field id="gate-baseline" label="Compare with" hint="The gate is not passed where this version is worse"><select id="gate-baseline" value={baseline} aria-describedby="gate-baseline-hint" onChange={(e) => setBaseline(e.currentTarget.value)}><option value="">no other version</option>{others.map((a) => <option value={String(a.version)} key={a.alias}>{`${a.alias} (version ${a.version})`}</option>)}</select></Field>
      <fieldset class="stack tight"><legend class="label">Look at the parts by</legend><div class="row">{given.columns.filter((c) => c !== target).slice(0, 30).map((c, i) => <div class="check" key={c}><input type="checkbox" id={`slice-${i}`} checked={slices.includes(c)} onChange={(e) => setSlices(e.currentTarget.checked ? [...slices, c] : slices.filter((s) => s !== c))} /><label for={`slice-${i}`}>{c}</label></div>)}</div></fieldset>
    </>}
    {failure !== undefined && (typeof failure === "string" ? <div class="note bad" role="alert"><p>{failure}</p></div> : <Failure error={failure} />)}
    <div class="buttons"><button type="submit" class="primary" aria-busy={busy} disabled={busy || given === undefined || target === ""}>Run the gate</button><button type="button" onClick={onClose}>Cancel</button></div>
  </form></Dialog>;
}
