// The registry's tables. A version's row is never removed: what the audit log names stays known.

import type { Migration } from "../database/index.ts";

export const REGISTRY_MIGRATIONS: readonly Migration[] = [
  {
    title: "registry: models, versions, aliases, attachments",
    statements: () => [
      "create table models (name text primary key, description text not null, created_at text not null, created_by text not null, updated_at text not null)",
      `create table versions (
        model text not null references models (name), version integer not null, digest text not null, package_version text not null,
        created_at text not null, created_by text not null, size bigint not null, description text not null, authors text not null,
        format text not null, root_class text not null, producer text not null, source_name text not null, source_digest text not null,
        parent_version integer, training_data text, commit_id text, signature text not null, card text not null, search text not null,
        state text not null, primary key (model, version), unique (model, digest))`,
      "create index versions_by_digest on versions (digest)",
      "create index versions_by_source on versions (source_digest)",
      `create table aliases (
        model text not null, alias text not null, version integer not null, revision integer not null, updated_at text not null,
        updated_by text not null, primary key (model, alias), foreign key (model, version) references versions (model, version))`,
      "create index aliases_by_version on aliases (model, version)",
      `create table alias_history (
        model text not null, alias text not null, revision integer not null, version integer, previous integer, at text not null,
        by_whom text not null, primary key (model, alias, revision))`,
      `create table attachments (
        id text primary key, model text not null, version integer not null, kind text not null, media_type text not null, digest text not null,
        manifest_digest text not null, size bigint not null, created_at text not null, created_by text not null, summary text not null,
        foreign key (model, version) references versions (model, version))`,
      "create index attachments_by_version on attachments (model, version, kind)",
      "create index attachments_by_manifest on attachments (manifest_digest)",
      // What needs a version, beside aliases: a rollout, an experiment.
      "create table holds (model text not null, version integer not null, holder text not null, at text not null, primary key (model, version, holder))",
      // Manifests that are being stored: what is here and in no version was broken off, and is garbage after a while.
      "create table uploads (digest text primary key, model text not null, started_at text not null)",
    ],
  },
  {
    title: "registry: who brought versions and attachments from another registry",
    statements: () => ["versions", "attachments"].flatMap((table) => [`alter table ${table} add column imported_at text`, `alter table ${table} add column imported_by text`]),
  },
  {
    title: "registry: what is to be attached and is not in the store yet",
    statements: () => [
      `create table outbox (
        id text primary key, model text not null, version integer not null, kind text not null, media_type text not null, title text not null, body text not null,
        summary text not null, actor text not null, how text not null, created_at text not null, attempts integer not null, next_at text not null, error text not null)`,
    ],
  },
];
