// What must be so before an alias may name a version, under `approvals.ALIAS` of the configuration file.

import type { Settings } from "./spec.ts";

const settings = {
  approvals: { type: "count", max: 100, default: 1, help: "how many people have to approve" },
  groups: { type: "map", keys: "groups", of: { type: "count", min: 1, max: 100, help: "how many of them" }, help: "of whom so many speak for a group; a person counts for one group only" },
  author: { type: "flag", default: false, help: "whether who offered the version counts" },
  gate: { type: "duration", min: 1000, help: "the version's last gate report is green and not older than this; no report is asked for by default" },
  signed: { type: "flag", default: false, help: "the package carries a signature by one of the trusted keys" },
  expires: { type: "duration", min: 1000, default: 1_209_600_000, help: "how long a request stays open" },
  rollback: { type: "flag", default: true, help: "whether a version that was promoted there before may be put back without a new request" },
  models: { type: "texts", help: "the models that this is for, a name or a prefix with *; all by default" },
} as const;

export const APPROVAL_SETTINGS: typeof settings = settings;
export type ApprovalSettings = Settings<typeof settings>;
