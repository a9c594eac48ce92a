// Trainings for people.

import type { RetrainList, ShownRetrain } from "../../registry-api/index.ts";
import type { HeldTrigger, Retrain, RetrainSetup } from "../../retrain/index.ts";
import { minute } from "../registry/with-registry.ts";
import { textTable } from "../table.ts";

export function listText({ retrains, models }: RetrainList): string {
  return [
    ...(retrains.length === 0 ? [] : [textTable(["training", "model", "cause", "state", "version", "begun (UTC)", "by", "why"], retrains.map((r) => [r.id, r.model, r.cause, r.state, r.version === null ? "-" : String(r.version), minute(r.createdAt), r.createdBy, r.reason]))]),
    ...models.flatMap(setupLines),
  ].join("\n");
}
function setupLines({ model, triggers, outside, restsUntil, held }: RetrainSetup): string[] {
  const how = `${model}: ${triggers.length === 0 ? "trained when somebody asks" : `trained because of ${triggers.join(", ")}`}${outside ? ", by an outside service" : ""}`;
  return [`${how}${restsUntil === null ? "" : `; no trigger begins one before ${minute(restsUntil)} UTC`}`, ...(held === null ? [] : [`  held back: ${heldText(held)}`])];
}
export function heldText({ cause, evidence, reason }: HeldTrigger): string {
  return `${cause} (${evidenceText(evidence)}) is met; ${reason}`;
}

export function retrainText(r: ShownRetrain): string {
  const { model, alias, parent, version, events, output } = r;
  return [
    `${model} is trained anew${parent === null ? "" : `, after ${model}:${parent}`}, for ${alias}: ${r.state}${r.reason === "" ? "" : `: ${r.reason}`}`,
    `training ${r.id}, begun ${minute(r.createdAt)} UTC by ${r.createdBy}${r.endedAt === null ? "" : `, ended ${minute(r.endedAt)}`}`,
    `cause: ${r.cause}${Object.keys(r.evidence).length === 0 ? "" : ` (${evidenceText(r.evidence)})`}`,
    ...(version === null ? [] : [`version ${model}:${version}, gate ${r.gate}${r.request === null ? "" : `, request ${r.request}`}${r.rollout === null ? "" : `, rollout ${r.rollout}`}`]),
    ...(events.length === 0 ? [] : ["", textTable(["when (UTC)", "stage", "by", ""], events.map((e) => [e.at.slice(0, 19).replace("T", " "), e.state, e.actor, e.text]))]),
    ...(output === "" ? [] : ["", "the program printed:", ...output.trimEnd().split("\n").map((line) => `  ${line}`)]),
  ].join("\n");
}

/** `accuracy is 0.83, below 0.88` where it is a metric, names and values otherwise. */
export function evidenceText(evidence: Readonly<Record<string, unknown>>): string {
  const { name, value, below, above, rows } = evidence;
  if (typeof name === "string" && typeof value === "number") {
    const bar = typeof below === "number" && value < below ? `, below ${below}` : typeof above === "number" && value > above ? `, above ${above}` : "";
    return `${name} is ${Number(value.toPrecision(4))}${bar}${typeof rows === "number" ? ` on ${rows.toLocaleString("en")} rows` : ""}`;
  }
  return Object.entries(evidence).filter(([, v]) => v !== null).map(([key, v]) => `${key} ${Array.isArray(v) ? v.map((x) => (typeof x === "object" ? JSON.stringify(x) : String(x))).join(", ") : typeof v === "object" ? JSON.stringify(v) : String(v)}`).join("; ");
}

/** What was printed since; all of it where the beginning has been dropped. */
export function printedSince(before: string, now: string): string {
  if (now.startsWith(before)) return now.slice(before.length);
  const end = before.slice(-200);
  const at = now.lastIndexOf(end);
  return at < 0 ? now : now.slice(at + end.length);
}

export function beginsText({ model, state }: Retrain): string {
  return state === "waiting" ? `${model}: an outside service hears of it and hands a version in` : `${model}: slipway up runs the program`;
}
