// The table of trainings. One of a model at a time is open.

import type { Migration } from "../database/index.ts";

export const RETRAIN_MIGRATIONS: readonly Migration[] = [
  {
    title: "retrain: trainings",
    statements: () => [
      `create table retrains (
        id text primary key, model text not null, alias text not null, cause text not null, evidence text not null, state text not null, reason text not null,
        parent integer, version integer, request text, rollout text, output text not null, attempts integer not null, worker text, lease_until text,
        created_at text not null, created_by text not null, ended_at text)`,
      "create unique index retrains_open on retrains (model) where ended_at is null",
      "create index retrains_by_model on retrains (model, id)",
      // Since when the server knows that a model is to be trained anew: a schedule begins there.
      "create table retrain_models (model text primary key, since text not null)",
    ],
  },
  {
    title: "retrain: what happened, what a training was given, triggers that are held back",
    statements: () => [
      "create table retrain_events (retrain text not null references retrains(id), seq integer not null, at text not null, state text not null, actor text not null, text text not null, primary key (retrain, seq))",
      // See given.ts and held.ts; JSON.
      "alter table retrains add column given text",
      "alter table retrain_models add column held text",
    ],
  },
];
