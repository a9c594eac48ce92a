// Offering a file: dropped or chosen, sent with its progress, then its version's page. What is known of where it came
// from goes along.

import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asApiError, send, upload, type ApiError } from "../api/client.ts";
import { api, page, withQuery } from "../api/paths.ts";
import type { ModelSummary, Version } from "../api/types.ts";
import { bytes, percent } from "../lib/format.ts";
import { useLoad } from "../lib/load.ts";
import { isPackage, maybeChecks, notAModel } from "../lib/offered-file.ts";
import { go, type Place } from "../lib/router.ts";
import { Empty, Failure, Field, PageHead } from "../parts/basics.tsx";
import { DropTarget, takeDropped } from "../parts/drop.tsx";
import { Icon } from "../parts/icons.tsx";
import { toast } from "../parts/toasts.tsx";
import { useSession } from "../session.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const ENDINGS = /(?:\.(?:pkl|pickle|joblib|sav|gz|bz2|xz|lzma|z|lz4|onnx|keras|h5|hdf5|tflite|pt2|pth?|cbm|ubj|json|pmml|slip|zip|tar|txt))+$/i;

export function OfferPage({ place }: { readonly place: Place }): VNode {
  const { may } = useSession();
  const known = place.query.get("model") ?? "";
  const [chosen] = useState(() => sorted(takeDropped()));
  const [file, setFile] = useState<File | undefined>(chosen.model);
  const [check, setCheck] = useState<File | undefined>(chosen.check);
  const [name, setName] = useState(known);
  const [named, setNamed] = useState(known !== "");
  const [parent, setParent] = useState(place.query.get("parent") ?? "");
  const [data, setData] = useState("");
  const [commit, setCommit] = useState("");
  const [gate, setGate] = useState(true);
  const [sent, setSent] = useState<number | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const stop = useRef<AbortController | undefined>(undefined);
  const input = useRef<HTMLInputElement>(null);
  const checkInput = useRef<HTMLInputElement>(null);
  const models = useLoad<{ readonly models: readonly ModelSummary[] }>(withQuery(api.models, { limit: 100 }));
  useEffect(() => {
    if (file !== undefined && !named && notAModel(file.name) === undefined) setName(nameOf(file.name));
  }, [file]);
  useEffect(() => () => stop.current?.abort(), []);

  if (!may("offer")) return <div class="page narrow"><PageHead title="Offer a model" documentTitle="Offer a model" /><div class="panel"><Empty icon="key" title="Your roles do not allow this"><p>Models are offered by people with the role developer. Whoever makes the keys here can give it to you.</p></Empty></div></div>;
  const badName = name !== "" && !NAME.test(name);
  const badParent = parent !== "" && !/^[1-9]\d{0,8}$/.test(parent);
  const wrongFile = file === undefined ? undefined : notAModel(file.name);
  // A package was checked when it was made.
  const wantsCheck = file !== undefined && wrongFile === undefined && !isPackage(file.name);
  const existing = models.data?.models.find((m) => m.name === name);
  const ready = file !== undefined && wrongFile === undefined && name !== "" && !badName && !badParent && sent === undefined;

  const take = (files: readonly File[]): void => {
    const { model, check: rows } = sorted(files);
    // Rows alone, where a model is chosen already, are what it is checked with.
    if (model !== undefined && files.length === 1 && maybeChecks(model.name) && notAModel(model.name) !== undefined && wantsCheck) return setCheck(model);
    setFile(model);
    // Rows that were taken for the model stay, beside it.
    const before = file !== undefined && notAModel(file.name) !== undefined && maybeChecks(file.name) ? file : undefined;
    if (rows !== undefined) setCheck(rows);
    else if (before !== undefined && model !== undefined && notAModel(model.name) === undefined) setCheck(before);
  };
  const offer = async (): Promise<void> => {
    if (file === undefined) return;
    setFailure(undefined);
    setSent(0);
    stop.current = new AbortController();
    try {
      const version = await upload<Version>(withQuery(api.versions(name), { parent, data, commit, file: file.name }), check !== undefined && wantsCheck ? formOf(file, check) : file, setSent, stop.current.signal);
      if (gate) await send("POST", `${api.version(name, version.version)}/gate`).catch(() => undefined);
      toast(`${name} has version ${version.version}.`);
      go(page.version(name, version.version, gate ? "gate" : ""));
    } catch (error) {
      const failed = asApiError(error);
      // A package has its own name; it is taken over, to be offered there.
      const own = (failed.data as { readonly name?: unknown } | undefined)?.name;
      if (failed.code === "offer-misnamed" && typeof own === "string") setName(own);
      if (failed.code !== "aborted") setFailure(failed);
      setSent(undefined);
    }
  };

  return <div class="page narrow">
    <PageHead title={known === "" ? "Offer a model" : `Offer a version of ${known}`} documentTitle="Offer a model" crumbs={[["Models", page.models], ...(known === "" ? [] : [[known, page.model(known)] as const])]}>
      <p class="soft">The file is read, never run. Its preprocessing is compiled along, and the gate tests it before anyone uses it.</p>
    </PageHead>
    <form class="stack" noValidate onSubmit={(e) => {
      e.preventDefault();
      if (ready) void offer();
    }}>
      <DropTarget className="drop" onFiles={take}>
        <Icon name="upload" size={32} />
        {file === undefined ? <><p><strong>Drop the model's file here</strong></p><p class="soft small">pickle, joblib, XGBoost, LightGBM, CatBoost, Keras, TensorFlow Lite, PyTorch (ExportedProgram), ONNX, PMML, or a Slipway package (.slip)</p></>
          : <p><strong>{file.name}</strong> <span class="soft">{bytes(file.size)}</span></p>}
        <input ref={input} type="file" id="file" class="visually-hidden" tabIndex={-1} aria-label="The model's file" onChange={(e) => take([...(e.currentTarget.files ?? [])])} />
        <button type="button" onClick={() => input.current?.click()} disabled={sent !== undefined}>{file === undefined ? "Choose a file" : "Choose another file"}</button>
      </DropTarget>
      {wrongFile !== undefined && <div class="note bad" role="alert"><strong>This is no model.</strong><p>{wrongFile}</p></div>}
      {wantsCheck && <div class="panel">
        <div class="row between"><div class="tight"><span class="label" id="check-label">Check file</span><p class="soft small" id="check-hint">{check === undefined ? "Rows with the model's columns and, beside them, what it predicted in the notebook (CSV or JSON). The model has to answer the same here, and the gate is run with them." : <><strong>{check.name}</strong> {bytes(check.size)}. The model has to answer what stands there.</>}</p></div>
          <input ref={checkInput} type="file" id="check" accept=".csv,.tsv,.json,.jsonl,.ndjson" class="visually-hidden" tabIndex={-1} aria-label="The check file" onChange={(e) => setCheck(e.currentTarget.files?.[0] ?? undefined)} />
          <div class="buttons"><button type="button" aria-describedby="check-label check-hint" onClick={() => checkInput.current?.click()} disabled={sent !== undefined}>{check === undefined ? "Choose a check file" : "Choose another check file"}</button>{check !== undefined && <button type="button" class="quiet" onClick={() => setCheck(undefined)} disabled={sent !== undefined}>Without it</button>}</div></div>
      </div>}
      <div class="panel">
        <Field id="name" label="Name of the model" hint={existing === undefined ? "Letters, digits, '.', '_' and '-'. A new name begins a new model." : `${existing.name} exists: this becomes its next version.`} problem={badName ? "Begin with a letter or digit; then letters, digits, '.', '_' and '-', 128 at most." : undefined}>
          <input id="name" list="names" autoComplete="off" spellcheck={false} value={name} aria-describedby="name-hint" aria-invalid={badName} onInput={(e) => {
            setNamed(true);
            setName(e.currentTarget.value);
          }} />
        </Field>
        <datalist id="names">{models.data?.models.map((m) => <option value={m.name} key={m.name} />)}</datalist>
        <details><summary>Where it comes from (helps whoever has to approve it)</summary><div class="stack" style={{ paddingTop: ".8rem" }}>
          <Field id="data" label="Training data" hint="A name or an address of the data it was fitted on"><input id="data" value={data} aria-describedby="data-hint" onInput={(e) => setData(e.currentTarget.value)} /></Field>
          <Field id="commit" label="Code commit" hint="Of the notebook or script"><input id="commit" spellcheck={false} value={commit} aria-describedby="commit-hint" onInput={(e) => setCommit(e.currentTarget.value)} /></Field>
          <Field id="parent" label="Made from version" hint="The version that it replaces or was tuned from" problem={badParent ? "A version's number." : undefined}><input id="parent" inputMode="numeric" value={parent} aria-describedby="parent-hint" aria-invalid={badParent} onInput={(e) => setParent(e.currentTarget.value)} /></Field>
        </div></details>
        <div class="check"><input type="checkbox" id="gate" checked={gate} onChange={(e) => setGate(e.currentTarget.checked)} /><label for="gate">Run the gate at once</label></div>
      </div>
      {failure !== undefined && <Failure error={failure} />}
      {sent !== undefined && <div class="tight" role="status"><label for="sent">{sent < 1 ? `Sending, ${percent(sent)}` : "Sent. Now it is read and compiled ..."}</label><progress id="sent" max={1} value={sent < 1 ? sent : undefined} /></div>}
      <div class="buttons"><button type="submit" class="primary" disabled={!ready}>Offer it</button>{sent !== undefined && <button type="button" onClick={() => stop.current?.abort()}>Stop</button>}{(file === undefined || wrongFile !== undefined) && <span class="soft small">Choose a model's file first.</span>}</div>
    </form>
  </div>;
}

/** Of files that were chosen or dropped together, the model and its rows. */
function sorted(files: readonly File[]): { readonly model: File | undefined; readonly check: File | undefined } {
  const model = files.find((f) => notAModel(f.name) === undefined && !(files.length > 1 && maybeChecks(f.name))) ?? files[0];
  return { model, check: files.find((f) => f !== model && maybeChecks(f.name)) };
}

function formOf(model: File, check: File): FormData {
  const form = new FormData();
  form.set("model", model);
  form.set("check", check);
  return form;
}

/** A model's name from a file's: "Churn model (v2).pkl" gives "churn-model-v2". */
function nameOf(file: string): string {
  const slug = file.replace(ENDINGS, "").normalize("NFKD").toLowerCase().replace(/[^a-z0-9._]+/g, "-").replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return slug.slice(0, 128) || "model";
}
