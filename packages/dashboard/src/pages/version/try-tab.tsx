// Asking the model: a field for every column, or rows as JSON for other layouts; the answer as bars, and the same
// question as a line for a terminal. Only versions that an alias names are served.

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { asApiError, send, type ApiError } from "../../api/client.ts";
import type { Column, Output, Scalar, Signature, VersionDetail } from "../../api/types.ts";
import { numberText, percent } from "../../lib/format.ts";
import { CopyButton, Empty, Failure, Field, Panel } from "../../parts/basics.tsx";

type Row = Readonly<Record<string, unknown>>;
interface Answer {
  readonly predictions: readonly Row[];
  readonly model: { readonly name: string; readonly version: string };
}
const MAX_FIELDS = 60;
const MAX_CHOICES = 100;

export function TryTab({ version }: { readonly version: VersionDetail }): VNode {
  const { signature } = version;
  const columns = signature.columns.filter((c) => c.used);
  const asFields = signature.layout === "columns" && columns.length <= MAX_FIELDS;
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>(() => Object.fromEntries(columns.map((c) => [c.name, textOf(exampleOf(c))])));
  const [json, setJson] = useState(() => exampleJson(signature, columns));
  const [answer, setAnswer] = useState<Answer | undefined>(undefined);
  const [failure, setFailure] = useState<ApiError | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  if (version.aliases.length === 0) {
    return <Panel><Empty icon="play" title="This version is not served"><p>Versions that an alias names are loaded and can be asked. Ask for this one to be released, or for an alias such as <strong>staging</strong> to name it.</p></Empty></Panel>;
  }
  const address = `/models/${encodeURIComponent(version.model)}/versions/${version.version}/predict`;
  const body = asFields ? JSON.stringify([rowOf(columns, texts)]) : json;
  const ask = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    try {
      setAnswer(await send<Answer>("POST", address, JSON.parse(body)));
    } catch (error) {
      setAnswer(undefined);
      setFailure(error instanceof SyntaxError ? asApiError(new Error(`This is not JSON: ${error.message}`)) : asApiError(error));
    } finally {
      setBusy(false);
    }
  };
  const curl = `curl ${location.origin}${address} -H 'content-type: application/json' -d '${body.replaceAll("'", String.raw`'\''`)}'`;
  return <div class="grid2 even">
    <form class="panel" aria-label="Ask the model" noValidate onSubmit={(e) => {
      e.preventDefault();
      void ask();
    }}>
      <div class="panel-head"><h2>Ask it</h2></div>
      {asFields ? <div class="fields">{columns.map((c, i) => <ColumnField column={c} id={`c${i}`} value={texts[c.name] ?? ""} onValue={(v) => setTexts((t) => ({ ...t, [c.name]: v }))} key={c.name} />)}</div>
        : <Field id="rows" label="Rows as JSON"><textarea id="rows" class="mono" rows={12} spellcheck={false} value={json} onInput={(e) => setJson(e.currentTarget.value)} /></Field>}
      <div class="buttons"><button type="submit" class="primary" aria-busy={busy} disabled={busy}>Predict</button></div>
    </form>
    <section class="panel" aria-label="Answer">
      <div class="panel-head"><h2>Answer</h2></div>
      <div aria-live="polite" class="stack">
        {failure !== undefined && <Failure error={failure} />}
        {answer === undefined && failure === undefined && <p class="soft">Change the example if you like, then press Predict.</p>}
        {answer?.predictions.slice(0, 20).map((row, i) => <AnswerRow row={row} outputs={signature.outputs} key={i} />)}
      </div>
      <details><summary>The same from a terminal</summary><div class="row between small" style={{ padding: ".5rem 0" }}><span class="soft">With a key: -H "authorization: Bearer $KEY"</span><CopyButton text={curl} what="the command" /></div><pre tabIndex={0}>{curl}</pre></details>
    </section>
  </div>;
}

function ColumnField({ column: c, id, value, onValue }: { readonly column: Column; readonly id: string; readonly value: string; readonly onValue: (value: string) => void }): VNode {
  const choices = c.categories ?? (isFlag(c) ? [true, false] : []);
  const closed = choices.length > 0 && choices.length <= MAX_CHOICES && (c.unknown !== "allowed" || isFlag(c));
  const hint = `${isFlag(c) ? "true or false" : { double: "number", int64: "whole number", boolean: "true or false", string: "text" }[c.type]}${c.range === undefined || isFlag(c) ? "" : `, ${numberText(c.range[0])} to ${numberText(c.range[1])}`}${c.missing === "allowed" ? ", may be empty" : ""}`;
  return <Field id={id} label={c.name} hint={hint}>
    {closed ? <select id={id} value={value} aria-describedby={`${id}-hint`} onChange={(e) => onValue(e.currentTarget.value)}>{c.missing === "allowed" && <option value="">(missing)</option>}{choices.map((v) => <option value={String(v)} key={String(v)}>{String(v)}</option>)}</select>
      : <><input id={id} list={choices.length > 0 ? `${id}-list` : undefined} inputMode={c.type === "string" ? "text" : "decimal"} autoComplete="off" spellcheck={false} value={value} aria-describedby={`${id}-hint`} onInput={(e) => onValue(e.currentTarget.value)} />{choices.length > 0 && <datalist id={`${id}-list`}>{choices.slice(0, 300).map((v) => <option value={String(v)} key={String(v)} />)}</datalist>}</>}
  </Field>;
}

