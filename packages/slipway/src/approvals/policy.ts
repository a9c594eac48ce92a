// What an alias asks of a version, and whether it has it. Pure: the same answer for the same evidence, so that it can be
// asked for a page and again inside the transaction that moves the alias.

import type { ApprovalSettings } from "../config/index.ts";
import { approvalError } from "./errors.ts";
import { samePerson } from "./person.ts";

export interface Policy extends ApprovalSettings {
  /** The key in the configuration: an alias, or `*`. */
  readonly name: string;
}

export interface CountedApproval {
  readonly person: string;
  /** The one group that they spoke for, where they said so. */
  readonly as: string | null;
}
export interface Evidence {
  /** Who offered the version. */
  readonly author: string;
  /** One a person. */
  readonly approvals: readonly CountedApproval[];
  /** The version's last gate report. `at`: ISO 8601. */
  readonly gate: { readonly state: "green" | "red" | "none"; readonly at: string | null };
  readonly signed: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface Missing {
  readonly what: "approvals" | "group" | "gate" | "signature";
  /** For people. */
  readonly text: string;
  readonly group?: string;
  readonly need?: number;
  readonly have?: number;
}
export interface Verdict {
  readonly met: boolean;
  readonly missing: readonly Missing[];
  /** Who counts, and for which group. */
  readonly counted: readonly { readonly person: string; readonly group: string | null }[];
}

const GROUP = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The policies of a configuration. @throws policy-invalid */
export function readPolicies(settings: Readonly<Record<string, ApprovalSettings>> = {}): readonly Policy[] {
  return Object.entries(settings).map(([name, policy]) => {
    if (name !== "*" && !/^[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(name)) throw approvalError("policy-invalid", `approvals.${name.slice(0, 100)}: this cannot be an alias`, { hint: "Begin with a letter; letters, digits, '.', '_' and '-'. * stands for every other alias." });
    const wrong = Object.keys(policy.groups ?? {}).find((group) => !GROUP.test(group));
    if (wrong !== undefined) throw approvalError("policy-invalid", `approvals.${name}.groups: ${JSON.stringify(wrong.slice(0, 100))} cannot be a group`);
    return { ...policy, name };
  });
}

/** The policy that an alias of a model has: its own, else that of `*`. */
export function policyFor(policies: readonly Policy[], model: string, alias: string): Policy | undefined {
  const concerns = ({ models }: Policy): boolean => models === undefined || models.some((name) => (name.endsWith("*") ? model.startsWith(name.slice(0, -1)) : name === model));
  return policies.find((p) => p.name === alias && concerns(p)) ?? policies.find((p) => p.name === "*" && concerns(p));
}

export function evaluatePolicy(policy: Policy, evidence: Evidence): Verdict {
  const missing: Missing[] = [];
  const eligible = evidence.approvals.filter((a, i, all) => (policy.author || !samePerson(a.person, evidence.author)) && all.findIndex((b) => samePerson(a.person, b.person)) === i);
  if (eligible.length < policy.approvals) {
    const need = policy.approvals - eligible.length;
    missing.push({ what: "approvals", text: `${need} more ${need === 1 ? "person has" : "people have"} to approve (${eligible.length} of ${policy.approvals})`, need: policy.approvals, have: eligible.length });
  }
  for (const [group, need] of Object.entries(policy.groups ?? {})) {
    const have = eligible.filter((a) => a.as === group).length;
    if (have < need) missing.push({ what: "group", group, need, have, text: `${need - have} approval${need - have === 1 ? "" : "s"} of the group ${group} ${need - have === 1 ? "is" : "are"} missing (${have} of ${need})` });
  }
  if (policy.gate !== undefined) {
    const { state, at } = evidence.gate;
    const age = at === null ? Infinity : evidence.now - Date.parse(at);
    if (state === "none") missing.push({ what: "gate", text: "the version has no gate report" });
    else if (state === "red") missing.push({ what: "gate", text: `the last gate report, of ${at ?? "an unknown time"}, is red` });
    else if (!(age <= policy.gate)) missing.push({ what: "gate", text: `the last gate report is of ${at ?? "an unknown time"}; it may be ${duration(policy.gate)} old` });
  }
  if (policy.signed && !evidence.signed) missing.push({ what: "signature", text: "the package has no signature by a trusted key" });
  return { met: missing.length === 0, missing, counted: eligible.map((a) => ({ person: a.person, group: a.as })) };
}

function duration(ms: number): string {
  for (const [unit, size] of [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size} ${unit}${ms === size ? "" : "s"}`;
  }
  return `${ms / 1000} seconds`;
}
