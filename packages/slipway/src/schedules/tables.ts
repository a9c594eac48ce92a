// Tables of schedules, of their runs, and of the files that good runs have seen.

import type { Migration } from "../database/index.ts";

export const SCHEDULE_MIGRATIONS: readonly Migration[] = [
  {
    title: "schedules: definitions, runs and what they have seen",
    statements: () => [
      // `watermark`: what the last good run saw. `state`: active, paused, or gone (no longer in the configuration).
      `create table schedules (
        name text primary key, definition text not null, state text not null, next_at text, watermark text, changed_at text not null, changed_by text not null)`,
      // The pair of schedule and time is there once: of several servers over one database, one makes the run. Whoever holds
      // the lease works on it. `model` and `version` are those of the first try, which later ones go on with.
      `create table schedule_runs (
        id text primary key, schedule text not null references schedules(name), due_at text not null, cause text not null, state text not null, attempt integer not null, next_at text,
        lease_owner text, lease_until text, model text, version integer, reason text, created_at text not null, created_by text not null, started_at text, ended_at text,
        rows_read bigint not null, rows_bad bigint not null, percent integer not null, output text, log text not null, summary text, unique (schedule, due_at))`,
      "create index schedule_runs_state on schedule_runs (state, schedule)",
      `create table schedule_files (
        schedule text not null references schedules(name), path text not null, bytes bigint not null, modified_ms bigint not null, sha256 text not null, run text not null, primary key (schedule, path, sha256))`,
    ],
  },
  {
    title: "schedules: what a run's first try chose to score",
    statements: () => ["alter table schedule_runs add column selection text"],
  },
];
