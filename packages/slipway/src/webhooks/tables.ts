// Tables of webhooks and of what was delivered.

import type { Migration } from "../database/index.ts";

export const WEBHOOK_MIGRATIONS: readonly Migration[] = [
  {
    title: "webhooks: destinations and deliveries",
    statements: () => [
      // `position`: the last entry of the audit log that is done with. The secret is sealed (secret-box.ts): signing needs it as it is.
      `create table webhooks (
        id text primary key, url text not null, events text not null, models text, description text not null, secret text not null, state text not null, note text not null,
        position bigint not null, failures integer not null, failing_since text, next_at text, lease_owner text, lease_until text, created_at text not null, created_by text not null)`,
      `create table deliveries (
        id text primary key, webhook text not null references webhooks(id), seq bigint not null, event text not null, state text not null, attempts integer not null,
        history text not null, created_at text not null, delivered_at text, unique (webhook, seq))`,
    ],
  },
  {
    title: "webhooks: the secret before, for a while beside the new one",
    statements: () => ["alter table webhooks add column old_secret text", "alter table webhooks add column old_until text"],
  },
];
