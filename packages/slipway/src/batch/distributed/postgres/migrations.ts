// Runs that several processes work on, and their shards. Times are the database's own: no worker's clock matters.

import type { Migration } from "../../../database/index.ts";

export const BATCH_MIGRATIONS: readonly Migration[] = [
  {
    title: "runs and their shards",
    statements: () => [
      `create table batch_runs (
        id text primary key, folder text not null, record text not null, state text not null check (state in ('open', 'done', 'failed', 'canceled')),
        shards integer not null, done integer not null default 0, aside integer not null default 0, rows bigint not null default 0, bad bigint not null default 0,
        max_errors text not null, lease_ms integer not null, attempts integer not null,
        finish_token integer not null default 0, finish_until timestamptz, outcome text, created_at timestamptz not null default now(), ended_at timestamptz)`,
      `create index batch_runs_open on batch_runs (created_at) where state = 'open'`,
      `create table batch_shards (
        run text not null references batch_runs (id) on delete cascade, shard integer not null, state text not null default 'waiting' check (state in ('waiting', 'leased', 'done', 'aside')),
        token integer not null default 0, attempts integer not null default 0, worker text, lease_until timestamptz, reason text, part text, primary key (run, shard))`,
      `create index batch_shards_free on batch_shards (run, attempts, shard) where state in ('waiting', 'leased')`,
    ],
  },
];
