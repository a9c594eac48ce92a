// What is the matter with a model, as people are told: what changed, since when, what to do next.

import type { AlertRuleSettings } from "../../config/index.ts";

/** What a rule finds now. */
export interface Matter {
  readonly rule: string;
  readonly on: AlertRuleSettings["on"];
  readonly severity: AlertRuleSettings["severity"];
  readonly cooldownMs: number;
  readonly model: string;
  readonly version: string;
  /** A column, an output or a finding; empty where the whole model is meant. */
  readonly subject: string;
  readonly summary: string;
  /** ISO 8601; when it began, where that is known. */
  readonly since: string | null;
  readonly next: string;
  /** The two distributions as text, for messages that hold no pictures. */
  readonly picture: string | null;
}
/** The same, with what became of it. */
export interface Alert extends Omit<Matter, "cooldownMs"> {
  readonly id: string;
  readonly state: "firing" | "resolved";
  readonly firstAt: string;
  readonly lastAt: string;
  readonly resolvedAt: string | null;
}
/** What is sent at once: everything of one model. */
export interface Message {
  readonly id: string;
  readonly model: string;
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
  /** Where it can be looked at; null where that is not known. */
  readonly link: string | null;
}

const STEPS = "▁▂▃▄▅▆▇█";

/** Shares as a row of blocks. */
export function sparkline(shares: readonly number[], most: number = Math.max(...shares)): string {
  return shares.map((s) => STEPS[Math.min(STEPS.length - 1, Math.floor((s / Math.max(1e-9, most)) * STEPS.length))]!).join("");
}
