// Small parts of every page.

import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "../api/client.ts";
import type { GateState } from "../api/types.ts";
import { ago, fullTime, shortDigest } from "../lib/format.ts";
import { Icon, type IconName } from "./icons.tsx";
import { toast } from "./toasts.tsx";

export type Tone = "good" | "bad" | "warn" | "accent" | "plain";

export function Chip({ tone = "plain", href, title, children }: { readonly tone?: Tone; readonly href?: string; readonly title?: string; readonly children: ComponentChildren }): VNode {
  const style = `chip ${tone === "plain" ? "" : tone}`;
  return href === undefined ? <span class={style} title={title}>{children}</span> : <a class={style} href={href} title={title}>{children}</a>;
}

export function GateChip({ gate }: { readonly gate: GateState }): VNode {
  switch (gate.state) {
    case "green": return <Chip tone="good" title={gate.at === null ? undefined! : fullTime(gate.at)}>gate passed</Chip>;
    case "red": return <Chip tone="bad">gate not passed</Chip>;
    default: return <Chip>not tested</Chip>;
  }
}

export function Time({ at }: { readonly at: string }): VNode {
  return <time dateTime={at} title={fullTime(at)} class="nowrap">{ago(at)}</time>;
}

export function Loading({ what = "Loading" }: { readonly what?: string }): VNode {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return <p class="loading" role="status" hidden={!slow}>{what} ...</p>;
}

/** What went wrong, with its code and what to do about it. */
export function Failure({ error, retry }: { readonly error: ApiError; readonly retry?: () => void }): VNode {
  const { example, problems: found } = (error.data ?? {}) as { readonly example?: unknown; readonly problems?: unknown };
  const problems = Array.isArray(found) ? found.map(problemText) : [];
  return <div class="note bad" role="alert">
    <strong>{error.message}</strong>
    {problems.length > 1 && <ul class="small">{problems.slice(0, 6).map((p, i) => <li key={i}>{p}</li>)}</ul>}
    {error.hint !== undefined && <p>{example === undefined ? error.hint : error.hint.replace(/data\.example is a valid request\.?/, "This is valid:")}</p>}
    {example !== undefined && <pre class="json" tabIndex={0}>{JSON.stringify(example, null, 1).slice(0, 2000)}</pre>}
    <p class="small soft">Code <code>{error.code}</code></p>
    {retry !== undefined && <div><button type="button" onClick={retry}>Try again</button></div>}
  </div>;
}

function problemText(problem: unknown): string {
  const { row, column, expected, found } = (problem ?? {}) as Readonly<Record<string, unknown>>;
  const where = [row == null ? "" : `row ${String(row)}`, column == null ? "" : `column ${String(column)}`].filter((t) => t !== "").join(", ");
  return `${where}${where === "" ? "" : ": "}expected ${String(expected)}, found ${String(found)}`;
}

export function Empty({ icon, title, children, level = 2 }: { readonly icon?: IconName; readonly title: string; readonly children?: ComponentChildren; readonly level?: 2 | 3 }): VNode {
  return <div class="empty">{icon !== undefined && <Icon name={icon} size={34} />}{level === 2 ? <h2>{title}</h2> : <h3>{title}</h3>}{children}</div>;
}

export function Panel({ title, actions, flush, children, id }: { readonly title?: string; readonly actions?: ComponentChildren; readonly flush?: boolean; readonly children: ComponentChildren; readonly id?: string }): VNode {
  return <section class={`panel ${flush === true ? "flush" : ""}`} aria-label={title} id={id}>
    {title !== undefined && <div class="panel-head"><h2>{title}</h2>{actions}</div>}
    {children}
  </section>;
}

/** A page's first lines. Its heading takes the focus when the page is come to, so that a screen reader begins there. */
export function PageHead({ title, crumbs, children, actions, documentTitle }: { readonly title: ComponentChildren; readonly crumbs?: readonly (readonly [string, string])[]; readonly children?: ComponentChildren; readonly actions?: ComponentChildren; readonly documentTitle: string }): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${documentTitle} · Slipway`;
  }, [documentTitle]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return <header class="head">
    <div>
      {crumbs !== undefined && <nav class="crumbs" aria-label="Where this is"><ol>{crumbs.map(([text, href]) => <li key={href}><a href={href}>{text}</a></li>)}</ol></nav>}
      <h1 tabIndex={-1} ref={heading}>{title}</h1>
      {children}
    </div>
    {actions !== undefined && <div class="buttons">{actions}</div>}
  </header>;
}

export function Digest({ digest }: { readonly digest: string }): VNode {
  return <span class="nowrap"><code title={digest}>{shortDigest(digest)}</code> <CopyButton text={digest} what="the digest" /></span>;
}

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): VNode {
  return <button type="button" class="icon" aria-label={`Copy ${what}`} onClick={() => void navigator.clipboard.writeText(text).then(() => toast(`Copied ${what}.`), () => toast("The browser does not let this page copy."))}><Icon name="copy" size={15} /></button>;
}

/** A button whose work takes a moment; what fails is given to `onError`. */
export function Act({ children, work, onError, className = "", disabled = false }: { readonly children: ComponentChildren; readonly work: () => Promise<unknown>; readonly onError: (error: unknown) => void; readonly className?: string; readonly disabled?: boolean }): VNode {
  const [busy, setBusy] = useState(false);
  return <button type="button" class={className} disabled={busy || disabled} aria-busy={busy} onClick={() => {
    setBusy(true);
    work().catch(onError).finally(() => setBusy(false));
  }}>{children}</button>;
}

export function Field({ id, label, hint, problem, children }: { readonly id: string; readonly label: string; readonly hint?: ComponentChildren; readonly problem?: string | undefined; readonly children: ComponentChildren }): VNode {
  return <div class="field"><label for={id}>{label}</label>{children}{hint !== undefined && <p class="hint" id={`${id}-hint`}>{hint}</p>}{problem !== undefined && <p class="problem" role="alert">{problem}</p>}</div>;
}

export function Facts({ rows }: { readonly rows: readonly (readonly [string, ComponentChildren] | false)[] }): VNode {
  return <dl class="facts">{rows.filter((r) => r !== false).map(([name, value]) => [<dt key={name}>{name}</dt>, <dd>{value}</dd>])}</dl>;
}
