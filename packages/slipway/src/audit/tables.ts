// The audit log's tables. Only inserting is possible: triggers refuse everything else.

import type { Migration } from "../database/index.ts";

export const AUDIT_MIGRATIONS: readonly Migration[] = [
  {
    title: "audit: the log",
    statements: (dialect) => [
      `create table audit (
        seq bigint primary key, time text not null, actor text not null, how text not null, action text not null,
        model text, version integer, detail text not null, previous_hash text not null unique, hash text not null unique)`,
      "create index audit_by_model on audit (model, seq)",
      "create index audit_by_actor on audit (actor, seq)",
      ...(dialect === "sqlite"
        ? [
          "create trigger audit_no_update before update on audit begin select raise(abort, 'the audit log only grows'); end",
          "create trigger audit_no_delete before delete on audit begin select raise(abort, 'the audit log only grows'); end",
        ]
        : [
          "create function slipway_audit_grows() returns trigger language plpgsql as $$ begin raise exception 'the audit log only grows' using errcode = '23001'; end $$",
          "create trigger audit_no_change before update or delete or truncate on audit for each statement execute function slipway_audit_grows()",
        ]),
    ],
  },
  {
    title: "audit: entries of other registries' logs",
    statements: (dialect) => [
      `create table audit_foreign (
        hash text primary key, export text not null, seq bigint not null, time text not null, actor text not null, how text not null, action text not null,
        model text, version integer, detail text not null, previous_hash text not null, imported_at text not null, imported_by text not null)`,
      "create index audit_foreign_by_time on audit_foreign (time, hash)",
      "create index audit_foreign_by_model on audit_foreign (model, time)",
      ...(dialect === "sqlite"
        ? [
          "create trigger audit_foreign_no_update before update on audit_foreign begin select raise(abort, 'the audit log only grows'); end",
          "create trigger audit_foreign_no_delete before delete on audit_foreign begin select raise(abort, 'the audit log only grows'); end",
        ]
        : ["create trigger audit_foreign_no_change before update or delete or truncate on audit_foreign for each statement execute function slipway_audit_grows()"]),
    ],
  },
];
