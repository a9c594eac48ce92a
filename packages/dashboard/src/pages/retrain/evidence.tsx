// Why a model is trained anew, in words and as a list.

import type { ComponentChildren, VNode } from "preact";
import { numberText } from "../../lib/format.ts";
import { Chip, Facts, Time } from "../../parts/basics.tsx";

const CAUSES: Readonly<Record<string, string>> = { metric: "a metric", estimate: "an estimated metric", drift: "drift", "new-labels": "new labels", newLabels: "new labels", age: "its age", schedule: "the clock" };

/** A trigger by its name, or who began it. */
export function causeText(cause: string): string {
  return CAUSES[cause] ?? `asked for by ${cause}`;
}

export function evidenceText(evidence: Readonly<Record<string, unknown>>): string {
  const { name, value, below, above, columns, labels, days } = evidence;
  if (typeof name === "string" && typeof value === "number") return `${name} is ${numberText(value)}${typeof below === "number" && value < below ? `, below ${below}` : typeof above === "number" && value > above ? `, above ${above}` : ""}`;
  if (Array.isArray(columns)) return columns.map(String).join(", ");
  if (typeof labels === "number") return `${labels.toLocaleString("en")} labels`;
  if (typeof days === "number") return `${days} days old`;
  return typeof name === "string" ? name : "";
}

const NAMES: Readonly<Record<string, string>> = {
  name: "Metric", value: "It is", below: "Too low below", above: "Too high above", rows: "Rows with a label", least: "At least so many rows", stretch: "Length of a stretch", begins: "From", ends: "To", since: "Since", columns: "Columns that drifted",
  labels: "New labels", createdAt: "Offered", days: "Days old", schedule: "Schedule", due: "Due", stretches: "Stretches",
};

export function Evidence({ evidence }: { readonly evidence: Readonly<Record<string, unknown>> }): VNode {
  const place = (key: string): number => Object.keys(NAMES).indexOf(key) + (key in NAMES ? 0 : 100);
  const entries = Object.entries(evidence).filter(([, v]) => v !== null && v !== undefined).sort(([a], [b]) => place(a) - place(b));
  return <Facts rows={entries.map(([key, value]) => [NAMES[key] ?? key, shown(key, value)] as const)} />;
}
function shown(key: string, value: unknown): ComponentChildren {
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT/.test(value) ? <Time at={value} /> : value;
  if (typeof value === "number") return key === "stretch" ? `${numberText(value / 60_000)} minutes` : numberText(value);
  if (Array.isArray(value)) return value.every((v) => typeof v === "string") ? <span class="chips">{value.map((v) => <Chip key={v}>{v}</Chip>)}</span> : value.map((v, i) => <div key={i}>{typeof v === "object" && v !== null ? evidenceOf(v as Readonly<Record<string, unknown>>) : String(v)}</div>);
  return String(value);
}
/** One stretch of an estimate. */
function evidenceOf({ value, rows, ends }: Readonly<Record<string, unknown>>): VNode {
  return <>{typeof value === "number" && numberText(value)}{typeof rows === "number" && ` on ${rows.toLocaleString("en")} rows`}{typeof ends === "string" && <>, until <Time at={ends} /></>}</>;
}
