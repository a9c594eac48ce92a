// Tables of rollouts. A row of `rollouts` is the desired state that every replica follows; `revision` grows with each change
// of it. Replicas write what they counted in a row of their own, so that nothing is lost or counted twice when one is killed.

import type { Migration } from "../database/index.ts";

export const ROLLOUT_MIGRATIONS: readonly Migration[] = [
  {
    title: "rollouts",
    statements: () => [
      `create table rollouts (
        id text primary key, model text not null, alias text not null, baseline integer not null, candidate integer not null, plan text not null, comment text not null,
        state text not null, stage integer not null, stage_since text not null, revision integer not null, judged text not null, findings text not null, verdict text not null, bins text,
        leader text, lease_until text, created_at text not null, created_by text not null, how text not null, ended_at text, reason text not null)`,
      "create unique index rollouts_open on rollouts (model) where state in ('running', 'paused')",
      "create index rollouts_by_state on rollouts (state, ended_at)",
      "create index rollouts_by_model on rollouts (model, id)",
      `create table rollout_replicas (
        rollout text not null references rollouts(id), replica text not null, seen_at text not null, revision integer not null, ready integer not null, problem text, lag_ms integer, counts text not null,
        primary key (rollout, replica))`,
      "create table rollout_events (rollout text not null references rollouts(id), seq integer not null, at text not null, kind text not null, stage integer not null, actor text not null, text text not null, detail text not null, primary key (rollout, seq))",
      "create table rollout_samples (rollout text not null references rollouts(id), seq integer not null, at text not null, figures text not null, primary key (rollout, seq))",
    ],
  },
  {
    title: "rollouts: who ended one, and returns to the version before",
    statements: () => [
      "alter table rollouts add column ended_by text",
      "create table rollout_returns (id text primary key, model text not null, alias text not null, from_version integer not null, to_version integer not null, rollout text, at text not null, actor text not null, reason text not null)",
      "create index rollout_returns_by_model on rollout_returns (model, id)",
    ],
  },
  {
    title: "rollouts: what both versions answered, until labels come",
    statements: () => [
      "create table rollout_pairs (rollout text not null references rollouts(id), ref text not null, canary text not null, baseline text not null, primary key (rollout, ref))",
    ],
  },
];
