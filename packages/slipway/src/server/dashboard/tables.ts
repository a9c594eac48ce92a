// Tables of signing in. Whatever lets somebody in is kept as its SHA-256 only: who reads the database, or a copy of it,
// cannot sign in with what stands there.

import type { Migration } from "../../database/index.ts";

export const DASHBOARD_MIGRATIONS: readonly Migration[] = [
  {
    title: "dashboard: sessions, sign-ins under way, one-time links",
    statements: () => [
      "create table sessions (token_hash text primary key, holder text not null, created_at text not null, expires_at text not null)",
      "create index sessions_by_end on sessions (expires_at)",
      "create table sign_ins (state_hash text primary key, browser_hash text not null, verifier text not null, nonce text not null, return_to text not null, redirect_uri text not null, expires_at text not null)",
      "create table sign_in_links (code_hash text primary key, holder text not null, expires_at text not null)",
    ],
  },
];
