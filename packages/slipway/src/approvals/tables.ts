// Tables of requests, decisions, comments and public keys.

import type { Migration } from "../database/index.ts";

export const APPROVAL_MIGRATIONS: readonly Migration[] = [
  {
    title: "approvals: keys, requests, decisions, comments",
    statements: () => [
      // `owner`: of a person their key (person.ts); null for a server's own key. A key that was removed is never given again.
      `create table person_keys (
        id text primary key, owner text, person text not null, label text not null, pem text not null,
        created_at text not null, created_by text not null, removed_at text, removed_by text)`,
      "create index person_keys_by_owner on person_keys (owner)",
      `create table requests (
        id text primary key, model text not null, version integer not null, digest text not null, alias text not null, state text not null,
        requested_by text not null, comment text not null, from_version integer, created_at text not null, expires_at text not null, closed_at text, closed_by text)`,
      "create unique index requests_open on requests (model, alias, version) where state = 'open'",
      "create index requests_by_state on requests (state, id)",
      "create index requests_by_version on requests (model, version)",
      `create table decisions (
        id text primary key, request text not null references requests(id), person text not null, owner text not null, decision text not null, group_name text,
        comment text, envelope text not null, key_id text not null, created_at text not null)`,
      "create index decisions_by_request on decisions (request, id)",
      "create table comments (id text primary key, request text not null references requests(id), author text not null, body text not null, created_at text not null)",
      "create index comments_by_request on comments (request, id)",
    ],
  },
  {
    title: "approvals: what came from another registry, and the number that its version had there",
    statements: () => [
      ...["person_keys", "requests", "decisions", "comments"].flatMap((table) => [`alter table ${table} add column imported_at text`, `alter table ${table} add column imported_by text`]),
      "alter table requests add column origin_version integer",
    ],
  },
];