function AnswerRow({ row, outputs }: { readonly row: Row; readonly outputs: readonly Output[] }): VNode {
  const label = outputs.find((o) => o.kind === "label" || o.kind === "value");
  const bars = outputs.find((o) => o.kind === "probabilities");
  return <div class="stack">
    {label !== undefined && row[label.name] !== undefined && <p><span class="soft small">{label.name}</span><br /><span class="big-answer">{shown(row[label.name])}</span></p>}
    {bars !== undefined && <Bars entries={entriesOf(row[bars.name], bars)} />}
    {outputs.filter((o) => o !== label && o !== bars && row[o.name] !== undefined).map((o) => <p key={o.name} class="small"><span class="soft">{o.name}</span> {shown(row[o.name])}</p>)}
    {row["error"] !== undefined && <pre class="json">{JSON.stringify(row["error"], null, 2)}</pre>}
  </div>;
}

function Bars({ entries }: { readonly entries: readonly (readonly [string, number])[] }): VNode {
  const sorted = [...entries].sort((a, b) => b[1] - a[1]).slice(0, 12);
  return <div class="answer-bars">{sorted.map(([name, share]) => <div class="bar-line" key={name}><span>{name}</span><span class="track" aria-hidden="true"><span class="fill" style={{ display: "block", width: `${Math.max(0, Math.min(1, share)) * 100}%` }} /></span><span class="value">{percent(share)}</span></div>)}</div>;
}

function entriesOf(value: unknown, output: Output): (readonly [string, number])[] {
  if (Array.isArray(value)) return value.flatMap((v, i) => (typeof v === "number" ? [[String(output.columns?.[i] ?? i), v] as const] : []));
  if (typeof value === "object" && value !== null) return Object.entries(value).flatMap(([k, v]) => (typeof v === "number" ? [[k, v] as const] : []));
  return [];
}
function shown(value: unknown): string {
  if (typeof value === "number") return numberText(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}
function textOf(value: Scalar | null): string {
  return value === null ? "" : String(value);
}
/** What a person typed, in the column's type; what does not fit goes as it is, and the server says what is wrong with it. */
function rowOf(columns: readonly Column[], texts: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(columns.map((c) => {
    const text = texts[c.name] ?? "";
    if (text === "") return [c.name, null];
    if (isFlag(c)) return [c.name, text === "true" ? true : text === "false" ? false : text];
    if (c.type === "string") return [c.name, text];
    const number = Number(text);
    return [c.name, Number.isNaN(number) ? text : number];
  }));
}
/** Truth values, by its type or as every row of the check file had them. */
function isFlag(c: Column): boolean {
  return c.categories === undefined && (c.type === "boolean" || c.seen === "boolean");
}
/** A value that the column takes: the check file's first, a known category, the middle of what was seen. */
function exampleOf(c: Column): Scalar | null {
  if (isFlag(c)) return c.example === true || c.example === 1;
  if (c.example !== undefined && c.example !== null) return c.example;
  if (c.categories?.[0] !== undefined) return c.categories[0];
  if (c.missing === "allowed" && c.range === undefined) return null;
  if (c.type === "string") return "a text";
  const middle = c.range === undefined ? 0 : (c.range[0] + c.range[1]) / 2;
  return c.type === "int64" ? Math.round(middle) : Number(middle.toPrecision(4));
}
function exampleJson(signature: Signature, columns: readonly Column[]): string {
  if (signature.layout === "text") return JSON.stringify([columns[0]?.example ?? "a text"]);
  if (signature.layout === "matrix") return JSON.stringify([columns.map((c) => exampleOf(c) ?? 0)]);
  if (signature.layout === "tensors") return JSON.stringify({ inputs: Object.fromEntries((signature.tensors ?? []).map((t) => [t.name, zeros(t.shape.map((s) => (typeof s === "number" && s > 0 ? s : 1)))])) });
  return JSON.stringify([Object.fromEntries(columns.map((c) => [c.name, exampleOf(c)]))], null, 1);
}
function zeros(shape: readonly number[]): unknown {
  const [first, ...rest] = shape;
  if (first === undefined) return 0;
  return Array.from({ length: Math.min(first, 300) }, () => zeros(rest));
}
