import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveConfig, SERVE_SETTINGS } from "../config/index.ts";
import { evaluatePolicy, policyFor, readPolicies, type CountedApproval, type Evidence, type Policy } from "./policy.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-06-15T12:00:00Z");
const production: Policy = { name: "production", approvals: 2, groups: { business: 1 }, author: false, gate: 7 * DAY, signed: true, expires: 14 * DAY, rollback: true };
const by = (person: string, as: string | null = null): CountedApproval => ({ person, as });
const good: Evidence = { author: "dana", approvals: [by("anna", "business"), by("otto", "operations")], gate: { state: "green", at: new Date(NOW - DAY).toISOString() }, signed: true, now: NOW };
const missing = (evidence: Partial<Evidence>, policy: Partial<Policy> = {}) => evaluatePolicy({ ...production, ...policy }, { ...good, ...evidence }).missing.map((m) => m.what);

describe("a policy", () => {
  it("is met by two people, one of business, a green and recent gate and a signature", () => {
    expect(evaluatePolicy(production, good)).toEqual({ met: true, missing: [], counted: [{ person: "anna", group: "business" }, { person: "otto", group: "operations" }] });
  });
  it.each<[string, Partial<Evidence>, string[]]>([
    ["one person", { approvals: [by("anna", "business")] }, ["approvals"]],
    ["nobody of business", { approvals: [by("otto"), by("eva")] }, ["group"]],
    ["the author as one of two", { approvals: [by("anna", "business"), by("Dana ")] }, ["approvals"]],
    ["the author as the one of business", { approvals: [by("dana", "business"), by("otto"), by("eva")] }, ["group"]],
    ["one person under two spellings", { approvals: [by("anna", "business"), by("ANNA", "operations")] }, ["approvals"]],
    ["somebody of business who spoke for operations", { approvals: [by("anna", "operations"), by("otto")] }, ["group"]],
    ["a red gate", { gate: { state: "red", at: new Date(NOW).toISOString() } }, ["gate"]],
    ["no gate", { gate: { state: "none", at: null } }, ["gate"]],
    ["a gate of eight days ago", { gate: { state: "green", at: new Date(NOW - 8 * DAY).toISOString() } }, ["gate"]],
    ["a gate at no time", { gate: { state: "green", at: "never" } }, ["gate"]],
    ["no signature", { signed: false }, ["signature"]],
    ["nothing at all", { approvals: [], gate: { state: "none", at: null }, signed: false }, ["approvals", "group", "gate", "signature"]],
  ])("is not met by %s", (_, evidence, expected) => expect(missing(evidence)).toEqual(expected));
  it("lets the author count where it says so", () => expect(missing({ approvals: [by("anna", "business"), by("dana")] }, { author: true })).toEqual([]));
  it("counts each person once, whatever order and spelling they come in", () => {
    const approval = fc.record({ person: fc.constantFrom("a", "A", "b", "c", "dana"), as: fc.constantFrom(null, "business", "operations") });
    fc.assert(fc.property(fc.array(approval, { maxLength: 6 }), (approvals) => {
      const { counted } = evaluatePolicy(production, { ...good, approvals });
      const people = new Set(approvals.map((a) => a.person.toLowerCase()));
      people.delete("dana");
      expect(counted.map((c) => c.person.toLowerCase()).sort()).toEqual([...people].sort());
    }));
  });
});

describe("policies of the configuration", () => {
  it("have defaults, and the alias' own wins over *", async () => {
    const { settings } = await resolveConfig({ approvals: SERVE_SETTINGS.approvals }, { env: {} });
    expect(readPolicies(settings.approvals)).toEqual([]);
    const policies = readPolicies({ "*": { ...production, approvals: 1 }, production, staging: { ...production, models: ["churn*"] } });
    expect(policyFor(policies, "churn", "production")?.approvals).toBe(2);
    expect(policyFor(policies, "churn-b", "staging")?.name).toBe("staging");
    expect(policyFor(policies, "fraud", "staging")?.name).toBe("*");
    expect(policyFor([], "fraud", "staging")).toBeUndefined();
  });
  it.each([{ "1": production }, { production: { ...production, groups: { "a b": 1 } } }])("refuse names that are none", (settings) => {
    expect(() => readPolicies(settings as never)).toThrow(expect.objectContaining({ code: "policy-invalid" }));
  });
});
